"""When the demo's runs begin: enough months, Saturdays and weekdays to see each period rotate with the defaults."""

from dataclasses import dataclass
from datetime import UTC, datetime

from ebs_backup.names import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """One firing of one default schedule."""

    period: Period
    time: datetime

    def __str__(self) -> str:
        return f"{self.period} rule, {self.time:%a %Y-%m-%d %H:%M}Z"


def _month(month: int) -> Occasion:
    return Occasion(period=Period.MONTH, time=datetime(2027, month, 1, 3, 30, tzinfo=UTC))


def _week(month: int, day: int) -> Occasion:
    return Occasion(period=Period.WEEK, time=datetime(2027, month, day, 2, 30, tzinfo=UTC))


def _day(month: int, day: int) -> Occasion:
    return Occasion(period=Period.DAY, time=datetime(2027, month, day, 1, 30, tzinfo=UTC))


# More of each period than the defaults keep, and none so late that a volume is overdue at the end.
BY_RULES = (
    *(_month(month) for month in (1, 2, 3)),
    *(_week(3, day) for day in (6, 13, 20, 27)),
    _month(4),
    _week(4, 3),
    *(_day(4, day) for day in (5, 6, 7, 8, 9)),
    _week(4, 10),
    _day(4, 12),
)
BY_HAND = datetime(2027, 4, 12, 15, 0, tzinfo=UTC)  # an extra run, before something risky
THE_NIGHT_AFTER = _day(4, 13)
AFTER_A_FAILURE = _day(4, 14)
AFTER_A_STRANGER = _day(4, 15)
A_WEEK_LATER = _day(4, 22)  # nothing ran on the days between
