"""EventBridge cron expressions: checked as AWS reads them, and a crontab line translated.

Source: EventBridge User Guide, "Setting a schedule pattern for scheduled rules".
"""

import re
from dataclasses import dataclass

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
SHAPE = "six fields (minutes hours day-of-month month day-of-week year, UTC), such as '30 1 ? * MON-FRI *'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One of the six fields: the numbers it takes, names for them, and forms of its own (a regex)."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    special: str = r"(?!)"

    def refuses(self, text: str) -> str | None:
        """Say what is wrong with this field's text, or None."""
        wrong = next((item for item in text.split(",") if not self._takes(item)), None)
        return None if wrong is None else f"its {self.name} cannot be '{wrong}'"

    def _takes(self, item: str) -> bool:
        if re.fullmatch(self.special, item, re.IGNORECASE):
            return True
        base, slash, step = item.partition("/")
        if slash and not (step.isascii() and step.isdecimal() and 1 <= int(step) <= self.high):
            return False
        if base == "*":
            return True
        numbers = [self._number(end) for end in base.split("-", 1)]
        return None not in numbers and numbers == sorted(numbers, key=lambda number: number or 0)

    def _number(self, text: str) -> int | None:
        if text.upper() in self.names:
            return self.low + self.names.index(text.upper())
        if text.isascii() and text.isdecimal() and self.low <= int(text) <= self.high:
            return int(text)
        return None


FIELDS = (
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
    ),
    Field(name="year", low=1970, high=2199),
)


def refusal(expression: str) -> str | None:
    """Say why EventBridge would refuse this expression (without its `cron( )`), or None if it takes it."""
    fields = expression.split()
    if len(fields) == 5:
        return _crontab_refusal(fields)
    if len(fields) != len(FIELDS):
        return f"it has {len(fields)} fields"
    for field, text in zip(FIELDS, fields, strict=True):
        if wrong := field.refuses(text):
            return wrong
    if (fields[2] == "?") == (fields[4] == "?"):
        return "exactly one of its day-of-month and day-of-week must be '?'"
    return None


def _crontab_refusal(fields: list[str]) -> str:
    translated = _from_crontab(*fields)
    if translated is None or refusal(translated):
        return "it is a five-field crontab line that no single EventBridge expression equals"
    return f"it is a five-field crontab line; in EventBridge that is '{translated}'"


def _from_crontab(minute: str, hour: str, day: str, month: str, weekday: str) -> str | None:
    """Translate a crontab line; None where crontab means "either day" or this is no weekday."""
    if weekday == "*":
        return f"{minute} {hour} {day} {month} ? *"
    items = [_weekday_from_crontab(item) for item in weekday.split(",")]
    if day != "*" or None in items:
        return None
    return f"{minute} {hour} ? {month} {','.join(filter(None, items))} *"


def _weekday_from_crontab(item: str) -> str | None:
    """Translate `1-5` to `MON-FRI`: crontab counts from Sunday = 0 (or 7), EventBridge from Sunday = 1."""
    match = re.fullmatch(r"(\*|[0-7]|[a-z]{3})(?:-([0-7]|[a-z]{3}))?(?:/([1-7]))?", item, re.IGNORECASE)
    ends = [_crontab_number(end) for end in (match[1], match[2] or match[1])] if match else [None]
    if match is None or None in ends:
        return None
    first, last = (0, 6) if match[1] == "*" else (ends[0] or 0, ends[-1] or 0)
    days = range(first, last + 1, int(match[3] or 1))
    if match[2] and not match[3] and last < len(WEEKDAYS):
        return f"{WEEKDAYS[first]}-{WEEKDAYS[last]}" if days else None
    return ",".join(WEEKDAYS[number % 7] for number in days) or None


def _crontab_number(text: str) -> int | None:
    if text.upper() in WEEKDAYS:
        return WEEKDAYS.index(text.upper())
    return 0 if text == "*" else int(text) if text.isdecimal() else None
