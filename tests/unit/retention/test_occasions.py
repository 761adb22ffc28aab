"""What an occasion is: extra runs never shorten the history."""

from datetime import UTC, datetime, timedelta

import pytest

from ebs_backup.names import OFF
from ebs_backup.retention import (
    occasion_of,
    older_occasions,
)
from tests.unit.builders import EVERY_NIGHT, NIGHT, a_snapshot
from tests.unit.retention.examples import (
    FIRST_OF_MONTH,
    WEEKNIGHTS,
    a_point,
    decide,
    goes,
    on,
    rotated,
    run_by_run,
)


@pytest.mark.parametrize(
    ("at", "gone"),
    [("2026-11-22 10", set()), ("2026-11-23 00", set()), ("2026-11-23 10", {"2026-11-19"})],
)
def test_five_extra_runs_within_ten_minutes_expire_no_more_than_one_run_would(
    at: str, gone: set[str]
) -> None:
    history = [on(f"2026-11-{day}") for day in (19, 20, 21, 22)]
    extra = [on(f"{at}:0{minute}", f"by hand {minute}") for minute in (0, 2, 4, 6, 8)]

    left = run_by_run(history, extra, keep=4)

    assert left == [point.id for point in (*history, *extra) if point.id not in gone]


def test_months_are_not_pushed_out_by_runs_by_hand_within_one_month() -> None:
    history = [on(f"2026-{month}-01 03:30") for month in ("08", "09", "10")]
    extra = [on("2026-11-23 10:00"), on("2026-11-30 10:00"), on("2026-12-07 10:00")]

    left = run_by_run(history, extra, keep=3, schedule=FIRST_OF_MONTH)

    assert left == ["2026-10-01 03:30", "2026-11-23 10:00", "2026-11-30 10:00", "2026-12-07 10:00"]


def test_five_queued_events_replayed_on_one_day_are_one_occasion() -> None:
    history = [on(f"2026-11-{day}") for day in (20, 21, 22, 23)]
    replayed = [on(f"2026-11-28 10:0{number}", f"2026-11-{24 + number}T01:30:00Z") for number in range(5)]

    left = run_by_run(history, replayed, keep=4)

    assert left == [
        *("2026-11-21", "2026-11-22", "2026-11-23"),
        *(point.id for point in replayed),
    ]


def test_all_restore_points_of_an_occasion_go_when_it_leaves() -> None:
    extra = a_point(1.9, run="by hand")  # two hours after the run of two nights ago

    assert goes(a_point(0), a_point(1), a_point(2), extra, keep=2) == ["snap-2", "snap-1.9"]


def test_an_extra_run_that_completed_counts_where_the_scheduled_one_is_pending() -> None:
    extra = a_point(-0.2, run="by hand")

    decisions = decide(extra, a_point(0, "pending"), a_point(1), keep=1)

    assert decisions == {
        "snap--0.2": "kept: 1 of 1",
        "snap-0": "kept: 1 of 1",
        "snap-1": "expired: beyond keep_day=1",
    }


@pytest.mark.parametrize(
    ("started", "day"),
    [
        (NIGHT, 23),
        (NIGHT - timedelta(seconds=60), 23),
        (NIGHT - timedelta(seconds=61), 20),  # the Friday before
        (NIGHT + timedelta(hours=23, minutes=58, seconds=59), 23),
        (NIGHT + timedelta(hours=23, minutes=59), 24),
    ],
)
def test_an_occasion_begins_a_minute_before_its_firing_for_clocks_differ(started: datetime, day: int) -> None:
    occasion = occasion_of(a_snapshot(started=started), WEEKNIGHTS)

    assert occasion == (datetime(2026, 11, day, 1, 30, tzinfo=UTC), "")


def test_the_weekend_belongs_to_the_run_of_friday() -> None:
    friday, by_hand, monday = a_point(3), a_point(1.5), a_point(0)

    decisions = decide(friday, by_hand, monday, keep=2, schedule=WEEKNIGHTS)

    assert decisions == {"snap-0": "kept: 1 of 2", "snap-1.5": "kept: 2 of 2", "snap-3": "kept: 2 of 2"}


def test_what_is_from_before_the_first_firing_is_one_occasion() -> None:
    from_2027_on = "30 1 * * ? 2027-2199"
    history = [a_point(days_ago) for days_ago in range(5)]

    assert goes(*history, keep=1, schedule=from_2027_on) == []
    assert goes(on("2027-01-01"), *history, keep=2, schedule=from_2027_on) == []
    assert len(goes(on("2027-01-01"), *history, keep=1, schedule=from_2027_on)) == 5


def test_under_a_period_that_is_off_every_restore_point_is_an_occasion() -> None:
    within_minutes = [a_point(number / 1000) for number in range(4)]

    assert goes(*within_minutes, keep=2, schedule=OFF) == ["snap-0.003", "snap-0.002"]


def test_under_a_period_that_is_off_equal_start_times_are_two_occasions() -> None:
    same = [a_point(0, id=f"snap-{name}", run=f"run-{name}") for name in "ab"]

    assert goes(*same, keep=2, schedule=OFF) == []
    assert goes(*same, keep=1, schedule=OFF) == ["snap-a"]


def test_older_occasions_are_those_before_one_of_which_more_than_duplicates_is_there() -> None:
    twin = a_point(3 - 1.5 / 24, id="snap-twin", run="twice")
    extra = a_point(1.9, run="by hand")
    history = [a_point(0), a_point(1), a_point(2), extra, a_point(3, run="twice"), twin]

    decisions = rotated(*history, keep=2)

    nights = [occasion_of(a_point(days_ago), EVERY_NIGHT) for days_ago in range(4)]
    assert older_occasions(decisions, nights[0]) == set(nights[1:])
    assert older_occasions(decisions, nights[3]) == set()
