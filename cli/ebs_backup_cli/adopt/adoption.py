"""What adopting the backups of another tool does: which tags each gets, and what rotation then decides about it. Pure.

A plan reads the existing tags. So it goes on where the last one was interrupted, and after a complete one there is
nothing to do. It adds tags, and never changes one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from ebs_backup.model import COMPLETED, Decision, Older, Snapshot, Volume
from ebs_backup.names import TAG_HOLD, TAG_PERIOD, TAG_RUN, TAG_SET, TAG_SOURCE, Period
from ebs_backup.selection import select
from ebs_backup.settings import Settings
from ebs_backup.tags import MAX_TAGS, names_source, tagging
from ebs_backup_cli.adopt.foreign_backups import (
    EC2_AUTOMATE_BACKUP,
    Adoptable,
    Found,
    FoundSnapshot,
    NotAdoptable,
)
from ebs_backup_cli.adopt.outlook import Region, Verdict, outlook
from ebs_backup_cli.backups.moment import moment

# Neither copied tags nor `extra_tags`: a snapshot that is adopted keeps the tags it has.
OWN_TAGS = (TAG_SET, TAG_PERIOD, TAG_RUN, TAG_SOURCE, "Name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the operator asks for.

    `period` is the period of backups whose tool names none. `named` are ids of volumes whose backups are adopted even
    if the volume is not selected, or is gone.
    """

    settings: Settings
    period: Period | None = None
    named: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """One snapshot to adopt: the tags that it lacks, and what rotation then decides about it, in which occasion.

    `goes_with` says which coming run of its period deletes it: 1 is the next run, 2 the one after, 0 none.
    """

    backup: Adoptable
    period: Period
    tags: Mapping[str, str]
    decision: Decision
    goes_with: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be adopted, by volume and newest first; what the set has already; what is left alone, and why."""

    adoptions: tuple[Adoption, ...]
    done: tuple[Adoptable, ...]
    refused: tuple[NotAdoptable, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A snapshot that will be the set's own, and the tags that make it so."""

    backup: Adoptable
    period: Period
    tags: Mapping[str, str]

    def adopted(self) -> Snapshot:
        """Return the snapshot as rotation will see it."""
        found = self.backup.snapshot
        return Snapshot(
            id=found.id,
            volume_id=found.volume_id,
            period=self.period,
            run=self.tags[TAG_RUN],
            state=found.state,
            started=found.started,
            size=found.size,
            hold=found.tags.get(TAG_HOLD),
        )

    def by(self, verdict: Verdict) -> Adoption:
        """Return the adoption, with what rotation decides."""
        there = self.backup.snapshot.tags
        return Adoption(
            backup=self.backup,
            period=self.period,
            tags={key: value for key, value in self.tags.items() if key not in there},
            decision=verdict.decision,
            goes_with=verdict.goes_with,
        )


def plan(found: Found, region: Region, request: Request, *, now: datetime) -> Plan:
    """Plan the adoption of what was found; rotation decides as of `now`, together with what the set already has."""
    selected = select(region.volumes.values(), {}, request.settings).volumes
    wanted: list[_Wanted] = []
    done: list[Adoptable] = []
    refused = list(found.refused)
    for backup in found.adoptable:
        if _is_ours(backup.snapshot, request.settings):
            done.append(backup)
            continue
        judged = _refusal(backup, region, request, selected) or _want(backup, region, request)
        if isinstance(judged, str):
            refused.append(NotAdoptable(snapshot=backup.snapshot, reason=judged))
        else:
            wanted.append(judged)
    verdicts = outlook([want.adopted() for want in wanted], region, request.settings, now=now)
    wanted.sort(key=lambda want: want.backup.snapshot.started, reverse=True)
    wanted.sort(key=lambda want: want.backup.snapshot.volume_id)
    return Plan(
        adoptions=tuple(want.by(verdicts[want.backup.snapshot.id]) for want in wanted),
        done=tuple(done),
        refused=tuple(refused),
    )


def _is_ours(snapshot: FoundSnapshot, settings: Settings) -> bool:
    """Return whether the set has it already, in whatever period."""
    tags = snapshot.tags
    return (
        tags.get(TAG_SET) == settings.backup_set
        and tags.get(TAG_PERIOD) in tuple(Period)
        and bool(tags.get(TAG_RUN))
        and names_source(tags.get(TAG_SOURCE, ""), snapshot.volume_id)
    )


def _refusal(backup: Adoptable, region: Region, request: Request, selected: Collection[str]) -> str:
    """Return why it is not adopted, without a look at its tags, or an empty text."""
    snapshot = backup.snapshot
    if snapshot.state != COMPLETED:
        return f"its state is {snapshot.state}: {snapshot.message or 'only completed ones are adopted'}"
    if snapshot.volume_id in selected or snapshot.volume_id in request.named:
        return ""
    state = "is not selected" if snapshot.volume_id in region.volumes else "is gone"
    return f"its volume {snapshot.volume_id} {state}: --volume {snapshot.volume_id} adopts it all the same"


def _want(backup: Adoptable, region: Region, request: Request) -> _Wanted | str:
    """Return the snapshot with its tags, or the reason why it cannot get them."""
    snapshot = backup.snapshot
    period = backup.period or request.period
    if period is None and backup.tool == EC2_AUTOMATE_BACKUP:
        period = Period.DAY
    if period is None:
        return "its description names no period: say which with --period"
    tags = _own_tags(snapshot, period, region.volumes.get(snapshot.volume_id), request.settings)
    conflict = _conflict(snapshot, tags)
    return conflict or _Wanted(backup=backup, period=period, tags=tags)


def _own_tags(
    snapshot: FoundSnapshot, period: Period, volume: Volume | None, settings: Settings
) -> dict[str, str]:
    """Return the tags that make a snapshot the set's own, as a run writes them; `volume` is None where it is gone.

    Each is a run of its own: two of one volume that started in the same minute are no duplicates. Size and encryption
    are the snapshot's; all else in the source is what the volume is today.
    """
    source = replace(
        volume or _gone(snapshot),
        size=snapshot.size,
        encrypted=snapshot.encrypted,
        kms_key=snapshot.kms_key,
    )
    run = replace(moment(settings, snapshot.started, period), id=f"adopted:{snapshot.id}")
    tags = tagging(source, run, settings, at=snapshot.started, older=Older(stay=0), copy=False).tags
    return {key: tags[key] for key in OWN_TAGS}


def _conflict(snapshot: FoundSnapshot, wanted: Mapping[str, str]) -> str:
    """Return which tag prevents the adoption, or an empty text."""
    tags = snapshot.tags
    if tags.get(TAG_SET, wanted[TAG_SET]) != wanted[TAG_SET]:
        return f"it belongs to the backup set {tags[TAG_SET]!r}"
    if TAG_SOURCE in tags and not names_source(tags[TAG_SOURCE], snapshot.volume_id):
        return f"its ebs-backup: tags were copied from another volume (see {TAG_SOURCE}): remove them first"
    for key in (TAG_PERIOD, TAG_RUN):
        if tags.get(key, wanted[key]) != wanted[key]:
            return f"its tag {key} is {tags[key]!r}, not {wanted[key]!r}: remove it first"
    count = len([key for key in tags.keys() | wanted.keys() if not key.startswith("aws:")])
    return f"it would have {count} tags, EC2 takes {MAX_TAGS}: remove some first" if count > MAX_TAGS else ""


def _gone(snapshot: FoundSnapshot) -> Volume:
    """Return what a snapshot says about a volume that is gone: not its zone or type."""
    return Volume(
        id=snapshot.volume_id,
        name="",
        state="",
        created=snapshot.started,
        zone="",
        type="",
        size=snapshot.size,
        iops=None,
        throughput=None,
        device="",
        instance="",
        instance_name="",
        tags={},
    )
