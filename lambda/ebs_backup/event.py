"""The event: what a rule, or a person, asks the function to do, checked before anything is done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ebs_backup.settings import Period

KEYS = ("period", "time", "dry_run")


class InvalidEventError(ValueError):
    """An event that asks for nothing the function does: one line that names the key, its value and what is allowed."""

    def __init__(self, key: str, allowed: str, value: object) -> None:
        super().__init__(f"{key} must be {allowed}, got {repr(value)[:100]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A checked event; `time` is None when a person asks by hand."""

    period: Period
    time: datetime | None = None
    dry_run: bool = False


def parse(event: object) -> Request:
    """Read `{"period": "day", "time": "2026-11-23T01:30:00Z", "dry_run": false}`; only `period` is needed."""
    if not isinstance(event, Mapping):
        raise InvalidEventError("the event", 'an object such as {"period": "day"}', event)
    if unknown := sorted(str(key) for key in event.keys() - set(KEYS)):
        raise InvalidEventError("a key of the event", f"one of {', '.join(KEYS)}", unknown[0])
    dry_run = event.get("dry_run", False)
    if not isinstance(dry_run, bool):
        raise InvalidEventError("dry_run", "true or false", dry_run)
    return Request(period=_period(event.get("period")), time=_instant(event), dry_run=dry_run)


def _period(value: object) -> Period:
    if value not in tuple(Period):
        raise InvalidEventError("period", f"one of {', '.join(Period)}", value)
    return Period(str(value))


def _instant(event: Mapping[Any, Any]) -> datetime | None:
    """Read the scheduled time; a zone is needed, for the run's identity must not depend on where it is read."""
    if "time" not in event:
        return None
    try:
        instant = datetime.fromisoformat(event["time"])
        utc = instant.astimezone(UTC) if instant.tzinfo else None
    except (TypeError, ValueError, OverflowError):  # no text; no time; a zone that leads before year 1
        utc = None
    if utc is None:
        raise InvalidEventError("time", "an instant with a zone, such as 2026-11-23T01:30:00Z", event["time"])
    return utc
