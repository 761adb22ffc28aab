"""Which snapshots makesnapshots or ec2-automate-backup certainly made, by their exact description. Pure.

What the tools write into CreateSnapshot's Description, by their own histories (VOL is the volume's id):

- makesnapshots (github.com/evannuil/aws-snapshot-tool, makesnapshots.py), the time always the machine's own, with no zone:
  - 1.6, from 6f109a2 on: `Snapshot VOL by snapshot script at 2012-10-11 01:30:00.123456` (`isoformat(' ')`);
  - 2.0, from 369c585 on: `day snapshot VOL by snapshot script at 2012-11-07 01:30:00.123456`, week and month likewise;
  - 3.0 to 4.0, from 8da4173 to 5cd4e31: `day_snapshot VOL_day_Mon by snapshot script at 23-11-2026 01:30:00`, with `%U`
    for a week and `%b` for a month. That part is from the run's start, the time is from the volume's turn: a run may
    pass midnight. No version calls `setlocale`, so the words are English. From 33c33e2 (3.2)
    on, the volume's tags are copied.
- ec2-automate-backup (github.com/colinbjohnson/aws-missing-tools, as at 825af3a), one UTC time for a whole run:
  - from e69fda4 (2012) on: `ec2ab_VOL_2012-09-14`;
  - from 476b4da and 9479e63 (2014; its beta from 006ae30, 2013) on: `ec2ab_VOL_1447098412`, in seconds since 1970.
  The tag `Name` (with -n) says the same. `PurgeAllow=true` and `PurgeAfterFE` (with -k) are also set by people.
  Before e69fda4 it wrote `VOL_2012-09-08`. A person would also write that, so it is never adopted.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ebs_backup.cron import MONTHS, WEEKDAYS
from ebs_backup.names import Period

MAKESNAPSHOTS, EC2_AUTOMATE_BACKUP = "makesnapshots", "ec2-automate-backup"
COPY = "vol-ffffffff"  # what EC2 names as the volume of a snapshot that was copied
OTHERS = ("aws:backup:", "aws:dlm:")  # tags that AWS alone can set
NEITHERS = "its description is not one that makesnapshots or ec2-automate-backup writes"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSnapshot:
    """A snapshot as EC2 describes it, whoever made it; the size is the volume's, in GiB."""

    id: str
    volume_id: str
    owner: str
    state: str
    started: datetime
    description: str
    tags: Mapping[str, str]
    size: int
    encrypted: bool = False
    kms_key: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoptable:
    """A snapshot that one of the tools certainly made; `period` is None where the tool names none.

    `purged_after` is when ec2-automate-backup's own purge (-p) deletes it, if that still runs.
    """

    tool: str
    period: Period | None
    snapshot: FoundSnapshot
    purged_after: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAdoptable:
    """A snapshot that looks like one of theirs and is left alone, and why."""

    snapshot: FoundSnapshot
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The snapshots of the tools, and those that only look like them. All other snapshots are ignored."""

    adoptable: tuple[Adoptable, ...]
    refused: tuple[NotAdoptable, ...]


def find(snapshots: Iterable[FoundSnapshot], *, account: str) -> Found:
    """Sort snapshots; `account` is the only owner whose snapshots are adopted."""
    found = [recognise(snapshot, account=account) for snapshot in snapshots]
    return Found(
        adoptable=tuple(backup for backup in found if isinstance(backup, Adoptable)),
        refused=tuple(snapshot for snapshot in found if isinstance(snapshot, NotAdoptable)),
    )


def recognise(snapshot: FoundSnapshot, *, account: str) -> Adoptable | NotAdoptable | None:
    """Return what the snapshot is, or None if it has nothing to do with either tool."""
    for form in FORMS:
        if parts := re.fullmatch(form.pattern, snapshot.description):
            reason = _not_certain(snapshot, account) or _contradiction(snapshot, form, parts.groupdict())
            if reason:
                return NotAdoptable(snapshot=snapshot, reason=reason)
            period = parts.groupdict().get("period")
            return Adoptable(
                tool=form.tool,
                period=Period(period) if period else None,
                snapshot=snapshot,
                purged_after=_purged_after(snapshot.tags) if form.tool == EC2_AUTOMATE_BACKUP else None,
            )
    return NotAdoptable(snapshot=snapshot, reason=NEITHERS) if _resembles(snapshot) else None


def _not_certain(snapshot: FoundSnapshot, account: str) -> str:
    """Return why the snapshot cannot be theirs, apart from its description, or an empty text."""
    if snapshot.owner != account:
        return f"it belongs to account {snapshot.owner}"
    if snapshot.volume_id == COPY:
        return "it is a copy: EC2 does not say of which volume"
    if others := [key for key in snapshot.tags if key.startswith(OTHERS)]:
        return f"AWS itself keeps it: its tag {others[0]}"
    return ""


def _contradiction(snapshot: FoundSnapshot, form: "Form", parts: Mapping[str, str]) -> str:
    """Return what in the description contradicts the snapshot, or is no time, or an empty text."""
    if parts["volume"] != snapshot.volume_id:
        return f"its description names {parts['volume']}, it is of {snapshot.volume_id}"
    try:
        form.read(parts["at"])
    except (ValueError, OverflowError):
        return f"{parts['at']} in its description is not a time"
    return ""


def _purged_after(tags: Mapping[str, str]) -> datetime | None:
    seconds = tags.get("PurgeAfterFE", "")
    if tags.get("PurgeAllow") != "true" or not re.fullmatch("[0-9]{1,10}", seconds):
        return None
    return datetime.fromtimestamp(int(seconds), tz=UTC)


def _resembles(snapshot: FoundSnapshot) -> bool:
    """Return whether a person could take it for one of theirs."""
    tags = snapshot.tags
    return (
        "snapshot script" in snapshot.description.lower()
        or re.match("(day|week|month)[ _]snapshot|ec2ab_", snapshot.description) is not None
        or tags.get("Name", "").startswith("ec2ab_")
        or not {"PurgeAllow", "PurgeAfterFE", "PurgeAfter"}.isdisjoint(tags)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One form of description: which tool writes it, and how its time is written.

    The time itself is not compared with EC2's: it is that of the tool's machine, in an unknown zone.
    """

    tool: str
    pattern: str
    read: Callable[[str], datetime]


def _day_first(text: str) -> datetime:
    return datetime.strptime(f"{text}Z", "%d-%m-%Y %H:%M:%S%z")


def _iso(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _epoch(text: str) -> datetime:
    return datetime.fromtimestamp(int(text), tz=UTC)


_VOLUME = r"(?P<volume>vol-[0-9a-f]+)"
_PERIOD = r"(?P<period>day|week|month)"
# `%a`, `%U` and `%b` of the time at which the run began.
_DAY, _MONTH = ("|".join(name.title() for name in names) for names in (WEEKDAYS, MONTHS))
_PART = rf"(?:day_(?:{_DAY})|week_[0-5][0-9]|month_(?:{_MONTH}))"
_ISO_TIME = r"(?P<at>[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{6})?)"
FORMS = (
    Form(
        tool=MAKESNAPSHOTS,
        pattern=rf"{_PERIOD}_snapshot {_VOLUME}_(?=(?P=period)){_PART} by snapshot script at "
        r"(?P<at>[0-9]{2}-[0-9]{2}-[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2})",
        read=_day_first,
    ),
    Form(
        tool=MAKESNAPSHOTS,
        pattern=rf"{_PERIOD} snapshot {_VOLUME} by snapshot script at {_ISO_TIME}",
        read=_iso,
    ),
    Form(
        tool=MAKESNAPSHOTS,
        pattern=rf"Snapshot {_VOLUME} by snapshot script at {_ISO_TIME}",
        read=_iso,
    ),
    Form(tool=EC2_AUTOMATE_BACKUP, pattern=rf"ec2ab_{_VOLUME}_(?P<at>[0-9]{{10}})", read=_epoch),
    Form(
        tool=EC2_AUTOMATE_BACKUP,
        pattern=rf"ec2ab_{_VOLUME}_(?P<at>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})",
        read=_iso,
    ),
)
