"""Adopting writes tags and nothing else, goes on where it was interrupted, and keeps to EC2's pace."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from ebs_backup.aws.ec2 import Ec2
from ebs_backup.aws.errors import AwsError
from ebs_backup.settings import Settings
from ebs_backup_cli.adopt.adopting import TRIES, adopt, candidates
from ebs_backup_cli.adopt.adoption import Plan, Request, plan
from ebs_backup_cli.adopt.foreign_backups import find
from ebs_backup_cli.adopt.outlook import Region
from tests.cli.tools import ACCOUNT, ec2ab, makesnapshots_4
from tests.unit.account import FOREVER, MotoAccount, nightly
from tests.unit.builders import NIGHT, a_run


@pytest.fixture
def volume(account: MotoAccount) -> str:
    """Return a volume with makesnapshots' snapshots of the last five nights."""
    made = account.volume("db-1 data")
    for days in range(1, 6):
        at = NIGHT - timedelta(days=days)
        left(account, made, makesnapshots_4("day", at, volume=made), days=days)
    return made


def left(account: MotoAccount, volume: str, description: str, *, days: float = 0) -> str:
    """Leave a snapshot in the account, of so many days before NIGHT; return its id."""
    made = account.snapshot(volume, {"MakeSnapshot": "True"}, started=NIGHT - timedelta(days=days))
    account.raw(made).description = description
    return made


def planned(account: MotoAccount, settings: Settings | None = None) -> Plan:
    """Plan from what EC2 tells, as the command does."""
    configured = settings or nightly()
    ec2 = Ec2(account.function, deadline=FOREVER, clock=account.clock)
    region = Region(
        volumes={volume.id: volume for volume in ec2.volumes({})},
        held=ec2.snapshots(configured.backup_set),
    )
    found = find(candidates(account.function), account=ACCOUNT)
    return plan(found, region, Request(settings=configured), now=account.now)


def carry_out(account: MotoAccount, made: Plan) -> list[Any]:
    """Adopt, on the account's clock; return what failed."""
    done = adopt(account.function, made, clock=account.clock, sleep=account.sleep)
    return [failure for _, failure in done if failure]


def test_the_next_run_deletes_what_the_plan_said_and_counts_the_rest_like_its_own(
    account: MotoAccount, volume: str
) -> None:
    made = planned(account)

    assert carry_out(account, made) == []
    outcome = account.run(nightly(), a_run())

    (backed_up,) = outcome.volumes
    kept = [decision.snapshot.started for decision in backed_up.decisions if decision.fate == "kept"]
    assert kept == [NIGHT - timedelta(days=days) for days in range(4)]
    assert len(account.asked_to_delete) == 2
    assert len(account.ids(volume)) == 4
    assert outcome.status == "OK"


def test_adopting_calls_nothing_that_changes_more_than_tags(account: MotoAccount, volume: str) -> None:
    before = {snapshot: account.tags(snapshot) for snapshot in account.ids(volume)}

    carry_out(account, planned(account))

    assert set(account.calls) == {"DescribeVolumes", "DescribeSnapshots", "CreateTags"}
    assert all(tags.items() <= account.tags(snapshot).items() for snapshot, tags in before.items())


def test_a_second_time_it_does_nothing(account: MotoAccount, volume: str) -> None:
    carry_out(account, planned(account))

    again = planned(account)

    assert (again.adoptions, len(again.done), volume) == ((), 5, again.done[0].snapshot.volume_id)


def test_what_was_interrupted_goes_on_where_it_stopped(account: MotoAccount, volume: str) -> None:
    made = planned(account)
    some: Iterator[object] = adopt(account.function, made, clock=account.clock, sleep=account.sleep)
    next(some)
    next(some)

    again = planned(account)

    assert [adoption.backup.snapshot.id for adoption in again.adoptions] == [
        adoption.backup.snapshot.id for adoption in made.adoptions[2:]
    ]
    assert carry_out(account, again) == []
    assert {account.tags(snapshot)["ebs-backup:set"] for snapshot in account.ids(volume)} == {"default"}


def test_one_that_fails_stops_no_other_and_is_told_with_what_to_do(account: MotoAccount, volume: str) -> None:
    victim = account.ids(volume)[1]
    account.refuse("CreateTags", "UnauthorizedOperation", holding=victim)

    (failure,) = carry_out(account, planned(account))

    assert (failure.resource, failure.code) == (victim, "UnauthorizedOperation")
    assert "ec2:CreateTags" in failure.advice
    assert [adoption.backup.snapshot.id for adoption in planned(account).adoptions] == [victim]


@pytest.mark.parametrize(
    ("code", "status"), [("RequestLimitExceeded", 503), ("ConcurrentTagAccess", 400), ("InternalError", 500)]
)
def test_when_ec2_asks_for_patience_it_waits_and_goes_on(
    account: MotoAccount, volume: str, code: str, status: int
) -> None:
    account.refuse("CreateTags", code, status=status, times=3)

    assert carry_out(account, planned(account)) == []
    assert account.now - NIGHT > timedelta(seconds=6)
    assert len(planned(account).done) == len(account.ids(volume))


def test_patience_ends(account: MotoAccount, volume: str) -> None:
    account.refuse("CreateTags", "RequestLimitExceeded", holding=account.ids(volume)[0])

    (failure,) = carry_out(account, planned(account))

    assert failure.code == "RequestLimitExceeded"
    assert account.calls.count("CreateTags") == TRIES + 4


def test_it_keeps_to_the_calls_that_ec2_takes(account: MotoAccount) -> None:
    """Never more than 100 and 10 a second, and not much slower."""
    made = account.volume()
    for number in range(300):
        left(account, made, ec2ab(NIGHT - timedelta(minutes=number), volume=made), days=number / 1440)
    at: list[float] = []
    account.on("before-call.ec2.CreateTags", lambda **_: at.append(account.clock()))

    carry_out(account, planned(account))

    assert len(at) == 300
    assert all(number <= 100 + 10 * seconds for number, seconds in enumerate(at))
    assert at[-1] < 22


def test_only_what_may_be_theirs_is_listed_and_each_once(account: MotoAccount, volume: str) -> None:
    hand_made = account.snapshot(volume)
    account.raw(hand_made).description = "before the upgrade"
    odd = left(account, volume, "day_snapshot before the upgrade")
    # Pages shift while they are read.
    account.on(
        "after-call.ec2.DescribeSnapshots",
        lambda parsed, **_: parsed.update(Snapshots=[*parsed["Snapshots"], *parsed["Snapshots"][:1]]),
    )

    listed = [snapshot.id for snapshot in candidates(account.function)]

    assert sorted(listed) == sorted(set(account.ids(volume)) - {hand_made})
    assert [refusal.snapshot.id for refusal in planned(account).refused] == [odd]


def test_a_listing_that_fails_is_an_error_and_not_an_empty_plan(account: MotoAccount) -> None:
    account.refuse("DescribeSnapshots", "UnauthorizedOperation")

    with pytest.raises(AwsError, match="UnauthorizedOperation"):
        candidates(account.function)
