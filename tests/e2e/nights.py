"""The nights of the default day rule: Monday to Friday, so that each is an occasion of its own."""

from datetime import datetime, timedelta
from typing import Any

from emulator.account import DeployedFunction, EmulatedAccount


def night(monday: datetime, number: int) -> datetime:
    """Return the `number`-th firing from a Monday's on; weekends have none."""
    return monday + timedelta(weeks=number // 5, days=number % 5)


def written(time: datetime) -> str:
    """Return a time as EventBridge writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def run_nights(
    account: EmulatedAccount, function: DeployedFunction, monday: datetime, count: int, *, first: int = 0
) -> list[dict[str, Any]]:
    """Send the day rule's event of so many nights, each at its time by the emulator's clock; return the answers."""
    return [
        run_at(account, function, night(monday, number), period="day")
        for number in range(first, first + count)
    ]


def run_at(
    account: EmulatedAccount, function: DeployedFunction, time: datetime, **event: object
) -> dict[str, Any]:
    """Send an event with its scheduled time, a second after it."""
    account.emulator.clock.set(time + timedelta(seconds=1))
    return function.run(time=written(time), **event)
