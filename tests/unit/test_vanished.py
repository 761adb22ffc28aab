"""What somebody else deleted is counted from the newest restore point's own number; what our own runs delete is not."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ebs_backup.model import Older, Run, Snapshot
from ebs_backup.names import OFF
from ebs_backup.retention import Rule
from ebs_backup.vanished import count_vanished
from tests.unit.builders import NIGHT, a_run, a_snapshot
from tests.unit.lives import WEEKDAYS, Life, seeded

EVERY_NIGHT = "30 1 * * ? *"
SEEDS = range(80)


def points(*nights: int, older: Older | None = None) -> list[Snapshot]:
    """Return completed restore points, so many nights ago each; the newest has the number."""
    there = [a_snapshot(id=f"snap-{ago}", days_ago=ago) for ago in nights]
    newest = min(there, key=lambda snapshot: NIGHT - snapshot.started)
    return [replace(it, older=older or Older(stay=3)) if it is newest else it for it in there]


def count(
    there: list[Snapshot],
    *,
    keep: int = 4,
    schedule: str = EVERY_NIGHT,
    run: Run | None = None,
    at: datetime = NIGHT,
) -> int:
    rule = Rule(keep=keep, source="keep_day", schedule=schedule)
    return count_vanished(there, rule=rule, run=run or a_run(), at=at)


def test_all_are_there() -> None:
    assert count(points(1, 2, 3, 4)) == 0


def test_two_of_the_four_are_not() -> None:
    assert count(points(1, 4)) == 2


def test_a_volume_that_has_no_restore_point_lacks_none() -> None:
    assert count([]) == 0


def test_a_restore_point_without_a_number_says_nothing() -> None:
    assert count([a_snapshot(days_ago=1, older=None)]) == 0


def test_those_of_another_period_do_not_replace_what_vanished() -> None:
    weeks = [a_snapshot(id=f"snap-w{ago}", period="week", days_ago=ago) for ago in (2, 3, 4)]

    assert count([*points(1), *weeks]) == 3


def test_another_tools_snapshots_do_not_replace_it_either() -> None:
    foreign = [a_snapshot(id=f"snap-f{ago}", ours=False, days_ago=ago) for ago in (2, 3, 4)]

    assert count([*points(1), *foreign]) == 3


def test_what_is_beyond_a_lowered_keep_may_be_missing() -> None:
    assert count(points(1, 2, older=Older(stay=9)), keep=2) == 0


def test_a_raised_keep_asks_for_no_more_than_there_was() -> None:
    assert count(points(1, 2, 3, 4), keep=30) == 0


def test_what_was_pending_then_may_have_failed_since() -> None:
    assert count(points(1, 3, 4, older=Older(stay=3, pending=1))) == 0


def test_after_a_night_without_a_restore_point_one_less_is_expected() -> None:
    """The lost run may have deleted one, and its own restore point failed and is deleted."""
    assert count(points(2, 3, 4)) == 0
    assert count(points(2, 3)) == 1


def test_a_late_run_may_have_had_others_before_it() -> None:
    assert count(points(1, 2, 3), at=NIGHT + timedelta(hours=6)) == 0


def test_a_run_by_hand_may_come_after_the_nights_own_that_failed() -> None:
    by_hand = a_run(id="by-hand", scheduled=False)

    assert count(points(1, 2, 3), run=by_hand) == 0


def test_a_run_by_hand_after_the_nights_own_sees_what_vanished_in_between() -> None:
    """The night's own restore point has the number."""
    by_hand = a_run(id="by-hand", time=NIGHT + timedelta(hours=6), scheduled=False)

    assert count(points(0, 1, 2), run=by_hand, at=by_hand.time) == 1


def test_the_runs_own_failed_restore_point_says_what_was_there_before_it() -> None:
    failed = a_snapshot(id="snap-new", run=a_run().id, state="error", older=3, days_ago=0)

    assert count([failed, *points(1, 2, 3)]) == 0
    assert count([failed, *points(1, 2)]) == 1


def test_a_coarser_schedule_has_fewer_occasions_and_nothing_vanished() -> None:
    assert count(points(1, 2, 3, 4), schedule="30 1 ? * MON *") == 0


def test_without_a_schedule_each_restore_point_is_an_occasion() -> None:
    by_hand = a_run(id="by-hand", scheduled=False)

    assert count(points(1, 2, 3, 4), schedule=OFF, run=by_hand) == 0
    assert count(points(1), schedule=OFF, run=by_hand) == 2


def test_a_schedule_that_has_not_fired_yet_counts_as_another_one() -> None:
    assert count(points(1, 2, 3), schedule="30 1 * * ? 2027") == 0
    assert count(points(1), schedule="30 1 * * ? 2027") == 2


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_our_own_runs_do_nothing_is_counted(seed: int) -> None:
    draw = seeded(seed)
    life = Life(draw=draw, odds=draw.choice((0.02, 0.1, 0.3)))

    life.live(60)

    assert life.made > 0
    assert not any(life.alarms)


@pytest.mark.parametrize("schedule", [WEEKDAYS, "30 2 ? * SAT *", "30 3 1 * ? *"])
@pytest.mark.parametrize("seed", range(2))
def test_a_year_has_no_false_alarm(seed: int, schedule: str) -> None:
    life = Life(draw=seeded(seed), odds=0.05, schedule=schedule)

    life.live(400)

    assert life.made >= 12
    assert not any(life.alarms)


@pytest.mark.parametrize("keep", [2, 4, 9])
@pytest.mark.parametrize("seed", range(20))
def test_of_a_quiet_volume_every_restore_point_that_somebody_deletes_is_counted(seed: int, keep: int) -> None:
    draw = seeded(seed)
    life = Life(draw=draw, keep=keep, schedule=WEEKDAYS)
    life.live(20)
    going = draw.sample(list(life.older_than_newest()), draw.randint(1, keep - 1))
    life.ec2.there = [snapshot for snapshot in life.ec2.there if snapshot not in going]
    before = len(life.alarms)

    life.live(10)

    first, *later = life.alarms[before:]
    assert first == len(going)
    assert not any(later)
