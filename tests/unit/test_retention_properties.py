"""What goes and why, by properties: what no history of snapshots, however odd, can make the rotation do."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ebs_backup.model import Decision, Snapshot, Verdict
from ebs_backup.retention import deletion_order, rotate
from ebs_backup.settings import Period
from tests.unit.builders import a_snapshot

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
RUN = "run-3"
STATES = ("completed", "completed", "completed", "pending", "error", "recovering", "recoverable")


@st.composite
def histories(draw: st.DrawFn) -> list[Snapshot]:
    """Draw snapshots of one volume: few runs and few start times, so that ties and duplicates are common."""
    parts = st.tuples(
        st.sampled_from(("day", "day", "day", "week", "")),
        st.sampled_from(("", *(f"run-{number}" for number in range(8)))),
        st.sampled_from(STATES),
        st.integers(min_value=0, max_value=9),
    )
    return [
        a_snapshot(
            id=f"snap-{number}", period=period, run=run, state=state, started=EPOCH + timedelta(days=day)
        )
        for number, (period, run, state, day) in enumerate(draw(st.lists(parts, max_size=24)))
    ]


keeps = st.integers(min_value=1, max_value=6)


def decide(history: list[Snapshot], keep: int) -> tuple[Decision, ...]:
    return rotate(history, keep=keep, period=Period.DAY, run=RUN)


def survivors(history: list[Snapshot], keep: int) -> list[Snapshot]:
    doomed = {each.snapshot.id for each in deletion_order(decide(history, keep))}
    return [each for each in history if each.id not in doomed]


def runs(snapshots: list[Snapshot], *states: str) -> list[str]:
    """Give the runs that have a snapshot in one of these states, newest first by that snapshot's start."""
    newest = sorted(
        (each for each in snapshots if each.state in states and each.period == "day" and each.run),
        key=lambda each: each.started,
    )
    return list(dict.fromkeys(each.run for each in reversed(newest)))


@given(histories(), keeps)
def test_every_snapshot_gets_exactly_one_decision_with_a_reason(history: list[Snapshot], keep: int) -> None:
    decisions = decide(history, keep)

    assert sorted(each.snapshot.id for each in decisions) == sorted(each.id for each in history)
    assert all(each.reason for each in decisions)


@given(histories(), keeps, st.randoms())
def test_the_order_of_the_input_is_irrelevant(history: list[Snapshot], keep: int, random: object) -> None:
    shuffled = history.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined] # hypothesis's Random has no stubs

    before = {each.snapshot.id: each.sentence for each in decide(history, keep)}
    after = {each.snapshot.id: each.sentence for each in decide(shuffled, keep)}

    assert before == after


@given(histories(), keeps)
def test_a_restore_point_expires_only_when_keep_newer_ones_stay(history: list[Snapshot], keep: int) -> None:
    decisions = decide(history, keep)
    stays = survivors(history, keep)

    for doomed in (each.snapshot for each in decisions if each.verdict is Verdict.EXPIRED):
        newer = {
            each.run
            for each in stays
            if each.usable and each.period == "day" and each.started >= doomed.started
        }
        assert len(newer - {"", doomed.run}) >= keep


@given(histories(), keeps)
def test_a_completed_snapshot_always_survives_where_there_was_one(history: list[Snapshot], keep: int) -> None:
    had, has = runs(history, "completed"), runs(survivors(history, keep), "completed")

    assert len(has) >= min(len(had), max(1, keep - 1))


@given(histories(), keeps)
def test_the_newest_completed_snapshots_run_survives(history: list[Snapshot], keep: int) -> None:
    completed = [each for each in history if each.state == "completed" and each.period == "day" and each.run]
    first_of_run = {
        run: min((s.started, s.id) for s in completed if s.run == run) for run in runs(completed, "completed")
    }

    if first_of_run:
        newest = max(first_of_run, key=lambda run: (first_of_run[run][0], run == RUN, run))
        assert newest in runs(survivors(history, keep), "completed")


@given(histories(), keeps)
def test_only_completed_and_failed_snapshots_of_this_period_ever_go(
    history: list[Snapshot], keep: int
) -> None:
    doomed = [each.snapshot for each in deletion_order(decide(history, keep))]

    assert all(each.state in ("completed", "error") and each.period == "day" and each.run for each in doomed)


@given(histories(), keeps)
def test_what_this_run_made_survives(history: list[Snapshot], keep: int) -> None:
    assert (RUN in runs(history, "completed", "pending")) == (
        RUN in runs(survivors(history, keep), "completed", "pending")
    )


@given(histories(), keeps)
def test_rotating_what_is_left_deletes_nothing_more(history: list[Snapshot], keep: int) -> None:
    left = survivors(history, keep)

    assert survivors(left, keep) == left


@given(histories(), keeps, st.integers(min_value=0, max_value=24))
def test_a_rotation_cut_short_anywhere_ends_in_the_same_place(
    history: list[Snapshot], keep: int, cut: int
) -> None:
    whole = survivors(history, keep)
    first = {each.snapshot.id for each in deletion_order(decide(history, keep))[:cut]}

    assert survivors([each for each in history if each.id not in first], keep) == whole
