"""The part of a report that tells what was done and what there is now: made, gone, left, left out, held. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from ebs_backup.labels import minute
from ebs_backup.mail import Detail, columns, counted, one_line, paragraph
from ebs_backup.model import Run
from ebs_backup.outcome import Holding, Outcome, VolumeOutcome
from ebs_backup.rows import by_name, named, place, snapshot_cells, volume_cells
from ebs_backup.settings import TAG_SET, TAG_SKIP, Period, keep_tag


def sections(outcome: Outcome, detail: Detail) -> Iterator[Iterable[str]]:
    """Give one part of the mail for each, empty where there is nothing to tell."""
    yield _left(outcome, detail)
    yield _near_misses(outcome, detail)
    yield _skipped(outcome, detail)
    yield _noted(outcome, detail)
    yield _created(outcome, detail)
    yield _expired(outcome, detail)
    yield _unselected(outcome, detail)
    yield _holds(outcome)


def _left(outcome: Outcome, detail: Detail) -> Iterator[str]:
    volumes = by_name(each for each in outcome.volumes if each.left)
    if volumes:
        points = counted(outcome.left, "restore point")
        yield f"LEFT FOR LATER  {points} of {counted(len(volumes), 'volume')}"
        yield from paragraph(
            "One run deletes at most max_expired_per_volume restore points of a volume; the next runs go on."
        )
        yield from paragraph(
            f"To do: if you did not lower keep_{outcome.run.period} on purpose, correct it now in cdk.json and run"
            f" `cdk deploy`; a volume's own count is its tag {keep_tag(outcome.run.period)}."
        )
        yield from columns([_left_row(each) for each in volumes], indent=4) if detail.notes else ()


def _left_row(each: VolumeOutcome) -> tuple[str, ...]:
    times = sorted(decision.snapshot.started for decision in each.left)
    span = minute(times[0]) if len(times) == 1 else f"{minute(times[0])} to {minute(times[-1])}"
    return (*volume_cells(each.volume), counted(len(times), "restore point"), span)


def _near_misses(outcome: Outcome, detail: Detail) -> Iterator[str]:
    rows = [
        (*volume_cells(each.volume), one_line(each.why), place(each.volume))
        for each in by_name(outcome.near_misses)
    ]
    if rows:
        selector = one_line(outcome.run.selector)
        yield f"NEAR MISSES  {counted(len(rows), 'volume')} not backed up that perhaps should be"
        yield from paragraph(f"To do: to have one backed up, give it exactly the tag {selector}.")
        yield from columns(rows) if detail.notes else ()


def _skipped(outcome: Outcome, detail: Detail) -> Iterator[str]:
    rows = [
        (*volume_cells(each.volume), one_line(each.skipped))
        for each in by_name(outcome.volumes)
        if each.skipped
    ]
    if rows:
        yield f"SKIPPED  {counted(len(rows), 'volume')} by the tag {TAG_SKIP}: nothing made, nothing deleted"
        yield from columns(rows) if detail.notes else ()


def _noted(outcome: Outcome, detail: Detail) -> Iterator[str]:
    rows = [
        (*volume_cells(each.volume), one_line(note))
        for each in by_name(outcome.volumes)
        for note in each.notes
    ]
    if rows:
        yield f"NOTED  {counted(len({row[1] for row in rows}), 'volume')}"
        yield from columns(rows) if detail.notes else ()


def _created(outcome: Outcome, detail: Detail) -> Iterator[str]:
    if made := by_name(each for each in outcome.volumes if each.created):
        digits = max(len(str(each.volume.size)) for each in made)
        rows = [
            (*volume_cells(each.volume), one_line(each.made.id), f"{each.volume.size:>{digits}} GiB")
            for each in made
            if each.made
        ]
        yield f"CREATED  {counted(len(rows), 'snapshot')}"
        yield from columns(rows) if detail.lists else ()
    if outcome.repeated:
        yield f"ALREADY THERE  {counted(outcome.repeated, 'snapshot')}, made by an earlier delivery or try of this run"


def _expired(outcome: Outcome, detail: Detail) -> Iterator[str]:
    rows = [
        (*snapshot_cells(each.volume, decision.snapshot), one_line(decision.reason))
        for each in by_name(outcome.volumes)
        for decision in each.expired
    ]
    if outcome.expired:
        before = outcome.expired - len(rows)
        where = (
            f", {before:,} of them by earlier invocations of this run: the log lists those" if before else ""
        )
        yield f"EXPIRED  {counted(outcome.expired, 'snapshot')}{where}"
        yield from columns(rows) if detail.lists and rows else ()


def _unselected(outcome: Outcome, detail: Detail) -> Iterator[str]:
    """Say what nothing deletes any more, and how a person does."""
    rows = [
        (
            named(each.name),
            one_line(each.volume_id),
            f"not selected any more{', since lately' * each.lately}" if each.there else "gone",
            counted(each.snapshots, "snapshot"),
            f"at most {each.at_most_gib:,} GiB",
        )
        for each in outcome.unselected
    ]
    if rows:
        yield f"NO LONGER BACKED UP  {counted(len(rows), 'volume')} whose snapshots are kept until a person deletes them"
        yield from columns(rows) if detail.notes else ()
        yield from _lost(outcome)
        volume = one_line(outcome.unselected[0].volume_id) if len(rows) == 1 else "VOLUME_ID"
        yield from paragraph("When nobody needs them any more:")
        yield f"    {_deletion(outcome.run, volume)}"


def _lost(outcome: Outcome) -> Iterator[str]:
    if lost := len(outcome.lost):
        yield from paragraph(
            f"To do: did {counted(lost, 'volume')} lose the tag {one_line(outcome.run.selector)} by mistake?"
        )


def _deletion(run: Run, volume: str) -> str:
    """Write the command that deletes the set's snapshots of one volume."""
    filters = f"Name=volume-id,Values={volume} Name=tag:{TAG_SET},Values={run.backup_set}"
    return one_line(
        f"aws ec2 describe-snapshots --region {run.region} --owner-ids self --filters {filters}"
        " --query 'Snapshots[].[SnapshotId]' --output text"
        f" | xargs -n 1 aws ec2 delete-snapshot --region {run.region} --snapshot-id",
        1000,
    )


def _holds(outcome: Outcome) -> Iterator[str]:
    """Sum up the set; a period without a restore point stands there too."""
    if not outcome.holdings:
        return
    held = outcome.holdings.values()
    points = counted(sum(each.points for each in held), "restore point")
    gib = sum(each.at_most_gib for each in held)
    yield f"HELD  {points} in set {one_line(outcome.run.backup_set)}, at most {gib:,} GiB (blocks that did not change are stored once)"
    yield from columns([_holding_row(period, outcome.holdings.get(period)) for period in Period])


def _holding_row(period: Period, each: Holding | None) -> Sequence[str]:
    if each is None:
        return (period, "none", "", "", "")
    span = f"{minute(each.oldest)} to {minute(each.newest)}" if each.points > 1 else minute(each.newest)
    volumes = f"of {counted(each.volumes, 'volume')}"
    return (period, counted(each.points, "restore point"), volumes, span, f"at most {each.at_most_gib:,} GiB")
