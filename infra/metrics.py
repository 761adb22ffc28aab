"""The function's metrics, as alarms and dashboard read them."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from ebs_backup.names import COMPLETED, NAMESPACE, Period
from ebs_backup.settings import Settings


def completed(settings: Settings, *, per: Duration) -> cloudwatch.Metric:
    """Return the metric that counts completed runs of any period."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=COMPLETED,
        dimensions_map={"set": settings.backup_set},
        statistic="Sum",
        period=per,
    )


def by_period(name: str, settings: Settings, period: Period, *, statistic: str) -> cloudwatch.Metric:
    """Return one of the other metrics, by day."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"set": settings.backup_set, "period": period.value},
        statistic=statistic,
        period=Duration.days(1),
        label=period.value,
    )
