"""Of a volume that is gone, all snapshots expire."""

from ebs_backup.retention import (
    Rule,
    deletion_order,
    expire_all,
    occasion_of,
    older_occasions,
)
from tests.unit.builders import EVERY_NIGHT
from tests.unit.retention.examples import TODAY, a_point


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


def test_a_failed_snapshot_of_a_volume_that_is_gone_is_no_older_occasion() -> None:
    rule = Rule(keep=4, source="expire_gone_after_days", schedule=EVERY_NIGHT)

    decisions = expire_all([a_point(1), a_point(2, "error")], rule=rule, reason="gone", today=TODAY)

    nights = [occasion_of(a_point(days_ago), EVERY_NIGHT) for days_ago in range(2)]
    assert older_occasions(decisions, nights[0]) == {nights[1]}
