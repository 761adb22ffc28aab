"""The part of a report that says what a person should check, what was done, and what the set holds. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from ebs_backup.inventory import Foreign, Holding, Unselected
from ebs_backup.model import Decision, Fate, Snapshot
from ebs_backup.names import TAG_HOLD, TAG_PERIOD, TAG_RUN, TAG_SET, TAG_SKIP, Period, keep_tag
from ebs_backup.outcome import Outcome
from ebs_backup.overrides import SNAPSHOTS_OWN
from ebs_backup.report.text import (
    FEW,
    Command,
    Part,
    Row,
    by_name,
    counted,
    decision_rows,
    ids,
    named,
    one_line,
    snapshot_row,
    who,
    word,
)
from ebs_backup.tags import minute
from ebs_backup.volume_outcome import Made

MOST = 20  # rows about things that need no attention: the log has the others
EARLIER = "by an earlier try"


def looks(outcome: Outcome) -> Iterator[Part]:
    """Return what a person should look at before it costs a backup."""
    parts = (_deferred(outcome), _foreign(outcome), *_tags(outcome), *_volumes(outcome))
    yield from (part for part in parts if part.rows)


def done(outcome: Outcome) -> Iterator[Part]:
    """Return what was done, what was left alone, and what the set holds now."""
    hold = counted(outcome.on_hold, "snapshot")
    parts = (
        *_left_alone(outcome),
        _created(outcome),
        _expired(outcome),
        _undeletable(outcome),
        Part(heading=f"ON HOLD  {hold}", rows=[(f"kept by the tag {TAG_HOLD}",)] * bool(outcome.on_hold)),
        _unselected(outcome),
        _held(outcome),
    )
    yield from (part for part in parts if part.rows or part.text)


def _deferred(outcome: Outcome) -> Part:
    by_volume: defaultdict[str, list[Decision]] = defaultdict(list)
    for decision in outcome.of(Fate.DEFERRED):
        by_volume[decision.snapshot.volume_id].append(decision)
    period = outcome.run.period
    return Part(
        heading=f"DEFERRED  {counted(outcome.deferred, 'snapshot')} of {counted(len(by_volume), 'volume')}",
        news=f"{counted(outcome.deferred, 'snapshot')} deferred",
        text="They have expired, and later runs delete them: one run deletes at most max_expired_per_volume occasions of"
        " a volume.",
        rows=sorted(map(_deferred_row, by_volume.values())),
        to_do=f"Check that keep_{period} is what you want. If you did not lower it on purpose, set it back before the next"
        f" run and run `npx cdk deploy`. A volume's own count is its tag {keep_tag(period)}.",
    )


def _deferred_row(decisions: Sequence[Decision]) -> Row:
    snapshot = decisions[0].snapshot
    times = sorted(decision.snapshot.started for decision in decisions)
    occasions = counted(len({decision.occasion for decision in decisions}), "occasion")
    number = f"{occasions}, {counted(len(decisions), 'snapshot')}"
    span, reason = _span(times[0], times[-1]), one_line(decisions[0].reason)
    return named(snapshot.name), number, one_line(snapshot.volume_id), span, reason


def _foreign(outcome: Outcome) -> Part:
    """Return the snapshots to which another tool copied this set's tags, and how to stop it."""
    foreign = sorted(outcome.foreign, key=lambda volume: not volume.spreads)
    number = sum(len(volume.snapshots) for volume in foreign)
    spreading = " ".join(word(volume.volume_id) for volume in foreign[:MOST] if volume.spreads)
    keys = " ".join(f"Key={tag}" for tag in sorted(SNAPSHOTS_OWN))
    remove = f"aws ec2 delete-tags --region {word(outcome.run.region)} --resources {spreading} --tags {keys}"
    return Part(
        heading=f"FOREIGN SNAPSHOTS  {counted(number, 'snapshot')}",
        news=counted(number, "foreign snapshot"),
        text="Another tool copied this set's tags to them. They are left alone and not counted.",
        rows=[_foreign_row(volume) for volume in foreign],
        to_do="Remove the set's tags from the volumes. The volumes that spread them are marked above. This changes no snapshot."
        if spreading
        else "There is nothing to do, unless more of them come.",
        commands=[Command("To remove the tags", remove)] if spreading else (),
    )


def _foreign_row(volume: Foreign) -> Row:
    number = counted(len(volume.snapshots), "snapshot")
    fact = f"spreads the tags, {number}" if volume.spreads else number
    few = ", ".join(one_line(snapshot) for snapshot in volume.snapshots[:FEW])
    return named(volume.name), fact, one_line(volume.volume_id), few


def _tags(outcome: Outcome) -> Iterator[Part]:
    """Return the snapshots whose tags are not what a run wrote, and those that never complete."""
    strays, odd = outcome.strays, [decision for decision in outcome.decisions if decision.edited]
    stale = [snapshot for volume in by_name(outcome.volumes) for snapshot in volume.stale]
    yield Part(
        heading=f"STRAY SNAPSHOTS  {counted(len(strays), 'snapshot')}",
        news=counted(len(strays), "stray snapshot"),
        text="They have no run, or an unknown period. They are kept and not counted.",
        rows=[snapshot_row(stray, f"period {stray.period!r}, run {stray.run!r}") for stray in strays],
        to_do=f"Correct their tags: {TAG_PERIOD} and {TAG_RUN}.",
    )
    yield Part(
        heading=f"EDITED TAGS  {counted(len(odd), 'snapshot')}",
        news=counted(len(odd), "edited tag"),
        text="Nobody can say which of them is the right one, so all are kept.",
        rows=decision_rows(odd),
        to_do=f"Correct their tags: {TAG_RUN}. Or put {TAG_HOLD}=true on those that should stay.",
    )
    yield Part(
        heading=f"PENDING TOO LONG  {counted(len(stale), 'snapshot')}",
        news=f"{len(stale):,} pending too long",
        text="They have been pending for longer than max_age_..., and do not count as backups.",
        rows=[snapshot_row(snapshot, snapshot.period) for snapshot in stale],
        to_do="Ask AWS Support why.",
    )


def _volumes(outcome: Outcome) -> Iterator[Part]:
    """Return the volumes that are not backed up, but perhaps should be."""
    lost, missing, near = outcome.deselected, outcome.missing, by_name(outcome.near_misses)
    tag = one_line(outcome.run.selector)
    yield Part(
        heading=f"DESELECTED  {counted(len(lost), 'volume')}",
        news=f"{counted(len(lost), 'volume')} deselected",
        text=f"Until recently they had the tag {tag}. Their snapshots are kept.",
        rows=[_unselected_row(volume) for volume in lost],
        to_do="Tag them again, if that was a mistake.",
    )
    yield Part(
        heading=f"NOT SELECTED  {counted(len(missing), 'volume')} that the event names",
        news=f"{len(missing):,} not selected",
        rows=[(one_line(volume),) for volume in missing],
        to_do=f"Correct the ids, or give the volumes exactly the tag {tag}.",
    )
    yield Part(
        heading=f"NEAR MISSES  {counted(len(near), 'volume')}",
        news=f"{len(near):,} near miss{'es' * (len(near) > 1)}",
        text="They are not backed up. Perhaps they should be.",
        rows=[(*who(miss.volume), one_line(miss.why), one_line(miss.volume.place)) for miss in near],
        to_do=f"Give them exactly the tag {tag} (upper and lower case matter). Or tag them"
        f" {tag.partition('=')[0]}=no to end this note.",
    )


def _left_alone(outcome: Outcome) -> Iterator[Part]:
    told = by_name(outcome.volumes)
    skipped = [(*who(volume.volume), one_line(volume.skipped)) for volume in told if volume.skipped]
    noted = [(*who(volume.volume), one_line(note)) for volume in told for note in volume.notes]
    yield Part(
        heading=f"SKIPPED  {counted(len(skipped), 'volume')} by the tag {TAG_SKIP}",
        news=f"{len(skipped):,} skipped",
        rows=skipped,
    )
    yield Part(heading=f"NOTED  {counted(len({row[1] for row in noted}), 'volume')}", rows=noted)


def _created(outcome: Outcome) -> Part:
    """List the restore points of this run, also those of an earlier try."""
    rows = [
        (
            f"{named(volume.volume.name)}, {volume.volume.size:,} GiB",
            f"{one_line(volume.volume.id)} {one_line(volume.made.id)}",
            EARLIER if volume.when is Made.BEFORE else "",
        )
        for volume in by_name(outcome.volumes)
        if volume.made
    ]
    number = f"{outcome.already_made:,} of them" if outcome.created else "all"
    earlier = f", {number} {EARLIER}" if outcome.already_made else ""
    return Part(heading=f"CREATED  {counted(len(rows), 'snapshot')}{earlier}", rows=rows)


def _expired(outcome: Outcome) -> Part:
    rows = decision_rows(outcome.of(Fate.EXPIRED))
    before = outcome.expired - len(rows)
    earlier = (
        f"Earlier invocations of this run deleted {before:,} of them: the log lists those. " if before else ""
    )
    perhaps = "An earlier try of this run may have deleted expired snapshots, too: the log lists them."
    number = counted(outcome.expired, "snapshot") if outcome.expired else "none by this try"
    return Part(
        heading=f"EXPIRED  {number}", text=(earlier + perhaps * bool(outcome.already_made)).strip(), rows=rows
    )


def _undeletable(outcome: Outcome) -> Part:
    """List what keeps expired snapshots: each with the number of snapshots and one example."""
    held: defaultdict[str, list[Snapshot]] = defaultdict(list)
    for decision in outcome.of(Fate.UNDELETABLE):
        holder = re.split("; |, but ", decision.reason)[-1]  # the reason ends with it
        held[one_line(holder)].append(decision.snapshot)
    number = sum(map(len, held.values()))
    text = "They have expired, and are still in use. Nothing is wrong. To free one, deregister its AMI, turn off its fast"
    return Part(
        heading=f"KEPT BY AWS  {counted(number, 'snapshot')}",
        text=f"{text} restore, or wait until its lock ends." if held else "",
        rows=[
            (f"{counted(len(found), 'snapshot')} {by}", named(found[0].name), ids(found[0]))
            for by, found in sorted(held.items(), key=lambda item: -len(item[1]))[:MOST]
        ],
        nameless=max(0, len(held) - MOST),
    )


def _unselected(outcome: Outcome) -> Part:
    """List the volumes that no run backs up any more but that still have snapshots, and how to see these."""
    found = [volume for volume in outcome.unselected if volume not in outcome.deselected]
    volumes = ",".join(volume.volume_id for volume in found) if len(found) <= FEW else "VOLUME_ID"
    filters = (f"Name=volume-id,Values={volumes}", f"Name=tag:{TAG_SET},Values={outcome.run.backup_set}")
    see = f"aws ec2 describe-snapshots --region {word(outcome.run.region)} --owner-ids self --filters"
    gone = any(not volume.there for volume in found)
    return Part(
        heading=f"NO LONGER BACKED UP  {counted(len(found), 'volume')}",
        text="Their snapshots are kept, unless you set expire_gone_after_days." if gone else "",
        rows=[_unselected_row(volume) for volume in found],
        commands=[Command("To see their snapshots", f"{see} {' '.join(map(word, filters))}")],
    )


def _unselected_row(volume: Unselected) -> Row:
    return (
        named(volume.name),
        f"{'not selected' if volume.there else 'gone'}, {one_line(volume.volume_id)}",
        f"{counted(volume.snapshots, 'snapshot')}, at most {volume.at_most_gib:,} GiB",
    )


def _held(outcome: Outcome) -> Part:
    """Return what the set holds, by period; a period without a restore point is listed too."""
    held = outcome.holdings
    points = counted(sum(holding.points for holding in held.values()), "restore point")
    gib = sum(holding.at_most_gib for holding in held.values())
    rows = [_held_row(period, held[period]) if period in held else (f"{period}: none",) for period in Period]
    return Part(heading=f"HELD  {points}, at most {gib:,} GiB", rows=rows if held else ())


def _held_row(period: Period, holding: Holding) -> Row:
    volumes = counted(holding.volumes, "volume")
    held = f"{period}: {holding.points:,} ({volumes}), {holding.at_most_gib:,} GiB"
    return held, _span(holding.oldest, holding.newest)


def _span(oldest: datetime, newest: datetime) -> str:
    return minute(oldest) if oldest == newest else f"{minute(oldest)} to {minute(newest)}"
