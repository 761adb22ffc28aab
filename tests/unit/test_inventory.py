"""What a set holds: restore points by period, an upper bound of their size, and what nothing deletes any more."""

from datetime import timedelta

from ebs_backup.inventory import Foreign, Unselected, foreign, holdings, unselected
from ebs_backup.names import Period
from tests.unit.builders import NIGHT, a_snapshot


def test_each_period_has_its_restore_points_its_span_and_its_size() -> None:
    held = (
        a_snapshot(id="snap-1", days_ago=3, size=10),
        a_snapshot(id="snap-2", days_ago=1, size=10),
        a_snapshot(id="snap-3", days_ago=1, size=5, volume_id="vol-0b"),
        a_snapshot(id="snap-4", days_ago=30, size=10, period="month"),
    )

    found = holdings(held, ())

    day = found[Period.DAY]
    assert (day.points, day.volumes, day.at_most_gib) == (3, 2, 25)
    assert (day.oldest, day.newest) == (NIGHT - timedelta(days=3), NIGHT - timedelta(days=1))
    assert Period.WEEK not in found
    assert found[Period.MONTH].points == 1


def test_a_duplicate_is_no_second_restore_point_but_takes_room() -> None:
    found = holdings([a_snapshot(id="snap-1", run="x", size=8), a_snapshot(id="snap-2", run="x", size=8)], ())

    assert (found[Period.DAY].points, found[Period.DAY].at_most_gib) == (1, 16)


def test_a_failed_snapshot_holds_nothing() -> None:
    assert holdings([a_snapshot(state="error")], ()) == {}


def test_the_size_is_what_ec2_says_that_it_holds_where_ec2_says_it() -> None:
    known = a_snapshot(id="snap-1", run="a", size=100, full_bytes=3 * 2**30 + 1)

    found = holdings([known, a_snapshot(id="snap-2", run="b", size=100)], ())

    assert found[Period.DAY].at_most_gib == 104


def test_a_snapshot_that_is_still_pending_is_counted_whole_for_ec2_does_not_know_yet_what_it_holds() -> None:
    found = holdings([a_snapshot(state="pending", size=100, full_bytes=0)], ())

    assert found[Period.DAY].at_most_gib == 100


def test_a_volume_that_is_gone_is_known_by_the_name_that_its_newest_snapshot_gives() -> None:
    held = [
        a_snapshot(id="snap-1", name="db-1 old name", days_ago=9, size=8),
        a_snapshot(id="snap-2", name="db-1 data", days_ago=2, size=8),
    ]

    gone, there = unselected({"vol-0a": held, "vol-0b": held}, {"vol-0b": "web-7"}, time=NIGHT, max_age=1)

    assert gone == Unselected(
        volume_id="vol-0a", name="db-1 data", there=False, lately=False, snapshots=2, at_most_gib=16
    )
    assert (there.name, there.there) == ("web-7", True)


def test_a_volume_was_backed_up_lately_if_its_newest_snapshot_is_no_older_than_a_selected_ones_may_be() -> (
    None
):
    held = {"vol-0a": [a_snapshot(days_ago=9), a_snapshot(days_ago=4)], "vol-0b": [a_snapshot(days_ago=5)]}

    found = unselected(held, {}, time=NIGHT, max_age=4)

    assert [volume.lately for volume in found] == [True, False]


def test_what_is_pending_for_too_long_is_nothing_that_one_holds() -> None:
    stale = a_snapshot(id="snap-1", state="pending", days_ago=30)

    found = holdings([stale, a_snapshot(id="snap-2", days_ago=1)], [stale])

    assert (found[Period.DAY].points, found[Period.DAY].oldest) == (1, NIGHT - timedelta(days=1))


def test_snapshots_that_another_tool_labelled_stand_by_volume_with_who_spreads_the_labels() -> None:
    held = [
        a_snapshot(id="snap-2", volume_id="vol-0a", ours=False),
        a_snapshot(id="snap-1", volume_id="vol-0a", ours=False),
        a_snapshot(id="snap-3", volume_id="vol-0b", ours=False),
        a_snapshot(id="snap-4", volume_id="vol-0b"),
    ]

    found = foreign(held, {"vol-0a": "web"}, {"vol-0a"})

    assert found == (
        Foreign(volume_id="vol-0a", name="web", spreads=True, snapshots=("snap-1", "snap-2")),
        Foreign(volume_id="vol-0b", name="", spreads=False, snapshots=("snap-3",)),
    )
