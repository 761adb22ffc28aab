"""The part of a report that tells what asks for a look, what was done, and what there is now. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from ebs_backup.inventory import Foreign, Holding, Unselected
from ebs_backup.model import Decision, Fate, Snapshot
from ebs_backup.names import (
    TAG_HOLD,
    TAG_OLDER,
    TAG_PERIOD,
    TAG_RUN,
    TAG_SET,
    TAG_SKIP,
    TAG_SOURCE,
    Period,
    keep_tag,
)
from ebs_backup.outcome import Outcome
from ebs_backup.report.rows import (
    FEW,
    by_name,
    decision_rows,
    named,
    place,
    snapshot_cells,
    volume_cells,
    word,
)
from ebs_backup.report.text import Detail, Part, counted, one_line, table
from ebs_backup.tags import minute
from ebs_backup.volume_outcome import Made

MOST = 20  # rows of a list that may be long and is seldom read: the log has the others
OURS = " ".join(f"Key={tag}" for tag in (TAG_SET, TAG_PERIOD, TAG_RUN, TAG_SOURCE, TAG_OLDER))
EARLIER = "by an earlier try"


def sections(outcome: Outcome, detail: Detail) -> Iterator[Iterable[str]]:
    """Return one part of the mail for each, empty where there is nothing to tell: what to look at, then what was done."""
    yield _deferred(outcome).lines(listed=detail.notes)
    for part in (*_labels(outcome), *_looks(outcome)):
        yield part.lines(listed=detail.notes, most=MOST)
    for part in _left_alone(outcome):
        yield part.lines(listed=detail.notes)
    yield _created(outcome).lines(listed=detail.lists)
    yield _expired(outcome, detail)
    yield _kept_by_aws(outcome).lines(listed=True, most=MOST)
    yield [f"ON HOLD  {counted(outcome.on_hold, 'snapshot')}, kept by the tag {TAG_HOLD}"] * bool(
        outcome.on_hold
    )
    yield _unselected(outcome).lines(listed=detail.notes)
    yield _holds(outcome).lines(listed=True)


def _deferred(outcome: Outcome) -> Part:
    by_volume: defaultdict[str, list[Decision]] = defaultdict(list)
    for decision in outcome.of(Fate.DEFERRED):
        by_volume[decision.snapshot.volume_id].append(decision)
    of = f"{counted(outcome.deferred, 'snapshot')} of {counted(len(by_volume), 'volume')}"
    period = outcome.run.period
    return Part(
        heading=f"DEFERRED  {of}; a run deletes at most max_expired_per_volume occasions of a volume",
        before=f"To do: if you did not lower keep_{period} on purpose, set it back before the next run, and deploy with the"
        f" same -c options as before. A volume's own count is its tag {keep_tag(period)}.",
        rows=sorted(map(_deferred_row, by_volume.values())),
    )


def _deferred_row(decisions: Sequence[Decision]) -> tuple[str, ...]:
    times = sorted(minute(decision.snapshot.started) for decision in decisions)
    return (
        named(decisions[0].snapshot.name),
        one_line(decisions[0].snapshot.volume_id),
        counted(len({decision.occasion for decision in decisions}), "occasion"),
        counted(len(decisions), "snapshot"),
        times[0] if len(times) == 1 else f"{times[0]} to {times[-1]}",
        one_line(decisions[0].reason),
    )


def _labels(outcome: Outcome) -> Iterator[Part]:
    """Name the snapshots whose labels are not what a run wrote, and the volumes that spread them."""
    foreign = sorted(outcome.foreign, key=lambda volume: not volume.spreads)
    total = counted(sum(len(volume.snapshots) for volume in foreign), "snapshot")
    spreading = " ".join(word(volume.volume_id) for volume in foreign[:MOST] if volume.spreads)
    remove = f"aws ec2 delete-tags --region {word(outcome.run.region)} --resources {spreading} --tags {OURS}"
    yield Part(
        heading=f"FOREIGN SNAPSHOTS  {total} with this set's tags, copied there by another tool",
        before="They are left alone and not counted.",
        rows=[_foreign_row(volume) for volume in foreign],
        why="To do: a volume that spreads the tags has them itself. Remove them from it (no snapshot changes):",
        command=remove if spreading else "",
    )
    yield Part(
        heading=f"STRAY SNAPSHOTS  {counted(len(outcome.strays), 'snapshot')} without a run or of an unknown period",
        before=f"They are kept and not counted. To do: set their tags {TAG_PERIOD} and {TAG_RUN} right.",
        rows=[
            (*snapshot_cells(stray), one_line(f"{stray.period!r}, {stray.run!r}")) for stray in outcome.strays
        ],
    )
    odd = [decision for decision in outcome.decisions if decision.edited]
    yield Part(
        heading=f"EDITED TAGS  {counted(len(odd), 'snapshot')}; what cannot be told apart is kept",
        before=f"To do: set the tags {TAG_RUN} right, or put {TAG_HOLD}=true on what is to stay.",
        rows=decision_rows(odd),
    )


def _foreign_row(volume: Foreign) -> tuple[str, ...]:
    ids = ", ".join(one_line(snapshot) for snapshot in volume.snapshots[:FEW])
    return (
        named(volume.name),
        one_line(volume.volume_id),
        "spreads the tags" if volume.spreads else "",
        counted(len(volume.snapshots), "snapshot"),
        f"{ids}, ..." if len(volume.snapshots) > FEW else ids,
    )


def _looks(outcome: Outcome) -> Iterator[Part]:
    """Name what a person should look at before it costs a backup."""
    selector = one_line(outcome.run.selector)
    stale = [snapshot for volume in by_name(outcome.volumes) for snapshot in volume.stale]
    yield Part(
        heading=f"PENDING TOO LONG  {counted(len(stale), 'snapshot')}, for longer than max_age_...",
        before="They do not count as restore points. To do: ask AWS Support why they do not complete.",
        rows=[(*snapshot_cells(snapshot), one_line(snapshot.period)) for snapshot in stale],
    )
    yield Part(
        heading=f"NO LONGER SELECTED  {counted(len(outcome.deselected), 'volume')}, backed up lately",
        before=f"Their snapshots are kept. To do: if the tag {selector} was lost by mistake, tag them again.",
        rows=[_unselected_row(volume) for volume in outcome.deselected],
    )
    yield Part(
        heading=f"NOT SELECTED  {counted(len(outcome.missing), 'volume')} that the event names",
        before=f"To do: correct the ids, or give the volumes exactly the tag {selector}.",
        rows=[(one_line(volume),) for volume in outcome.missing],
    )


def _left_alone(outcome: Outcome) -> Iterator[Part]:
    near, volumes = by_name(outcome.near_misses), by_name(outcome.volumes)
    yield Part(
        heading=f"NEAR MISSES  {counted(len(near), 'volume')} not backed up that perhaps should be",
        before=f"To do: to have one backed up, give it exactly the tag {one_line(outcome.run.selector)}.",
        rows=[(*volume_cells(miss.volume), one_line(miss.why), place(miss.volume)) for miss in near],
    )
    skipped = [volume for volume in volumes if volume.skipped]
    yield Part(
        heading=f"SKIPPED  {counted(len(skipped), 'volume')} by the tag {TAG_SKIP}: nothing made, nothing deleted",
        rows=[(*volume_cells(volume.volume), one_line(volume.skipped)) for volume in skipped],
    )
    noted = [(*volume_cells(volume.volume), one_line(note)) for volume in volumes for note in volume.notes]
    yield Part(heading=f"NOTED  {counted(len({row[1] for row in noted}), 'volume')}", rows=noted)


def _created(outcome: Outcome) -> Part:
    """List the restore points of this run, whichever try made them."""
    made = [(volume, volume.made) for volume in by_name(outcome.volumes) if volume.made]
    digits = max((len(str(volume.volume.size)) for volume, _ in made), default=0)
    rows = [
        (
            *volume_cells(volume.volume),
            one_line(snapshot.id),
            f"{volume.volume.size:>{digits}} GiB",
            EARLIER if volume.when is Made.BEFORE else "",
        )
        for volume, snapshot in made
    ]
    number = f"{outcome.already_made:,} of them" if outcome.created else "all"
    earlier = f", {number} {EARLIER} of this run" if outcome.already_made else ""
    return Part(heading=f"CREATED  {counted(len(made), 'snapshot')}{earlier}", rows=rows)


def _expired(outcome: Outcome, detail: Detail) -> Iterator[str]:
    gone = decision_rows(outcome.of(Fate.EXPIRED))
    if outcome.expired or outcome.already_made:
        before = outcome.expired - len(gone)
        where = (
            f", {before:,} of them by earlier invocations of this run: the log lists those" if before else ""
        )
        yield f"EXPIRED  {counted(outcome.expired, 'snapshot') if outcome.expired else 'none by this try'}{where}"
    if outcome.already_made:
        yield "  An earlier try of this run may have deleted expired snapshots too; the log lists them."
    yield from table(gone) if detail.lists else ()


def _kept_by_aws(outcome: Outcome) -> Part:
    """Say what holds expired snapshots, each with how many it holds and one of them."""
    held: defaultdict[str, list[Snapshot]] = defaultdict(list)
    for decision in outcome.of(Fate.UNDELETABLE):
        holder = re.split("; |, but ", decision.reason)[-1]  # the reason ends with it
        held[one_line(holder)].append(decision.snapshot)
    most_first = sorted(held.items(), key=lambda item: -len(item[1]))
    return Part(
        heading=f"KEPT BY AWS  {counted(sum(map(len, held.values())), 'snapshot')} expired, and still in use",
        before="Nothing is wrong. To free one, deregister the AMI, disable fast restore or wait until its lock ends.",
        rows=[
            (by, counted(len(found), "snapshot"), *snapshot_cells(found[0])[:2]) for by, found in most_first
        ],
    )


def _unselected(outcome: Outcome) -> Part:
    """Say what is kept of volumes that no run backs up any more, and how to see it."""
    found = outcome.unselected
    ids = ",".join(volume.volume_id for volume in found) if len(found) <= FEW else "VOLUME_ID"
    filters = f"{word(f'Name=volume-id,Values={ids}')} {word(f'Name=tag:{TAG_SET},Values={outcome.run.backup_set}')}"
    gone = "The setting expire_gone_after_days lets runs expire those of volumes that are gone. "
    return Part(
        heading=f"NO LONGER BACKED UP  {counted(len(found), 'volume')} whose snapshots are kept",
        rows=[_unselected_row(volume) for volume in found],
        why=f"{gone * any(not volume.there for volume in found)}To see them:",
        command=f"aws ec2 describe-snapshots --region {word(outcome.run.region)} --owner-ids self --filters {filters}",
    )


def _unselected_row(volume: Unselected) -> tuple[str, ...]:
    return (
        named(volume.name),
        one_line(volume.volume_id),
        f"not selected any more{', since lately' * volume.lately}" if volume.there else "gone",
        counted(volume.snapshots, "snapshot"),
        f"at most {volume.at_most_gib:,} GiB",
    )


def _holds(outcome: Outcome) -> Part:
    """Sum up the set; a period without a restore point stands there too."""
    held = outcome.holdings.values()
    points = counted(sum(holding.points for holding in held), "restore point")
    gib = sum(holding.at_most_gib for holding in held)
    where = f"in set {one_line(outcome.run.backup_set)}, at most {gib:,} GiB"
    return Part(
        heading=f"HELD  {points} {where} (blocks that did not change are stored once)",
        rows=[_holding_row(period, outcome.holdings.get(period)) for period in Period if held],
    )


def _holding_row(period: Period, holding: Holding | None) -> Sequence[str]:
    if holding is None:
        return (period, "none", "", "", "")
    span = (
        f"{minute(holding.oldest)} to {minute(holding.newest)}"
        if holding.points > 1
        else minute(holding.newest)
    )
    volumes = f"of {counted(holding.volumes, 'volume')}"
    return (
        period,
        counted(holding.points, "restore point"),
        volumes,
        span,
        f"at most {holding.at_most_gib:,} GiB",
    )
