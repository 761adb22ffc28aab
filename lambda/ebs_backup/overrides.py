"""What a volume's own tags ask for: its own keep counts, or to be skipped. Pure.

A tag that cannot be read changes nothing: the mail names it, and the set's own setting applies.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from ebs_backup.model import ERROR, Failure, Remark, Run, Snapshot, Volume, check, note
from ebs_backup.names import (
    TAG_AGAIN,
    TAG_HOLD,
    TAG_OLDER,
    TAG_PERIOD,
    TAG_PREFIX,
    TAG_RESTORED_FROM,
    TAG_RUN,
    TAG_SET,
    TAG_SKIP,
    TAG_SOURCE,
    TAG_VERIFY,
    Period,
    keep_tag,
)
from ebs_backup.retention import HOLD_ALLOWED, Rule, hold_until
from ebs_backup.settings import InvalidSettingsError, Settings, count

KEEP_TAGS = {keep_tag(period): period for period in Period}
# A volume that was restored by hand may carry its snapshot's tags: they ask for nothing.
SNAPSHOTS_OWN = frozenset({TAG_SET, TAG_PERIOD, TAG_RUN, TAG_SOURCE, TAG_OLDER, TAG_AGAIN, TAG_HOLD})
ASK_FOR_NOTHING = SNAPSHOTS_OWN | {
    TAG_RESTORED_FROM,
    TAG_VERIFY,
}  # the last two tell where a volume comes from


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What one volume asks for; `skipped` says until when nothing is done for it, or is empty."""

    keeps: Mapping[Period, int]
    skipped: str = ""
    remarks: tuple[Remark, ...] = ()

    def rule(self, period: Period, settings: Settings) -> Rule:
        """Return the rule by which the volume is rotated."""
        own = self.keeps.get(period)
        return Rule(
            keep=settings.keep(period) if own is None else own,
            source=f"keep_{period}" if own is None else f"its tag {keep_tag(period)}",
            schedule=settings.schedule(period),
        )


def overrides(volume: Volume, held: Iterable[Snapshot], settings: Settings, run: Run) -> Overrides:
    """Read the volume's `ebs-backup:` tags, as they hold at the time of the run, and the holds of its snapshots."""
    keeps: dict[Period, int] = {}
    skipped = ""
    remarks: list[Remark] = []
    for key, value in sorted(volume.tags.items()):
        if not key.lower().startswith(TAG_PREFIX) or key in ASK_FOR_NOTHING:
            continue
        try:
            if key in KEEP_TAGS:
                keeps[KEEP_TAGS[key]] = count(key, value)
            else:
                skipped = _skipped(key, value, run)
        except InvalidSettingsError as error:
            remarks.append(check(_failure(volume, key, error, settings)))
    remarks += map(check, unreadable_holds(held))
    if spread := ", ".join(sorted(volume.tags.keys() & SNAPSHOTS_OWN)):
        told = f"the volume itself has tags of a snapshot ({spread}), which other tools copy: remove them"
        remarks.append(note(told))
    return Overrides(keeps=keeps, skipped=skipped, remarks=tuple(remarks))


def unreadable_holds(snapshots: Iterable[Snapshot]) -> Iterator[Failure]:
    """Return what is wrong with each hold that nobody can read; a failed snapshot has nothing to hold."""
    for snapshot in snapshots:
        if snapshot.hold is not None and snapshot.state != ERROR and hold_until(snapshot.hold) is None:
            yield Failure(
                resource=snapshot.id,
                action="read the hold of a snapshot",
                code="InvalidTag",
                message=f"{TAG_HOLD} must be {HOLD_ALLOWED}, got {snapshot.hold!r}",
                advice="Correct the tag or remove it; until then it keeps the snapshot.",
            )


def _skipped(key: str, value: str, run: Run) -> str:
    """Return until when the volume is skipped, or an empty text: the skip ends when the tag's day begins, in UTC."""
    if key != TAG_SKIP:
        raise InvalidSettingsError(key, f"one of {', '.join((*KEEP_TAGS, TAG_SKIP))}", value)
    if value == "true":
        return "until the tag is removed"
    try:
        until = date.fromisoformat(value) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value) else None
    except ValueError:
        until = None
    if until is None:
        raise InvalidSettingsError(TAG_SKIP, "true, or a date such as 2026-12-24", value)
    return f"until {until}" if run.time.date() < until else ""


def _failure(volume: Volume, key: str, error: InvalidSettingsError, settings: Settings) -> Failure:
    holds = "the volume is backed up as if it had no such tag"
    if key in KEEP_TAGS:
        period = KEEP_TAGS[key]
        holds = f"the set's own keep_{period}={settings.keep(period)} applies"
    return Failure(
        resource=volume.id,
        action="read a tag of the volume",
        code="InvalidTag",
        message=str(error),
        advice=f"Correct the tag or remove it; until then {holds}.",
    )
