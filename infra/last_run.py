"""The alarms on what the newest run said, so that a pager works although nobody reads the mails."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from ebs_backup.names import OVERDUE, RUNS_FAILED, Period
from infra.commands import invoke
from infra.metrics import by_period, of_set
from infra.settings.stack_settings import StackSettings

FIVE_MINUTES = Duration.minutes(5)


def last_run_alarms(
    scope: Construct, settings: StackSettings, *, function: lambda_.Function, what: str
) -> list[cloudwatch.Alarm]:
    """Create an alarm on a run that backed up nothing, and one on overdue volumes for each period that is not off."""
    return [
        _nothing_backed_up(scope, settings, function=function, what=what),
        *(_overdue(scope, settings, period, function=function, what=what) for period in settings.periods),
    ]


def _nothing_backed_up(
    scope: Construct, settings: StackSettings, *, function: lambda_.Function, what: str
) -> cloudwatch.Alarm:
    region = Stack.of(scope).region
    again = invoke(region=region, function=function.function_name, event={"period": "PERIOD"})
    why = _log(function, region, '?FAILED ?"cannot be used"')
    return _as_the_last_run_said(
        scope,
        "NothingBackedUp",
        metric=of_set(RUNS_FAILED, settings, per=FIVE_MINUTES, statistic="Maximum"),
        text=f"{what}: a run backed up nothing (status FAILED). Perhaps no volume has the tag any more, or EC2 refused every"
        f" snapshot. Read why, and which PERIOD it was: {why} ."
        f" Fix what it names, then back up: {again} . This alarm turns green with the next run of all volumes that backs"
        " one up. If somebody sent an event with a typing error by hand just now, nothing is lost, and there is nothing"
        " to do.",
    )


def _overdue(
    scope: Construct, settings: StackSettings, period: Period, *, function: lambda_.Function, what: str
) -> cloudwatch.Alarm:
    region = Stack.of(scope).region
    again = invoke(region=region, function=function.function_name, event={"period": period.value})
    which = _log(function, region, '"run done"')
    return _as_the_last_run_said(
        scope,
        f"Overdue{period.capitalize()}",
        metric=by_period(OVERDUE, settings, period, statistic="Maximum", per=FIVE_MINUTES),
        text=f"{what}: a volume's newest completed snapshot of period {period} is older than {settings.max_age(period)} days"
        f" (max_age_{period}), or it has none. See which volumes, and what failed:"
        f" {which} . Look under overdue and failures, and fix what they name."
        f" Then back up: {again} . This alarm turns green with the first run, of any period, after those snapshots"
        " are completed.",
    )


def _log(function: lambda_.Function, region: str, words: str) -> str:
    """Return the command that reads what the newest runs said; runs pause for up to a few days."""
    return f"aws logs tail {function.log_group.log_group_name} --region {region} --since 4d --filter-pattern '{words}'"


def _as_the_last_run_said(
    scope: Construct, name: str, *, metric: cloudwatch.IMetric, text: str
) -> cloudwatch.Alarm:
    """Create an alarm that is red from a run that counts one or more until a run that counts none.

    Runs come a few times a week. CloudWatch looks back seven days at most, so it cannot always see the newest run. So
    no data changes nothing: each run's point sets the state, and the state stays until the next run's point. Before
    the first run there is no state yet, which is not red. The period is short, so that a good run soon after a bad one
    has a period of its own. If they share one, the bad run counts until the next run.
    """
    return cloudwatch.Alarm(
        scope,
        name,
        metric=metric,
        threshold=1,
        evaluation_periods=1,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.IGNORE,
        alarm_description=text,
    )
