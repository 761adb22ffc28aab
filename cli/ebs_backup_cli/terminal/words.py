"""How the command writes dates and counts, in the terminal and in pictures alike."""

from collections.abc import Mapping
from datetime import date

from ebs_backup.names import Period

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def month(on: date) -> str:
    """Return `Nov`, in any locale."""
    return MONTHS[on.month - 1]


def day(on: date) -> str:
    """Return `30 Nov 2026`."""
    return f"{on.day} {month(on)} {on.year}"


def short(on: date, beside: date) -> str:
    """Return `30 Nov`, with its year if the other day is in another year."""
    return f"{on.day} {month(on)}" if on.year == beside.year else day(on)


def several(number: int, noun: str) -> str:
    """Return `1 week`, `4 weeks`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def keeps(counts: Mapping[Period, int]) -> str:
    """Return `4 days, 4 weeks and 3 months`."""
    *others, last = (several(number, period) for period, number in counts.items())
    return " and ".join(part for part in (", ".join(others), last) if part)


def holdings(counts: Mapping[Period, int]) -> str:
    """Return `11 snapshots: 4 days, 4 weeks, 3 months`."""
    by_period = ", ".join(several(number, period) for period, number in counts.items())
    return f"{several(sum(counts.values()), 'snapshot')}: {by_period}"
