"""What volumes that are gone have left behind expires slowly, and only where the set says so."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from ebs_backup.aws.dry_run import DryRun
from ebs_backup.aws.ec2 import Ec2
from ebs_backup.aws.errors import AwsError
from ebs_backup.gone import retirements, surely_gone
from ebs_backup.model import Decision, Failure, Fate, Snapshot
from tests.unit.builders import NIGHT, a_run, a_snapshot, settings
from tests.unit.deletions import DENIED, IN_USE, DeletingEc2, finish


@dataclass
class Known:
    """An EC2 that knows these volumes by their ids, or raises an error."""

    volumes: frozenset[str] = frozenset()
    error: AwsError | None = None
    asked: list[str] = field(default_factory=list)

    def known(self, volume_ids: list[str]) -> frozenset[str]:
        """Return those that it knows."""
        self.asked += volume_ids
        if self.error:
            raise self.error
        return self.volumes


NONE_OF_THEM = Known()


@dataclass
class Retired:
    """The result of a run: what it deleted, in order, and all that it reports."""

    deleted: list[str] = field(default_factory=list)
    decisions: tuple[Decision, ...] = ()
    failures: tuple[Failure, ...] = ()

    @property
    def fates(self) -> dict[str, Fate]:
        """Return what became of each snapshot."""
        return {decision.snapshot.id: decision.fate for decision in self.decisions}


def retire(
    held: list[Snapshot],
    errors: Mapping[str, AwsError] | None = None,
    known: Known = NONE_OF_THEM,
    **given: object,
) -> Retired:
    """Let the day run of NIGHT expire what is older than 30 days, or as other settings say."""
    ec2 = DeletingEc2(held, errors or {})
    retired = told_by(cast("Ec2", ec2), held, known, **given)
    return replace(retired, deleted=ec2.deleted)


def told_by(
    writer: Ec2 | DryRun, held: list[Snapshot], known: Known = NONE_OF_THEM, **given: object
) -> Retired:
    retired = Retired()
    chosen = settings(**{"expire_gone_after_days": 30, "schedule_day": "30 1 * * ? *"} | given)
    by_volume: dict[str, list[Snapshot]] = {}
    for snapshot in held:
        by_volume.setdefault(snapshot.volume_id, []).append(snapshot)
    run = a_run()
    gone, retired.failures = surely_gone(cast("Ec2", known), chosen, run, by_volume)
    for step in retirements(writer, chosen, run, gone):
        decisions, failures = finish(step)
        retired.decisions += decisions
        retired.failures += failures
    return retired


def nights(*days_ago: float, volume: str = "vol-0a", **changed: Any) -> list[Snapshot]:  # noqa: ANN401 - any field
    """Make a restore point of each of these nights: snap-40, snap-41, ..."""
    return [a_snapshot(id=f"snap-{days:g}", volume_id=volume, days_ago=days, **changed) for days in days_ago]


OLD = nights(40, 41, 42, 43, 44, 45)


def test_a_volume_that_ec2_knows_by_its_id_is_not_gone() -> None:
    known = Known(frozenset({"vol-0a"}))

    retired = retire([*OLD, *nights(40, volume="vol-0b")], known=known, max_expired_per_volume=1)

    assert {decision.snapshot.volume_id for decision in retired.decisions} == {"vol-0b"}
    assert retired.failures == ()


def test_where_ec2_does_not_say_nothing_goes_and_a_check_says_so() -> None:
    retired = retire(OLD, known=Known(error=DENIED))

    (failure,) = retired.failures
    assert (retired.deleted, retired.decisions) == ([], ())
    assert failure.action.endswith("nothing of theirs expires in this run")
    assert failure.code == "UnauthorizedOperation"


def test_ec2_is_asked_only_for_those_of_which_something_may_go() -> None:
    known = Known()

    retire([*OLD, *nights(10, 50, volume="vol-0b")], known=known)

    assert known.asked == ["vol-0a"]


def test_another_tools_snapshots_do_not_spare_a_look_before_the_last_ones_go() -> None:
    foreign = [a_snapshot(id=f"snap-f{days}", days_ago=days, ours=False) for days in (90, 91)]
    alone, beside = DeletingEc2(nights(40, 41)), DeletingEc2([*nights(40, 41), *foreign])

    for ec2 in (alone, beside):
        told_by(cast("Ec2", ec2), nights(40, 41))

    assert alone.looks == beside.looks == 2


def test_nothing_goes_where_the_set_does_not_say_so() -> None:
    retired = retire(OLD, expire_gone_after_days="off")

    assert (retired.deleted, retired.decisions) == ([], ())


def test_the_oldest_go_within_the_limit_and_the_rest_is_deferred() -> None:
    retired = retire(OLD)

    assert retired.deleted == ["snap-45", "snap-44", "snap-43"]
    assert retired.fates == {
        **dict.fromkeys(["snap-40", "snap-41", "snap-42"], Fate.DEFERRED),
        **dict.fromkeys(["snap-43", "snap-44", "snap-45"], Fate.EXPIRED),
    }
    assert {decision.reason for decision in retired.decisions} == {
        "its volume is gone, beyond expire_gone_after_days=30"
    }


def test_each_volume_has_a_limit_of_its_own() -> None:
    retired = retire([*nights(40, 41), *nights(50, 51, volume="vol-0b")], max_expired_per_volume=1)

    assert retired.deleted == ["snap-41", "snap-51"]


def test_the_last_one_goes_too() -> None:
    retired = retire(nights(40, 41))

    assert retired.deleted == ["snap-41", "snap-40"]


@pytest.mark.parametrize("state", ["completed", "pending"])
@pytest.mark.parametrize("period", ["day", "month", "year"])
def test_nothing_goes_before_the_newest_of_any_period_is_older_than_the_days(state: str, period: str) -> None:
    newest = a_snapshot(id="snap-m", period=period, state=state, days_ago=30)

    retired = retire([*OLD, newest])

    assert retired.deleted == []


def test_a_moment_after_that_the_oldest_go() -> None:
    newest = a_snapshot(id="snap-m", period="month", days_ago=30.001)

    retired = retire([*OLD, newest])

    assert retired.deleted == ["snap-45", "snap-44", "snap-43"]


@pytest.mark.parametrize(
    "other",
    [
        a_snapshot(id="snap-x", days_ago=50, period="week"),
        a_snapshot(id="snap-x", days_ago=50, run=""),
        a_snapshot(id="snap-x", days_ago=50, hold="true"),
        a_snapshot(id="snap-x", days_ago=50, hold="2026-11-23"),
        a_snapshot(id="snap-x", days_ago=50, hold="for ever"),
        a_snapshot(id="snap-x", days_ago=50, state="pending"),
    ],
    ids=["another period", "no run", "a hold", "a hold to this day", "an unreadable hold", "pending"],
)
def test_some_are_none_of_this_runs_business_or_stay_whatever_their_age(other: Snapshot) -> None:
    retired = retire([*nights(40), other])

    assert retired.deleted == ["snap-40"]


def test_a_hold_that_is_over_holds_nothing_and_a_failed_snapshot_has_nothing_to_hold() -> None:
    over = a_snapshot(id="snap-over", days_ago=50, hold="2026-11-22")
    failed = a_snapshot(id="snap-failed", days_ago=51, hold="true", state="error")

    retired = retire([over, failed], max_expired_per_volume=1)

    assert retired.deleted == ["snap-failed", "snap-over"]


def test_what_another_tool_labelled_is_not_touched_where_it_is_only_seen_when_it_looks_again() -> None:
    """The run passes only its own snapshots; a new listing of the volume shows everything that has the set's tag."""
    foreign = a_snapshot(id="snap-foreign", days_ago=90, ours=False)
    ec2 = DeletingEc2([*OLD, foreign])

    told_by(cast("Ec2", ec2), OLD, max_expired_per_volume=1000)

    assert [snapshot.id for snapshot in ec2.there] == ["snap-foreign"]


def test_what_aws_keeps_is_told_and_no_failure_and_the_next_one_goes() -> None:
    retired = retire(OLD, {"snap-45": IN_USE}, max_expired_per_volume=1)

    assert retired.deleted == ["snap-44"]
    assert retired.fates["snap-45"] is Fate.UNDELETABLE
    assert retired.failures == ()


def test_a_delete_that_is_refused_is_a_failure_with_its_snapshot() -> None:
    retired = retire(OLD, {"snap-45": DENIED}, max_expired_per_volume=1)

    (failure,) = retired.failures
    assert (failure.resource, failure.action, failure.code) == (
        "snap-45",
        "delete a snapshot",
        "UnauthorizedOperation",
    )
    assert retired.fates["snap-45"] is Fate.NOT_DELETED


def test_a_dry_run_tells_what_would_go_and_deletes_nothing() -> None:
    rehearsal = DryRun(run=a_run(dry_run=True), held=OLD, now=lambda: NIGHT)

    retired = told_by(rehearsal, OLD)

    assert retired.fates == retire(OLD).fates
