"""What goes and why, by named examples: every rule that deletes, alone and where two meet."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from ebs_backup.model import Decision, Fate, Snapshot
from ebs_backup.names import OFF
from ebs_backup.retention import (
    Rule,
    deletion_order,
    expire_all,
    hold,
    hold_until,
    occasion_of,
    older_occasions,
    rotate,
)
from tests.unit.builders import NIGHT, a_snapshot

EVERY_NIGHT = "30 1 * * ? *"
WEEKNIGHTS = "30 1 ? * MON-FRI *"
FIRST_OF_MONTH = "30 3 1 * ? *"
THIS_RUN = "this run"
TODAY = date(2026, 11, 23)


def a_point(
    days_ago: float,
    state: str = "completed",
    *,
    id: str = "",  # noqa: A002 - AWS's word
    run: str | None = None,
    hold: str | None = None,
) -> Snapshot:
    """Make a snapshot of the run of so many nights ago."""
    return a_snapshot(id=id or f"snap-{days_ago}", days_ago=days_ago, state=state, run=run, hold=hold)


def on(when: str, run: str | None = None, *, state: str = "completed") -> Snapshot:
    """Make a snapshot that started at `2026-11-22 10:00`, or at 01:30 of a day; its id is that text."""
    started = datetime.fromisoformat(when if ":" in when else f"{when} 01:30").replace(tzinfo=UTC)
    return a_snapshot(id=when, started=started, run=run, state=state)


def rotated(
    *snapshots: Snapshot,
    keep: int,
    schedule: str = EVERY_NIGHT,
    run: str = THIS_RUN,
    today: date = TODAY,
    source: str = "keep_day",
) -> tuple[Decision, ...]:
    return rotate(snapshots, rule=Rule(keep=keep, source=source, schedule=schedule), run=run, today=today)


def decide(*snapshots: Snapshot, keep: int, schedule: str = EVERY_NIGHT) -> dict[str, str]:
    return {each.snapshot.id: each.sentence for each in rotated(*snapshots, keep=keep, schedule=schedule)}


def goes(*snapshots: Snapshot, keep: int, schedule: str = EVERY_NIGHT, run: str = THIS_RUN) -> list[str]:
    decisions = rotated(*snapshots, keep=keep, schedule=schedule, run=run)
    return [each.snapshot.id for each in deletion_order(decisions)]


def run_by_run(
    history: Iterable[Snapshot], new: Iterable[Snapshot], *, keep: int, schedule: str = EVERY_NIGHT
) -> list[str]:
    """Rotate after each new snapshot, as its run does, and return what is left in the end."""
    held = list(history)
    for made in new:
        held.append(made)
        gone = goes(*held, keep=keep, schedule=schedule, run=made.run)
        held = [snapshot for snapshot in held if snapshot.id not in gone]
    return [snapshot.id for snapshot in held]


# Occasions that are kept


def test_the_newest_keep_occasions_stay_and_the_older_ones_go_oldest_first() -> None:
    history = [a_point(days_ago) for days_ago in range(6)]

    decisions = decide(*history, keep=4)

    assert decisions == {
        "snap-0": "kept: 1 of 4",
        "snap-1": "kept: 2 of 4",
        "snap-2": "kept: 3 of 4",
        "snap-3": "kept: 4 of 4",
        "snap-4": "expired: beyond keep_day=4",
        "snap-5": "expired: beyond keep_day=4",
    }
    assert goes(*history, keep=4) == ["snap-5", "snap-4"]


def test_fewer_than_keep_all_stay() -> None:
    history = [a_point(0), a_point(1)]

    assert goes(*history, keep=4) == []


def test_no_snapshots_is_no_decision() -> None:
    assert rotated(keep=4) == ()


def test_a_keep_of_the_volumes_own_is_named_as_the_reason() -> None:
    decisions = rotated(a_point(0), a_point(1), keep=1, source="its tag ebs-backup:keep-day")

    assert [decision.sentence for decision in decisions] == [
        "kept: 1 of 1",
        "expired: beyond its tag ebs-backup:keep-day=1",
    ]


def test_missed_nights_are_no_occasions_and_cost_no_history() -> None:
    history = [a_point(0), a_point(9), a_point(30), a_point(300), a_point(301)]

    assert goes(*history, keep=4) == ["snap-301"]


def test_with_keep_1_the_completed_one_stays_while_the_new_one_is_pending() -> None:
    decisions = decide(a_point(0, "pending"), a_point(1), a_point(2), keep=1)

    assert decisions == {
        "snap-0": "kept: 1 of 1",
        "snap-1": "kept: last completed",
        "snap-2": "expired: beyond keep_day=1",
    }


def test_with_keep_1_the_older_one_goes_when_the_newer_is_completed() -> None:
    assert goes(a_point(0), a_point(1), keep=1) == ["snap-1"]


def test_pending_ones_count_but_leave_keep_minus_one_completed() -> None:
    history = [a_point(0, "pending"), a_point(1, "pending"), *map(a_point, (2, 3, 4, 5))]

    decisions = decide(*history, keep=4)

    assert decisions["snap-3"] == "kept: 4 of 4"
    assert decisions["snap-4"] == "kept: completed 3 of 3"
    assert decisions["snap-5"] == "expired: beyond keep_day=4"


def test_when_all_that_keep_counts_are_pending_the_last_completed_ones_stay() -> None:
    pending = [a_point(days_ago, "pending") for days_ago in range(4)]

    assert goes(*pending, *map(a_point, (4, 5, 6, 7)), keep=4) == ["snap-7"]


def test_a_restore_point_that_is_pending_for_weeks_is_never_deleted_and_stops_no_other() -> None:
    stuck = a_point(40, "pending")

    decisions = decide(a_point(0), a_point(1), stuck, a_point(41), keep=2)

    assert decisions["snap-40"] == "kept: still pending"
    assert decisions["snap-41"] == "expired: beyond keep_day=2"


@pytest.mark.parametrize("keep", [1, 2])
def test_failed_snapshots_are_none_of_its_business_and_never_count(keep: int) -> None:
    """Makesnapshots 4.0 deletes the good one here."""
    failed = [a_point(0, "error"), a_point(1, "error")]

    assert decide(*failed, a_point(2), keep=keep) == {"snap-2": f"kept: 1 of {keep}"}


@pytest.mark.parametrize("state", ["recoverable", "recovering", "a state of 2030"])
def test_a_snapshot_that_ec2_may_still_change_neither_counts_nor_goes(state: str) -> None:
    decisions = decide(a_point(0), a_point(1, state), a_point(2), a_point(3), keep=2)

    assert decisions["snap-1"] == f"kept: still {state}"
    assert decisions["snap-2"] == "kept: 2 of 2"
    assert decisions["snap-3"] == "expired: beyond keep_day=2"


def test_what_this_run_made_stays_even_when_newer_ones_fill_keep() -> None:
    """An event redelivered days late finds its own restore point older than the next runs'."""
    late = a_point(5, run=THIS_RUN)

    decisions = decide(a_point(1), a_point(2), late, a_point(6), keep=2)

    assert decisions["snap-5"] == "kept: made by this run"
    assert decisions["snap-6"] == "expired: beyond keep_day=2"


def test_equal_start_times_are_told_apart_alike_whatever_the_order() -> None:
    same = [a_point(1, id=f"snap-{name}", run=f"run-{name}") for name in "abc"]

    one_way = rotated(a_point(0), *same, keep=1)
    other_way = rotated(*reversed(same), a_point(0), keep=1)

    assert one_way == other_way
    assert goes(*same, keep=1) == []


@pytest.mark.parametrize(
    "stray",
    [
        a_snapshot(id="stray", days_ago=99, ours=False),
        a_snapshot(id="stray", days_ago=99, run=""),
        a_snapshot(id="stray", days_ago=99, period=""),
        a_snapshot(id="stray", days_ago=99, period="year"),
    ],
    ids=["another tool's", "no run", "no period", "unknown period"],
)
def test_what_is_not_ours_or_belongs_to_no_run_is_not_judged_whoever_asks(stray: Snapshot) -> None:
    rule = Rule(keep=1, source="keep_day", schedule=EVERY_NIGHT)

    rotating = rotate([a_point(0), stray], rule=rule, run=THIS_RUN, today=TODAY)
    expiring = expire_all([a_point(0), stray], rule=rule, reason="its volume is gone", today=TODAY)

    assert [decision.snapshot.id for decision in (*rotating, *expiring)] == ["snap-0", "snap-0"]


# Extra runs


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


# What an occasion is


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


# Duplicates


@pytest.mark.parametrize("hours", [0, 1, 4])
def test_a_duplicate_goes_and_never_counts_as_another_restore_point(hours: float) -> None:
    first = a_point(1, run="twice")
    twin = a_point(1 - hours / 24, id="snap-twin", run="twice")

    decisions = decide(a_point(0), first, twin, a_point(2), a_point(3), keep=3)

    assert decisions["snap-twin"] == "expired: duplicate of snap-1"
    assert decisions["snap-1"] == "kept: 2 of 3"
    assert decisions["snap-2"] == "kept: 3 of 3"
    assert decisions["snap-3"] == "expired: beyond keep_day=3"


@pytest.mark.parametrize(
    ("apart", "said"),
    [
        (timedelta(hours=4, seconds=1), "4 hours"),
        (timedelta(hours=47), "47 hours"),
        (timedelta(days=3), "3 days"),
    ],
)
def test_a_duplicate_further_than_four_hours_apart_stays_and_is_reported(apart: timedelta, said: str) -> None:
    first = a_point(9, run="copied")
    other = a_snapshot(id="snap-other", run="copied", started=first.started + apart)

    decisions = {decision.snapshot.id: decision for decision in rotated(first, other, keep=4)}

    assert decisions["snap-other"].sentence == (
        f"kept: same ebs-backup:run as snap-9, but {said} apart: its tags were edited"
    )
    assert decisions["snap-other"].edited
    assert not decisions["snap-9"].edited


def test_the_same_run_tag_on_thirty_points_days_apart_costs_none_of_them_as_a_duplicate() -> None:
    edited = [a_point(3 * number, run="the same") for number in range(30)]

    assert goes(*edited, keep=1) == []
    assert goes(*edited, keep=1, run="the same") == []


def test_what_is_left_of_points_with_the_same_run_tag_is_not_expired_one_run_at_a_time() -> None:
    """Without the oldest of them, which stands for the run, the next one would stand for it, and so on."""
    edited = [a_point(9 - number, run="the same") for number in range(5)]

    decisions = decide(a_point(0), *edited, keep=1)

    assert decisions["snap-9"] == "kept: its duplicate snap-8 is 24 hours apart"
    assert goes(a_point(0), *edited, keep=1) == []


def test_of_duplicates_the_completed_one_stands_for_its_run_and_a_pending_one_waits() -> None:
    pending, completed = a_point(1, "pending", run="twice"), a_point(1, id="snap-twin", run="twice")

    decisions = decide(pending, completed, keep=1)

    assert decisions == {"snap-twin": "kept: 1 of 1", "snap-1": "kept: duplicate of snap-twin"}


def test_while_none_is_completed_all_duplicates_stay() -> None:
    twins = [a_point(5, "pending", id=f"snap-{name}", run="twice") for name in "abc"]

    decisions = decide(a_point(0), *twins, keep=1)

    assert decisions == {
        "snap-0": "kept: 1 of 1",
        "snap-a": "kept: still pending",
        "snap-b": "kept: duplicate of snap-a",
        "snap-c": "kept: duplicate of snap-a",
    }


def test_while_none_is_completed_a_pending_one_counts_and_one_that_ec2_recovers_does_not() -> None:
    recovering = a_point(1, "recovering", id="snap-recovering", run="twice")
    pending = a_point(0.99, "pending", id="snap-pending", run="twice")

    decisions = decide(recovering, pending, a_point(2), keep=1)

    assert decisions["snap-pending"] == "kept: 1 of 1"
    assert decisions["snap-recovering"] == "kept: duplicate of snap-pending"


def test_a_restore_point_whose_duplicate_is_pending_waits_for_it() -> None:
    """Left alone, a late pending duplicate would be the newest restore point and displace a good one."""
    twin = a_point(0, "pending", id="snap-twin", run="twice")
    history = [a_point(1), a_point(2), a_point(3, run="twice"), twin]

    decisions = decide(*history, keep=2)

    assert decisions["snap-3"] == "kept: its duplicate snap-twin is still pending"
    assert goes(*history, keep=2) == []


def test_a_restore_point_beyond_keep_goes_with_its_duplicates_and_they_go_first() -> None:
    twin = a_point(2, id="snap-twin", run="twice")

    assert goes(a_point(0), a_point(1), a_point(2, run="twice"), twin, keep=1) == [
        "snap-twin",
        "snap-2",
        "snap-1",
    ]


def test_only_a_duplicate_costs_no_restore_point() -> None:
    twin = a_point(1, id="snap-twin", run="twice")

    decisions = rotated(a_point(0), a_point(1, run="twice"), twin, keep=1)

    assert {each.snapshot.id: each.redundant for each in decisions} == {
        "snap-0": False,
        "snap-1": False,
        "snap-twin": True,
    }


# Holds


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("true", "on hold"),
        ("2026-11-24", "on hold until 2026-11-24"),
        ("2026-11-23", "on hold until 2026-11-23"),  # to the end of that day
        ("9999-12-31", "on hold"),
        ("", "on hold, but its tag is '': true, or a date such as 2026-12-24"),
        ("True", "on hold, but its tag is 'True': true, or a date such as 2026-12-24"),
        ("24.12.2026", "on hold, but its tag is '24.12.2026': true, or a date such as 2026-12-24"),
        ("2026-02-30", "on hold, but its tag is '2026-02-30': true, or a date such as 2026-12-24"),
        ("20261224", "on hold, but its tag is '20261224': true, or a date such as 2026-12-24"),
        ("x" * 256, f"on hold, but its tag is '{'x' * 40}': true, or a date such as 2026-12-24"),
    ],
)
def test_a_hold_keeps_what_would_go_and_one_that_cannot_be_read_holds_too(value: str, reason: str) -> None:
    decisions = decide(a_point(0), a_point(1, hold=value), a_point(2), keep=1)

    assert decisions["snap-1"] == f"kept: {reason}"
    assert decisions["snap-2"] == "expired: beyond keep_day=1"


def test_a_hold_ends_after_its_day() -> None:
    history = [a_point(0), a_point(1, hold="2026-11-22")]

    assert goes(*history, keep=1) == ["snap-1"]


def test_a_duplicate_on_hold_stays() -> None:
    twin = a_point(1, id="snap-twin", run="twice", hold="true")

    assert goes(a_point(0), a_point(1, run="twice"), twin, keep=2) == []


def test_a_restore_point_whose_duplicate_is_on_hold_stays_with_it() -> None:
    """Left alone, the held duplicate would stand in a later occasion, and displace a good one from it."""
    every_hour = "30 * * * ? *"
    held = replace(on("2026-11-22 04:30", "twice"), hold="true")
    history = [on("2026-11-22 01:30", "twice"), on("2026-11-22 02:30"), on("2026-11-22 03:30")]

    decisions = decide(*history, held, keep=2, schedule=every_hour)

    assert decisions["2026-11-22 01:30"] == "kept: its duplicate 2026-11-22 04:30 is on hold"
    assert goes(*history, held, keep=2, schedule=every_hour) == []


def test_a_failed_snapshot_holds_nothing_so_a_hold_does_not_keep_it() -> None:
    failed = a_point(1, "error", hold="true")

    assert hold(failed, TODAY) == ""
    assert hold(a_point(1), TODAY) == ""


@pytest.mark.parametrize(
    ("value", "last"),
    [
        ("true", date.max),
        ("2026-12-24", date(2026, 12, 24)),
        ("tomorrow", None),
        ("2026-13-01", None),
        ("2026-12-24 ", None),
        ("\u0662\u0660\u0662\u0666-12-24", None),  # digits, but not ours
    ],
)
def test_the_last_day_of_a_hold_is_read_or_it_cannot_be(value: str, last: date | None) -> None:
    assert hold_until(value) == last


# Volumes that are gone


def test_of_a_volume_that_is_gone_all_goes_but_what_is_held_or_not_settled() -> None:
    rule = Rule(keep=4, source="expire_gone_after_days", schedule=EVERY_NIGHT)
    history = [
        a_point(0),
        a_point(1, hold="true"),
        a_point(2, "pending"),
        a_point(3, "recovering"),
        a_point(4),
    ]

    decisions = expire_all(reversed(history), rule=rule, reason="its volume is gone", today=TODAY)

    assert [decision.sentence for decision in decisions] == [
        "expired: its volume is gone",
        "kept: on hold",
        "kept: still pending",
        "kept: still recovering",
        "expired: its volume is gone",
    ]
    assert [decision.snapshot.id for decision in deletion_order(decisions)] == ["snap-4", "snap-0"]


def test_of_a_volume_that_is_gone_failed_snapshots_go_first_and_cost_no_restore_point() -> None:
    rule = Rule(keep=4, source="expire_gone_after_days", schedule=EVERY_NIGHT)
    history = [a_point(0, "error", hold="true"), a_point(1), a_point(2)]

    decisions = expire_all(history, rule=rule, reason="its volume is gone", today=TODAY)

    order = deletion_order(decisions)
    assert [decision.snapshot.id for decision in order] == ["snap-0", "snap-2", "snap-1"]
    assert [decision.redundant for decision in order] == [True, False, False]


# How many stay


def test_older_occasions_are_those_before_one_of_which_more_than_duplicates_is_there() -> None:
    twin = a_point(3 - 1.5 / 24, id="snap-twin", run="twice")
    extra = a_point(1.9, run="by hand")
    history = [a_point(0), a_point(1), a_point(2), extra, a_point(3, run="twice"), twin]

    decisions = rotated(*history, keep=2)

    nights = [occasion_of(a_point(days_ago), EVERY_NIGHT) for days_ago in range(4)]
    assert older_occasions(decisions, nights[0]) == set(nights[1:])
    assert older_occasions(decisions, nights[3]) == set()


def test_a_failed_snapshot_of_a_volume_that_is_gone_is_no_older_occasion() -> None:
    rule = Rule(keep=4, source="expire_gone_after_days", schedule=EVERY_NIGHT)

    decisions = expire_all([a_point(1), a_point(2, "error")], rule=rule, reason="gone", today=TODAY)

    nights = [occasion_of(a_point(days_ago), EVERY_NIGHT) for days_ago in range(2)]
    assert older_occasions(decisions, nights[0]) == {nights[1]}


def test_every_fate_but_kept_starts_as_expired() -> None:
    decisions = rotated(*map(a_point, range(9)), keep=2)

    assert {decision.fate for decision in decisions} == {Fate.KEPT, Fate.EXPIRED}
