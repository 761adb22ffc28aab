"""The dashboard: the alarms, what to do about them, and a year of one set's backups, worst first."""

from aws_cdk import Duration, Stack, Token
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk.region_info import RegionInfo
from constructs import Construct

from ebs_backup.names import CREATED, EXPIRED, FAILURES, OVERDUE, RUNS_FAILED, SELECTED, SUBSCRIBERS, Period
from ebs_backup.settings import Settings
from infra.metrics import DAY, by_period, completed, of_set

YEAR = Duration.days(365)  # CloudWatch keeps metrics for 15 months
WIDTH, HALF = 24, 12  # CloudWatch's grid has 24 columns

CONSOLES = {"aws-cn": "amazonaws.cn", "aws-us-gov": "amazonaws-us-gov.com"}

# The daily statistic of each metric; every run of any period emits VolumesOverdue.
PLOTS = (
    ("Overdue volumes", OVERDUE, "Maximum"),
    ("Failures", FAILURES, "Sum"),
    ("Snapshots created", CREATED, "Sum"),
    ("Snapshots expired", EXPIRED, "Sum"),
    ("Volumes selected", SELECTED, "Maximum"),
)
RUNS, LISTENERS = "Runs", "Subscribers"
# What a person sees (titles of plots, or the alarms) and what to do about it. {log} is the name of the log group.
WHAT_TO_DO = {
    "Overdue volumes, Failures": "The newest mail names each volume and says what to do.",
    "Volumes selected": "Fewer than before? A tag was removed, or a volume is gone: the mail lists what is no longer backed up.",
    "Snapshots expired": "More than before? A keep count was lowered, and older snapshots go, some with each run.",
    "Subscribers": "None? Nobody gets the mails. Subscribe an address again and confirm it: until then no run counts as completed.",
    "Alarms, Runs": "Each [alarm](#alarmsV2:) says what to do. The reason is in the [log](#logsV2:log-groups/log-group/{log}).",
}


def dashboard(
    scope: Construct, settings: Settings, *, function: lambda_.Function, alarms: list[cloudwatch.Alarm]
) -> None:
    """Create the dashboard."""
    region = Stack.of(scope).region
    title = f"EBS backup of set {settings.backup_set}, {region}"
    board = cloudwatch.Dashboard(
        scope,
        "Dashboard",
        dashboard_name=_name(Stack.of(scope), settings),
        default_interval=YEAR,
    )
    board.add_widgets(cloudwatch.AlarmStatusWidget(title=title, alarms=alarms, width=WIDTH, height=4))
    text = _what_to_do(function.log_group.log_group_name)
    board.add_widgets(cloudwatch.TextWidget(markdown=text, width=WIDTH, height=6))
    plots = [
        _plot(what, [_by_period(settings, name, period, statistic) for period in settings.periods])
        for what, name, statistic in PLOTS
    ]
    errors = function.metric_errors(period=DAY, statistic="Sum").with_(label="errors of the function")
    well = completed(settings, per=DAY).with_(label="runs completed")
    failed = of_set(RUNS_FAILED, settings, per=DAY, statistic="Sum").with_(
        label="runs that backed up nothing"
    )
    listeners = of_set(SUBSCRIBERS, settings, per=DAY, statistic="Minimum").with_(label="who get the mails")
    plots += [_plot(RUNS, [well, failed, errors]), _plot(LISTENERS, [listeners])]
    for first in range(0, len(plots), 2):
        board.add_widgets(*plots[first : first + 2])


def _by_period(settings: Settings, name: str, period: Period, statistic: str) -> cloudwatch.Metric:
    return by_period(name, settings, period, statistic=statistic).with_(label=period.value)


def _what_to_do(log_group: str) -> str:
    rows = (f"| **{seen}** | {then.format(log=log_group)} |" for seen, then in WHAT_TO_DO.items())
    return "\n".join(("| you see | what to do |", "|---|---|", *rows))


def _name(stack: Stack, settings: Settings) -> str:
    """Return the dashboard's name; an account has one list of them for all regions, so the name holds the region."""
    return f"ebs-backup-{settings.backup_set}-{stack.region}"


def address(stack: Stack, settings: Settings) -> str:
    """Return where the AWS console shows the dashboard; each partition has a domain of its own."""
    region = stack.region
    partition = None if Token.is_unresolved(region) else RegionInfo.get(region).partition
    domain = CONSOLES.get(partition or "", "aws.amazon.com")
    page = f"https://{region}.console.{domain}/cloudwatch/home?region={region}"
    return f"{page}#dashboards/dashboard/{_name(stack, settings)}"


def _plot(title: str, metrics: list[cloudwatch.Metric]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=metrics,
        width=HALF,
        height=5,
        left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False),
    )
