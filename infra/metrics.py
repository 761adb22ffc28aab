"""The function's metrics, as alarms and dashboard read them."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from ebs_backup.names import COMPLETED, NAMESPACE, Period
from ebs_backup.settings import Settings

DAY = Duration.days(1)


def completed(settings: Settings, *, per: Duration) -> cloudwatch.Metric:
    """Return the metric that counts completed runs of any period."""
    return of_set(COMPLETED, settings, per=per, statistic="Sum")


def of_set(name: str, settings: Settings, *, per: Duration, statistic: str) -> cloudwatch.Metric:
    """Return one of the metrics that a run of any period emits by set alone."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"set": settings.backup_set},
        statistic=statistic,
        period=per,
    )


def by_period(
    name: str, settings: Settings, period: Period, *, statistic: str, per: Duration = DAY
) -> cloudwatch.Metric:
    """Return one of the other metrics, by day if nothing else is said."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"set": settings.backup_set, "period": period.value},
        statistic=statistic,
        period=per,
    )
