"""Outcomes as Hypothesis draws them, odd texts and all, and one that has everything in it."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from ebs_backup.freshness import Freshness, Overdue
from ebs_backup.inventory import Foreign, Holding, Unselected
from ebs_backup.model import Continued, Decision, FailedSnapshot, Failure, Fate, check, note, problem
from ebs_backup.names import Period
from ebs_backup.outcome import Outcome
from ebs_backup.selection import NearMiss
from ebs_backup.volume_outcome import Made, VolumeOutcome
from tests.unit.builders import NIGHT, a_run, a_snapshot, a_volume, altered

HOLDINGS = {
    Period.DAY: Holding(
        points=15, volumes=5, oldest=NIGHT - timedelta(days=6), newest=NIGHT, at_most_gib=4432
    ),
    Period.MONTH: Holding(
        points=1,
        volumes=1,
        oldest=NIGHT - timedelta(days=22),
        newest=NIGHT - timedelta(days=22),
        at_most_gib=8,
    ),
}

words = st.text(max_size=40) | st.sampled_from(
    ["a\nb", "\r\n\r\nCREATED  1", "\x00\x1b[31m", "\u2028", "日次" * 200, "\ud800", 'it\'s $(x) `y` "z"']
)
# AWS lets no region and no function begin with a dash.
names = words.filter(lambda word: not word.startswith("-"))
ids = st.integers(0, 0xFFFF).map("vol-{:017x}".format)
moments = st.floats(0, 4000).map(lambda days: NIGHT - timedelta(days=days))
periods = st.sampled_from(Period)
snapshots = st.builds(
    a_snapshot,
    id=words,
    name=words,
    volume_id=ids,
    period=st.sampled_from(["day", "", "x"]),
    run=words,
    state=st.sampled_from(["completed", "pending", "error", "recoverable"]),
    started=moments,
)
decisions = st.lists(
    st.builds(
        Decision,
        snapshot=snapshots,
        fate=st.sampled_from(Fate),
        reason=words,
        occasion=st.tuples(moments, words),
        edited=st.booleans(),
    ),
    max_size=4,
).map(tuple)
failed_snapshots = st.lists(
    st.builds(
        FailedSnapshot,
        id=words,
        volume_id=ids,
        name=words,
        period=words | periods,
        started=moments,
        message=words,
    ),
    max_size=2,
).map(tuple)
failure = st.builds(
    Failure, resource=words, action=words, code=words | st.just("VolumeError"), message=words, advice=words
)
failures = st.lists(failure, max_size=2).map(tuple)
a_wild_volume = st.builds(
    a_volume,
    id=ids,
    name=words,
    device=words,
    instance=words,
    instance_name=words,
    size=st.integers(1, 65536),
)


def _without_contradictions(volume: VolumeOutcome) -> VolumeOutcome:
    """Return the volume as a run could leave it: one that is gone or skipped has no restore point and no failure."""
    if volume.made:
        when = (Made.NOW, Made.BEFORE)[len(volume.decisions) % 2]
        return replace(volume, when=when, gone=False, skipped="")
    left_alone = volume.gone or volume.skipped
    return altered(volume, failures=(), failed=(), overdue=()) if left_alone else volume


volumes = st.builds(
    VolumeOutcome,
    volume=a_wild_volume,
    made=st.none() | snapshots,
    unfinished=st.booleans(),
    gone=st.booleans(),
    decisions=decisions,
    failed=failed_snapshots,
    remarks=st.lists(failure.map(problem) | failure.map(check) | words.map(note), max_size=6).map(tuple),
    skipped=st.just("") | words,
    freshness=st.builds(
        Freshness,
        overdue=st.lists(
            st.builds(Overdue, period=periods, limit=st.just(9), newest=st.none() | snapshots), max_size=2
        ).map(tuple),
        stale=st.lists(snapshots, max_size=2).map(tuple),
        newest_completed=st.none() | snapshots,
    ),
).map(_without_contradictions)
runs = st.builds(
    a_run,
    id=words,
    period=periods,
    backup_set=words,
    region=names,
    selector=words,
    function=names,
    log_group=words,
    account=words,
    scheduled=st.booleans(),
    only=st.lists(ids, max_size=9, unique=True).map(tuple),
    continued=st.none()
    | st.builds(
        Continued,
        run=words,
        began=moments,
        invocation=st.integers(2, 12),
        expired=st.integers(0, 99),
        failed=failed_snapshots,
        more_failed=st.integers(0, 9),
    ),
)
outcomes: st.SearchStrategy[Outcome] = st.deferred(
    lambda: _drawn
)  # deferred, or Hypothesis would print 37 kB of strategies
_drawn: st.SearchStrategy[Outcome] = st.builds(
    Outcome,
    run=runs,
    volumes=st.lists(volumes, max_size=5).map(tuple),
    near_misses=st.lists(st.builds(NearMiss, volume=a_wild_volume, why=words), max_size=2).map(tuple),
    failed_elsewhere=failed_snapshots,
    unselected=st.lists(
        st.builds(
            Unselected,
            volume_id=ids,
            name=words,
            there=st.booleans(),
            lately=st.booleans(),
            snapshots=st.integers(1, 9),
            at_most_gib=st.integers(0, 10**6),
        ),
        max_size=8,
    ).map(tuple),
    foreign=st.lists(
        st.builds(
            Foreign,
            volume_id=ids,
            name=words,
            spreads=st.booleans(),
            snapshots=st.lists(words, min_size=1, max_size=8).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
    strays=st.lists(snapshots, max_size=3).map(tuple),
    retired=decisions,
    missing=st.lists(ids, max_size=3).map(tuple),
    on_hold=st.integers(0, 3),
    holdings=st.just({}) | st.just(HOLDINGS),
    seconds=st.floats(0, 900),
    continuation_failure=st.none() | failure,
    lookup_failure=st.none() | failure,
    other_checks=failures,
)
