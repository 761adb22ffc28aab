"""The week that most of these tests run in: its nights, by number."""

from datetime import UTC, datetime

from emulator.account import DeployedFunction, EmulatedAccount
from tests.e2e import nights
from tests.e2e.nights import written

MONDAY = datetime(2027, 3, 8, 1, 30, tzinfo=UTC)  # in this week no month begins


def night(number: int) -> str:
    """Return the scheduled time of the `number`-th night as EventBridge writes it."""
    return written(nights.night(MONDAY, number))


def run_nights(
    account: EmulatedAccount, function: DeployedFunction, count: int, *, first: int = 0
) -> list[dict[str, object]]:
    return nights.run_nights(account, function, MONDAY, count, first=first)


def runs(account: EmulatedAccount, volume: str) -> set[str | None]:
    """Return the runs that the volume has snapshots of."""
    return {snapshot["Tags"].get("ebs-backup:run") for snapshot in account.snapshots(volume)}
