"""EventBridge cron expressions, as AWS reads them: whether one is valid, and when it fires. Pure.

Source: EventBridge User Guide, "Setting a schedule pattern for scheduled rules".
"""

import re
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
LONGEST = 256 - len("cron()")  # EventBridge takes 256 characters (botocore's ScheduleExpression)
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One of the six fields: its numbers and names, and the special forms (a regex) that each are a whole field.

    `steps` says that it takes `/`. `wraps` says that it takes a range over its end, such as AWS's own example `20-2` in
    the hours.
    """

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    special: str = r"(?!)"
    steps: bool = True
    wraps: bool = True

    def takes(self, text: str) -> bool:
        """Return whether EventBridge takes this text in this field."""
        special = re.fullmatch(self.special, text, re.IGNORECASE)
        return bool(special) or all(self._takes(item) for item in text.split(","))

    def _takes(self, item: str) -> bool:
        base, slash, step = item.partition("/")
        if slash and not (self.steps and step.isascii() and step.isdecimal() and 1 <= int(step) <= self.high):
            return False
        if base == "*":
            return True
        first, _, last = base.partition("-")
        ends = self._number(first), self._number(last if "-" in base else first)
        return ends[0] is not None and ends[1] is not None and (self.wraps or ends[0] <= ends[1])

    def values(self, text: str) -> frozenset[int]:
        """Return the numbers that a checked text means; it has no special form."""
        return frozenset(number for item in text.split(",") for number in self._run(item))

    def _run(self, item: str) -> list[int]:
        base, slash, step = item.partition("/")
        numbers = [number for end in base.split("-") if (number := self._number(end)) is not None]
        first, last = (numbers[0], numbers[-1]) if numbers else (self.low, self.high)
        if slash and len(numbers) == 1:  # 5/10 means every tenth, beginning with 5
            last = self.high
        if first <= last:
            return list(range(first, last + 1))[:: int(step or 1)]
        return [*range(first, self.high + 1), *range(self.low, last + 1)][:: int(step or 1)]

    def _number(self, text: str) -> int | None:
        if text.upper() in self.names:
            return self.low + self.names.index(text.upper())
        if text.isascii() and text.isdecimal() and self.low <= int(text) <= self.high:
            return int(text)
        return None


FIELDS = MINUTES, HOURS, DAY, MONTH, WEEKDAY, YEAR = (
    Field(name="minutes", low=0, high=59),
    Field(name="hours", low=0, high=23),
    Field(name="day-of-month", low=1, high=31, special=r"\?|L|([1-9]|[12]\d|3[01])W"),
    Field(name="month", low=1, high=12, names=MONTHS),
    Field(
        name="day-of-week",
        low=1,
        high=7,
        names=WEEKDAYS,
        special=rf"\?|L|([1-7]|{'|'.join(WEEKDAYS)})(L|#[1-5])",
        steps=False,
    ),
    Field(name="year", low=1970, high=2199, wraps=False),
)


def can_fire(expression: str) -> bool:
    """Return whether EventBridge takes this expression (without its `cron( )`)."""
    texts = expression.split()
    if len(expression) > LONGEST or len(texts) != len(FIELDS):
        return False
    one_day = (texts[2] == "?") != (texts[4] == "?")
    return one_day and all(field.takes(text) for field, text in zip(FIELDS, texts, strict=True))


def instants(expression: str, *, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield, in order, the times at which a checked expression fires, from `start` and before `end` (both UTC)."""
    _, _, day, month, weekday, year = expression.upper().split()
    times, months, years = _times(expression), MONTH.values(month), YEAR.values(year)
    for past in range((end.date() - start.date()).days + 1):
        on = start.date() + timedelta(days=past)
        if on.year in years and on.month in months and _is_day(on, day) and _is_weekday(on, weekday):
            firings = (datetime.combine(on, at) for at in times)
            yield from (instant for instant in firings if start <= instant < end)


def latest(expression: str, *, at: datetime) -> datetime | None:
    """Return the last firing of a checked expression at or before a time (UTC), or None before its first firing.

    Looks back 40 years at most: a schedule such as 29 February on a Sunday pauses for that long.
    """
    times = _times(expression)
    passed = bisect_right(times, at.timetz())
    on = _latest_day(expression, at.date() if passed else at.date() - timedelta(days=1))
    if on is None:
        return None
    return datetime.combine(on, times[passed - 1] if on == at.date() else times[-1])


@lru_cache(maxsize=64)
def _times(expression: str) -> tuple[time, ...]:
    minutes, hours, *_ = expression.split()
    return tuple(
        time(hour, minute, tzinfo=UTC)
        for hour in sorted(HOURS.values(hours))
        for minute in sorted(MINUTES.values(minutes))
    )


@lru_cache(maxsize=4096)
def _latest_day(expression: str, until: date) -> date | None:
    """Return the last day on which it fires, at or before this one."""
    _, _, day, month, weekday, year = expression.upper().split()
    months, years = MONTH.values(month), YEAR.values(year)
    on, first = until, date(max(min(years), until.year - 40), 1, 1)
    while on >= first:
        if on.year not in years:
            on = date(on.year, 1, 1) - timedelta(days=1)
        elif on.month not in months:
            on = on.replace(day=1) - timedelta(days=1)
        elif _is_day(on, day) and _is_weekday(on, weekday):
            return on
        else:
            on -= timedelta(days=1)
    return None


def _is_day(on: date, text: str) -> bool:
    last = monthrange(on.year, on.month)[1]
    if text == "L":
        return on.day == last
    if text.endswith("W"):
        return on.day == _nearest_weekday(on, int(text[:-1]), last)
    return text == "?" or on.day in DAY.values(text)


def _nearest_weekday(on: date, day: int, last: int) -> int | None:
    """Return the Monday to Friday nearest to this day, in the same month; None if the month has no such day."""
    if day > last:
        return None
    weekday = on.replace(day=day).isoweekday()
    if weekday == 6:
        return day - 1 if day > 1 else day + 2
    if weekday == 7:
        return day + 1 if day < last else day - 2
    return day


def _is_weekday(on: date, text: str) -> bool:
    number = on.isoweekday() % 7 + 1  # AWS counts from Sunday
    name, nth, which = text.partition("#")
    if nth:
        return number in WEEKDAY.values(name) and (on.day - 1) // 7 + 1 == int(which)
    if text == "L":
        return number == WEEKDAY.high  # the last day of the week
    if text.endswith("L"):
        last = monthrange(on.year, on.month)[1]
        return number in WEEKDAY.values(text[:-1]) and on.day + 7 > last
    return text == "?" or number in WEEKDAY.values(text)
