"""The function's answer: what a person who invokes it by hand reads, and scripts rely on."""

import json
from dataclasses import replace

from ebs_backup import __version__
from ebs_backup.freshness import Overdue
from ebs_backup.inventory import Foreign, Unselected
from ebs_backup.model import Continued, Fate
from ebs_backup.names import Period
from ebs_backup.report.data import answer
from ebs_backup.volume_outcome import Made
from tests.unit.builders import (
    NIGHT,
    a_decision,
    a_failed_snapshot,
    a_failure,
    a_run,
    a_snapshot,
    a_volume,
    altered,
    an_outcome,
    an_outcome_of,
)

NEW = a_snapshot(id="snap-0new")
MADE = an_outcome_of(
    volume=a_volume(),
    made=NEW,
    when=Made.NOW,
    decisions=(
        a_decision(NEW),
        a_decision(a_snapshot(id="snap-0old", days_ago=9), "beyond keep_day=4", Fate.EXPIRED),
        a_decision(a_snapshot(id="snap-0next", days_ago=8), "beyond keep_day=4", Fate.DEFERRED),
    ),
    notes=("no room for its tags owner",),
)


# A run that made one restore point, found another and was refused a third.
ANSWER = {
    "version": __version__,
    "status": "PROBLEM",
    "set": "default",
    "period": "day",
    "account": "111122223333",
    "region": "eu-west-1",
    "run": "2026-11-23T01:30:00Z",
    "dry_run": False,
    "volumes": 3,
    "created": 1,
    "already_made": 1,
    "skipped": 0,
    "expired": 1,
    "deferred": 1,
    "undeletable": 0,
    "on_hold": 0,
    "created_snapshots": ["snap-0new"],
    "failures": [
        {
            "resource": "vol-0b",
            "action": "create a snapshot",
            "code": "UnauthorizedOperation",
            "message": "You are not authorized to perform this operation.",
            "advice": "The role may not do this.",
        }
    ],
    "checks": [],
    "overdue": [],
    "vanished": [],
    "near_misses": [],
    "deselected": [],
    "unselected": [],
    "foreign": [],
    "strays": [],
    "stale": [],
    "edited": [],
    "undeletable_snapshots": [],
    "missing": [],
    "held": {},
    "not_shown": {},
}


def test_a_runs_answer_is_its_status_its_counts_and_its_failures() -> None:
    refused = an_outcome_of(volume=a_volume(id="vol-0b"), failures=(a_failure(resource="vol-0b"),))
    found = replace(MADE, volume=a_volume(id="vol-0c"), when=Made.BEFORE, decisions=())

    result = answer(an_outcome(MADE, refused, found))

    assert result == ANSWER


def test_a_dry_runs_answer_adds_the_plan_with_a_reason_for_every_snapshot() -> None:
    result = answer(an_outcome(MADE, run=a_run(dry_run=True)))

    assert result["plan"] == [
        {
            "volume": "vol-0a",
            "name": "web-1 data",
            "create": True,
            "snapshots": {
                "snap-0new": "kept: 1 of 4",
                "snap-0old": "expired: beyond keep_day=4",
                "snap-0next": "deferred: beyond keep_day=4",
            },
            "notes": ["no room for its tags owner"],
        }
    ]
    assert result["not_shown"] == {}


def test_a_dry_run_plans_for_volumes_that_are_gone_too() -> None:
    retired = a_decision(a_snapshot(id="snap-0r", volume_id="vol-0dead"), "gone for 90 days", Fate.EXPIRED)

    result = answer(an_outcome(MADE, retired=(retired,), run=a_run(dry_run=True)))

    assert result["plan"][1] == {
        "volume": "vol-0dead",
        "name": "",
        "create": False,
        "snapshots": {"snap-0r": "expired: gone for 90 days"},
        "notes": ["gone"],
    }


def test_what_asks_for_a_look_is_listed_and_what_is_many_is_bounded() -> None:
    held = tuple(
        a_decision(a_snapshot(id=f"snap-{n}"), "used by ami-1", Fate.UNDELETABLE) for n in range(900)
    )
    edited = a_decision(a_snapshot(id="snap-0e"), "its tags were edited", edited=True)
    stray = a_snapshot(id="snap-0s", run="", days_ago=1)
    foreign = Foreign(volume_id="vol-0f", name="", spreads=True, snapshots=tuple(map(str, range(900))))
    outcome = an_outcome(
        replace(MADE, decisions=(*held, edited)), foreign=(foreign,), strays=(stray,), missing=("vol-0b",)
    )

    result = answer(outcome)

    assert (result["undeletable"], len(result["undeletable_snapshots"])) == (900, 20)
    assert result["edited"] == [{"id": "snap-0e", "volume_id": "vol-0a", "why": "kept: its tags were edited"}]
    assert (result["foreign"][0]["count"], len(result["foreign"][0]["snapshots"])) == (900, 20)
    assert result["strays"][0] == {
        "id": "snap-0s",
        "volume_id": "vol-0a",
        "period": "day",
        "run": "",
        "state": "completed",
        "started": stray.started.isoformat(),
    }
    assert result["missing"] == ["vol-0b"]
    assert len(json.dumps(result)) < 5_000


def test_failed_snapshots_are_failures_and_those_known_by_number_only_are_counted() -> None:
    failed = a_failed_snapshot(message="An internal error has occurred")
    continued = Continued(run="r", began=NIGHT, invocation=2, expired=0, failed=(failed,), more_failed=7)

    result = answer(an_outcome(MADE, run=a_run(continued=continued)))

    assert [failure["code"] for failure in result["failures"]] == ["SnapshotFailed"]
    assert result["not_shown"] == {"failures": 7}


def test_a_dry_run_over_what_this_run_already_made_plans_no_create() -> None:
    result = answer(an_outcome(replace(MADE, when=Made.BEFORE), run=a_run(dry_run=True)))

    assert result["plan"][0]["create"] is False


def test_selecting_nothing_is_a_failure_in_the_answer_too() -> None:
    result = answer(an_outcome())

    assert (result["status"], result["failures"][0]["code"]) == ("FAILED", "NothingSelected")


def test_the_answer_of_thousands_of_volumes_stays_under_lambdas_6_mb_and_says_what_it_left_out() -> None:
    long = a_failure(message="m" * 300, advice="a" * 300)
    many = (
        altered(MADE, volume=a_volume(id=f"vol-{number:017x}", name="n" * 256), failures=(long,))
        for number in range(12_000)
    )

    result = answer(an_outcome(*many, run=a_run(dry_run=True)))

    assert len(json.dumps(result).encode()) < 6_000_000
    assert result["volumes"] == 12_000
    assert len(result["plan"]) + result["not_shown"]["plan"] == 12_000
    assert len(result["failures"]) + result["not_shown"]["failures"] == 12_000


def test_every_value_is_plain_json() -> None:
    result = answer(an_outcome(MADE, run=a_run(dry_run=True)))

    assert json.loads(json.dumps(result)) == result


def test_what_is_overdue_names_the_newest_good_one_if_there_is_any() -> None:
    newest = a_snapshot(id="snap-0month", days_ago=54)
    late = tuple(Overdue(period=Period.MONTH, limit=33, newest=last) for last in (newest, None))

    some, none = answer(an_outcome(altered(MADE, overdue=late)))["overdue"]

    assert (some["newest"], some["started"]) == ("snap-0month", newest.started.isoformat())
    assert (none["newest"], none["started"]) == (None, None)


def test_a_list_that_just_fits_lacks_nothing() -> None:
    late = tuple(Overdue(period=period, limit=33, newest=None) for period in Period)

    result = answer(an_outcome(altered(MADE, overdue=late)), rows=3)

    assert (len(result["overdue"]), result["not_shown"]) == (3, {})


def test_a_dry_runs_plan_names_what_volumes_that_are_gone_have_left() -> None:
    old = a_snapshot(id="snap-0dead", volume_id="vol-0dead", days_ago=90)
    outcome = replace(
        an_outcome(MADE, run=a_run(dry_run=True)), retired=(a_decision(old, "gone", Fate.EXPIRED),)
    )

    assert answer(outcome)["plan"][-1] == {
        "volume": "vol-0dead",
        "name": "",
        "create": False,
        "snapshots": {"snap-0dead": "expired: gone"},
        "notes": ["gone"],
    }


def test_a_volume_that_lost_its_tag_lately_is_listed_once() -> None:
    lost, left = (
        Unselected(volume_id=id_, name="", there=True, lately=lately, snapshots=3, at_most_gib=9)
        for id_, lately in (("vol-0a", True), ("vol-0b", False))
    )

    result = answer(an_outcome(MADE, unselected=(lost, left)))

    assert [volume["volume_id"] for volume in result["deselected"]] == ["vol-0a"]
    assert [volume["volume_id"] for volume in result["unselected"]] == ["vol-0b"]
