"""Why a schedule is refused, and the EventBridge expression of a crontab line. Pure.

Source: EventBridge User Guide, "Setting a schedule pattern for scheduled rules".
"""

import re

from ebs_backup.cron import FIELDS, LONGEST, WEEKDAYS, can_fire

SHAPE = "six fields (minutes hours day-of-month month day-of-week year, UTC), such as '30 1 ? * MON-FRI *'"


def refusal(expression: str) -> str | None:
    """Return why EventBridge would refuse this expression (without its `cron( )`), or None if it takes it."""
    fields = expression.split()
    if len(" ".join(fields)) > LONGEST:
        return f"it is longer than {LONGEST} characters"
    if len(fields) == 5:
        return _crontab_refusal(fields)
    if len(fields) != len(FIELDS):
        return f"it has {len(fields)} fields"
    for field, text in zip(FIELDS, fields, strict=True):
        if not field.takes(text):
            return f"its {field.name} cannot be {text[:40]!r}"
    if (fields[2] == "?") == (fields[4] == "?"):
        return "exactly one of its day-of-month and day-of-week must be '?'"
    return None


def _crontab_refusal(fields: list[str]) -> str:
    translated = _from_crontab(*fields)
    if translated is None or not can_fire(translated):
        return "it has five fields, like a crontab line, but no single EventBridge expression means the same"
    return f"it is a five-field crontab line; in EventBridge that is '{translated}'"


def _from_crontab(minute: str, hour: str, day: str, month: str, weekday: str) -> str | None:
    """Return the EventBridge expression; None if crontab means "either day", or if the weekday is wrong."""
    if weekday == "*":
        return f"{minute} {hour} {day} {month} ? *"
    items = [_weekday_from_crontab(item) for item in weekday.split(",")]
    days = [item for item in items if item]
    if day != "*" or len(days) < len(items):
        return None
    return f"{minute} {hour} ? {month} {','.join(days)} *"


def _weekday_from_crontab(item: str) -> str | None:
    """Translate `1-5` to `MON-FRI`: crontab counts from Sunday = 0 (or 7), EventBridge from Sunday = 1."""
    day = r"[0-7]|[a-z]{3}"
    match = re.fullmatch(rf"(?:({day})|(?:\*|({day})-({day}))(?:/([1-7]))?)", item, re.IGNORECASE)
    if match is None:
        return None
    first, last = _crontab_number(match[1] or match[2] or "0"), _crontab_number(match[1] or match[3] or "6")
    if first is None or last is None or first > last:
        return None
    if match[3] and not match[4] and last < len(WEEKDAYS):
        return f"{WEEKDAYS[first]}-{WEEKDAYS[last]}"
    days = (WEEKDAYS[number % 7] for number in range(first, last + 1, int(match[4] or 1)))
    return ",".join(dict.fromkeys(days))


def _crontab_number(text: str) -> int | None:
    if text.upper() in WEEKDAYS:
        return WEEKDAYS.index(text.upper())
    return int(text) if text.isdecimal() else None
