"""The dashboard: a year of one set's backups at a glance, worst first."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from ebs_backup.names import CREATED, EXPIRED, FAILURES, OVERDUE, SECONDS, SELECTED
from ebs_backup.settings import Settings
from infra.metrics import by_period, completed

YEAR = Duration.days(365)  # CloudWatch keeps metrics for 15 months
DAY = Duration.days(1)
WIDTH, HALF = 24, 12  # CloudWatch's grid has 24 columns

# What is drawn of each metric in a day; VolumesOverdue comes with every run, of whatever period.
PLOTS = (
    ("Overdue volumes", OVERDUE, "Maximum"),
    ("Failures", FAILURES, "Sum"),
    ("Snapshots created", CREATED, "Sum"),
    ("Snapshots expired", EXPIRED, "Sum"),
    ("Volumes selected", SELECTED, "Maximum"),
    ("Seconds a run took", SECONDS, "Maximum"),
)


def dashboard(
    scope: Construct, settings: Settings, *, function: lambda_.IFunction, alarms: list[cloudwatch.Alarm]
) -> None:
    """Make the dashboard; an account has one list of them for all regions, so the name holds the region."""
    region = Stack.of(scope).region
    title = f"EBS backup of set {settings.backup_set}, {region}"
    board = cloudwatch.Dashboard(
        scope,
        "Dashboard",
        dashboard_name=f"ebs-backup-{settings.backup_set}-{region}",
        default_interval=YEAR,
    )
    board.add_widgets(cloudwatch.AlarmStatusWidget(title=title, alarms=alarms, width=WIDTH, height=3))
    plots = [
        _plot(what, [by_period(name, settings, period, statistic=statistic) for period in settings.periods])
        for what, name, statistic in PLOTS
    ]
    for left, right in zip(plots[::2], plots[1::2], strict=True):
        board.add_widgets(left, right)
    board.add_widgets(
        _plot("Heartbeat: runs that came to their end", [completed(settings, per=DAY).with_(label="runs")]),
        _plot(
            "Errors of the function",
            [function.metric_errors(period=DAY, statistic="Sum").with_(label="errors")],
        ),
    )


def _plot(title: str, metrics: list[cloudwatch.Metric]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=metrics,
        width=HALF,
        height=5,
        left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False),
    )
