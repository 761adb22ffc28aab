"""What `doctor` says of the last check: on which day the function last found that it may do all that a run needs."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from ebs_backup.names import CHECK_PASSED, NAMESPACE
from ebs_backup.settings import Settings
from ebs_backup_cli.aws.stack import Stack
from ebs_backup_cli.doctor.findings import Finding, good, look
from ebs_backup_cli.terminal.words import day, several

SEEN = timedelta(days=400)  # CloudWatch keeps the metric for 455
DAY = timedelta(days=1)
OLD = timedelta(days=120)
ADVICE = "Run `ebs-backup check`: it changes nothing, and sends a test mail."


def last_check(of: Stack, settings: Settings, now: datetime) -> Iterator[Finding]:
    """Look for the last day on which a check passed."""
    answer = of.client("cloudwatch").get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName=CHECK_PASSED,
        Dimensions=[{"Name": "set", "Value": settings.backup_set}],
        StartTime=now - SEEN,
        EndTime=now + DAY,
        Period=int(DAY.total_seconds()),
        Statistics=["Sum"],
    )
    well = [point["Timestamp"] for point in answer["Datapoints"] if point["Sum"]]
    if not well:
        yield look("check", f"none passed in the last {SEEN.days} days", ADVICE)
        return
    newest = max(well)
    ago = max(0, (now - newest).days)
    text = f"last passed on {day(newest)}, {several(ago, 'day')} ago"
    yield look("check", text, ADVICE) if now - newest > OLD else good("check", text)
