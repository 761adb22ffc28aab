"""What `doctor` says of the last check: on which day the function last found that it may do all that a run needs."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from ebs_backup.names import CHECK_PASSED
from ebs_backup_cli.aws.stack import Stack
from ebs_backup_cli.doctor.findings import Finding, good, look
from ebs_backup_cli.terminal.words import day, several

SEEN = timedelta(days=400)  # CloudWatch keeps the metric for 455
DAY = timedelta(days=1)
OLD = timedelta(days=120)
ADVICE = "Run `ebs-backup check`: it changes nothing, and sends a test mail."


def last_check(of: Stack, now: datetime) -> Iterator[Finding]:
    """Look for the last day on which a check passed."""
    counted = of.sums(CHECK_PASSED, since=now - SEEN, until=now + DAY, step=DAY)
    well = [point["Timestamp"] for point in counted if point["Sum"]]
    if not well:
        yield look("check", f"none passed in the last {SEEN.days} days", ADVICE)
        return
    newest = max(well)
    ago = max(0, (now - newest).days)
    text = f"last passed on {day(newest)}, {several(ago, 'day')} ago"
    yield look("check", text, ADVICE) if now - newest > OLD else good("check", text)
