"""The event: what a rule, a person or an earlier invocation asks the function to do, checked before anything is done.

It also decides whether a run goes on in a further invocation. The next invocation can see in EC2 what the earlier
ones made, but not what they deleted. The event holds that: the failed snapshots, and how many expired ones. Pure.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ebs_backup.model import Continued, FailedSnapshot, Fate
from ebs_backup.names import Period
from ebs_backup.outcome import Outcome
from ebs_backup.volume_outcome import Made, VolumeOutcome

KEYS = ("period", "time", "dry_run", "volumes", "check", "sample")
MOST_VOLUMES = 200  # that an event names
MOST_SAMPLED = 1000  # volumes that a check is limited to
NOT_CHECKED = ("time", "dry_run", "volumes", "continued")  # keys of a run; a check is not a run
CONTINUED = "continued"  # the function's own key, in the events that it sends to itself
MOST_INVOCATIONS = 12  # of one run, in a row; Lambda stops a function that calls itself more than 16 times
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)  # the first time at which a schedule can fire
AHEAD = timedelta(
    days=731
)  # further ahead it is a mistyped year; a refused event is a night without a backup
MOST_FAILED = 100  # failed snapshots that the event names; of the others it has the number


class InvalidEventError(ValueError):
    """An event that the function cannot use: one line that names the key, its value and what is allowed."""

    def __init__(self, key: str, allowed: str, value: object) -> None:
        super().__init__(f"{key} must be {allowed}, got {repr(value)[:100]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A checked event; `time` is None for a run by hand, `volumes` are empty for all selected volumes.

    With `check` there is no run: it only checks whether a run could do its work, on the first `sample` volumes (None: all).
    """

    period: Period
    time: datetime | None = None
    dry_run: bool = False
    volumes: tuple[str, ...] = ()
    continued: Continued | None = None
    check: bool = False
    sample: int | None = None


def parse(event: object) -> Request:
    """Read `{"period": "day", "time": "2026-11-23T01:30:00Z", "dry_run": false}`; only `period` is needed."""
    if not isinstance(event, Mapping):
        raise InvalidEventError("the event", 'an object such as {"period": "day"}', event)
    if unknown := sorted(str(key) for key in event.keys() - {*KEYS, CONTINUED}):
        raise InvalidEventError("a key of the event", f"one of {', '.join(KEYS)}", unknown[0])
    dry_run = event.get("dry_run", False)
    if not isinstance(dry_run, bool):
        raise InvalidEventError("dry_run", "true or false", dry_run)
    if check := _check(event):
        return Request(period=_period(event.get("period")), check=check, sample=_sample(event))
    return Request(
        period=_period(event.get("period")),
        time=_instant(event, "time") if "time" in event else None,
        dry_run=dry_run,
        volumes=_volumes(event["volumes"]) if "volumes" in event else (),
        continued=_continued(event[CONTINUED], dry_run=dry_run) if CONTINUED in event else None,
    )


def check_time(request: Request, *, now: datetime) -> None:
    """Raise an InvalidEventError for a time that no rule sends: one before 1970, or years ahead."""
    if request.time and not EARLIEST <= request.time <= now + AHEAD:
        allowed = f"an instant since 1970 and at most two years ahead, and now is {now:%Y-%m-%dT%H:%M:%SZ}"
        raise InvalidEventError("time", allowed, request.time.isoformat())


def to_event(request: Request, continued: Continued) -> dict[str, Any]:
    """Return the event of the run's next invocation: the same event, and the key `continued`, which `parse` reads."""
    time = {"time": request.time.isoformat()} if request.time else {}
    only = {"volumes": list(request.volumes)} if request.volumes else {}
    failed = [asdict(snapshot) | {"started": snapshot.started.isoformat()} for snapshot in continued.failed]
    told = asdict(continued) | {"began": continued.began.isoformat(), "failed": failed}
    return {"period": request.period.value, **time, **only, CONTINUED: told}


def next_invocation(outcome: Outcome, *, began: datetime) -> Continued | None:
    """Return what the run's next invocation must know, or None if this one is the last.

    It is the last when nothing is unfinished, when it is the twelfth, or when it made no progress: what a whole
    invocation waited for in vain will not come in the next one. A dry run takes no time, so it never goes on.
    `began` is when this invocation began.
    """
    before = outcome.run.continued
    invocation = before.invocation + 1 if before else 2
    unfinished = any(volume.unfinished for volume in outcome.volumes)
    changed = any(_changed(volume, since=began) for volume in outcome.volumes)
    if outcome.run.dry_run or not unfinished or not changed or invocation > MOST_INVOCATIONS:
        return None
    failed = _in_short(outcome)
    return Continued(
        run=outcome.run.id,
        began=before.began if before else began,
        invocation=invocation,
        expired=outcome.expired,
        failed=failed[:MOST_FAILED],
        more_failed=outcome.more_failed + len(failed[MOST_FAILED:]),
        tags_refused=(before.tags_refused if before else 0)
        + outcome.count(lambda volume: volume.tags_refused),
    )


def _changed(volume: VolumeOutcome, *, since: datetime) -> bool:
    """Return whether this invocation did something here: what an earlier one of the run made is no progress."""
    made = volume.made if volume.when is Made.NOW else None
    return bool(volume.of(Fate.EXPIRED)) or (made is not None and made.started >= since)


def _in_short(outcome: Outcome) -> tuple[FailedSnapshot, ...]:
    """Return the failed snapshots: later invocations cannot see them, because they are deleted, or perhaps deleted."""
    return tuple(
        replace(failed, name=failed.name[:80], message=failed.message[:200]) for failed in outcome.failed
    )


def _check(event: Mapping[Any, Any]) -> bool:
    """Return whether the event asks for a check; a check has no key of a run, and a run has no `sample`."""
    check = event.get("check", False)
    if not isinstance(check, bool):
        raise InvalidEventError("check", "true or false", check)
    if check and (of_a_run := [key for key in NOT_CHECKED if key in event]):
        raise InvalidEventError(of_a_run[0], "left out of a check", event[of_a_run[0]])
    if not check and "sample" in event:
        raise InvalidEventError("sample", 'left out without "check": true', event["sample"])
    return check


def _sample(event: Mapping[Any, Any]) -> int | None:
    number = event.get("sample")
    if "sample" in event and (type(number) is not int or not 1 <= number <= MOST_SAMPLED):
        raise InvalidEventError("sample", f"a whole number from 1 to {MOST_SAMPLED}", number)
    return number


def _period(value: object) -> Period:
    if not isinstance(value, str) or value not in tuple(Period):
        raise InvalidEventError("period", f"one of {', '.join(Period)}", value)
    return Period(value)


def _volumes(value: object) -> tuple[str, ...]:
    if (
        not isinstance(value, list)
        or not 1 <= len(value) <= MOST_VOLUMES
        or not all(isinstance(id_, str) and re.fullmatch(r"vol-[0-9a-f]{1,40}", id_) for id_ in value)
    ):
        allowed = f'a list of 1 to {MOST_VOLUMES} volume ids, such as ["vol-0123456789abcdef0"]'
        raise InvalidEventError("volumes", allowed, value)
    return tuple(dict.fromkeys(value))


def _continued(value: object, *, dry_run: bool) -> Continued:
    """Read what an earlier invocation sent; refuse anything else, and any dry run, which never goes on."""
    keys = {field.name for field in fields(Continued)}
    if dry_run or not isinstance(value, Mapping) or value.keys() != keys:
        raise InvalidEventError(
            CONTINUED, "left out: only the function itself sends it, and never for a dry run", value
        )
    if not isinstance(value["run"], str) or not re.fullmatch(r"[\x21-\x7e]{1,100}", value["run"]):
        raise InvalidEventError(f"{CONTINUED}.run", "1 to 100 ASCII characters without a space", value["run"])
    return Continued(
        run=value["run"],
        began=_instant(value, "began", of=f"{CONTINUED}."),
        invocation=_count(value, "invocation", 2, MOST_INVOCATIONS),
        expired=_count(value, "expired", 0, 10**9),
        failed=_failed(value["failed"]),
        more_failed=_count(value, "more_failed", 0, 10**9),
        tags_refused=_count(value, "tags_refused", 0, 10**9),
    )


def _failed(value: object) -> tuple[FailedSnapshot, ...]:
    """Read the failed snapshots that earlier invocations deleted."""
    name, keys = f"{CONTINUED}.failed", {field.name for field in fields(FailedSnapshot)}
    snapshots = []
    for raw in value if isinstance(value, list) else [value]:
        texts = dict(raw) if isinstance(raw, Mapping) else {}
        if texts.keys() != keys or not all(isinstance(text, str) for text in texts.values()):
            raise InvalidEventError(name, f"a list of objects with {', '.join(sorted(keys))}", raw)
        started = _instant(texts, "started", of=f"{name}.")
        snapshots.append(FailedSnapshot(**texts | {"started": started}))
    return tuple(snapshots)


def _count(value: Mapping[Any, Any], key: str, least: int, most: int) -> int:
    number = value[key]
    if type(number) is not int or not least <= number <= most:
        raise InvalidEventError(f"{CONTINUED}.{key}", f"a whole number from {least} to {most}", number)
    return number


def _instant(event: Mapping[Any, Any], key: str, *, of: str = "") -> datetime:
    """Read a time; it needs a zone, because the run's identity must not depend on where it is read."""
    try:
        instant = datetime.fromisoformat(event[key])
        utc = instant.astimezone(UTC) if instant.tzinfo else None
    except (
        TypeError,
        ValueError,
        OverflowError,
    ):  # not a text; not a time; a zone that leads to before year 1
        utc = None
    if utc is None:
        raise InvalidEventError(f"{of}{key}", "a time with a zone, such as 2026-11-23T01:30:00Z", event[key])
    return utc
