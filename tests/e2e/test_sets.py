"""Two backup sets in two regions by one deploy: each makes, keeps, counts and expires only its own."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import pytest

from emulator.account import DeployedFunction, EmulatedAccount
from emulator.cdk import Cdk
from emulator.server import REGION
from tests.e2e.nights import run_nights

ELSEWHERE = "us-east-2"
SETS = {"backup_sets": {"one": {"keep_day": 2}, "two": {"keep_day": 1}}}
MONDAY = datetime(2027, 6, 7, 1, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def sets(cdk: Cdk) -> Iterator[Mapping[str, DeployedFunction]]:
    """Return each set's function in the first region; the other region's stacks are there beside them."""
    settings = {**SETS, "regions": [REGION, ELSEWHERE], "alert_email": "you@example.com"}
    cdk.bootstrap(ELSEWHERE)
    cdk.deploy("--all", **settings)
    client = cdk.emulator.client("lambda")
    yield {
        name: DeployedFunction(client=client, name=cdk.outputs(f"ebs-backup-{name}")["FunctionName"])
        for name in ("one", "two")
    }
    cdk.destroy("--all", **settings)


def held(account: EmulatedAccount, volume: str) -> dict[str, int]:
    """Count the volume's snapshots by backup set."""
    sets = [snapshot["Tags"]["ebs-backup:set"] for snapshot in account.snapshots(volume)]
    return {name: sets.count(name) for name in sets}


def test_two_sets_that_select_one_volume_rotate_only_their_own(
    account: EmulatedAccount, sets: Mapping[str, DeployedFunction]
) -> None:
    volume = account.volume("shared", Backup="true")

    run_nights(account, sets["one"], MONDAY, 4)
    run_nights(account, sets["two"], MONDAY, 4, first=4)

    assert held(account, volume) == {"one": 2, "two": 2}  # keep is 1: two while the newer is pending


def test_a_set_that_selects_nothing_any_more_deletes_nothing_of_the_other(
    account: EmulatedAccount, sets: Mapping[str, DeployedFunction]
) -> None:
    volume = account.volume("shared", Backup="true")
    run_nights(account, sets["one"], MONDAY, 3)

    account.ec2.delete_tags(Resources=[volume], Tags=[{"Key": "Backup"}])
    answer = sets["two"].run(period="day")

    assert answer["status"] == "FAILED"
    assert held(account, volume) == {"one": 2}


def test_a_region_has_its_own_stack_and_sees_its_own_volumes(
    account: EmulatedAccount, sets: Mapping[str, DeployedFunction], cdk: Cdk
) -> None:
    account.volume("here", Backup="true")
    client = cdk.emulator.client("lambda", region=ELSEWHERE)
    name = cdk.outputs("ebs-backup-one", region=ELSEWHERE)["FunctionName"]

    here = sets["one"].run(period="day", dry_run=True)
    there = DeployedFunction(client=client, name=name).run(period="day", dry_run=True)

    assert (here["volumes"], there["volumes"]) == (1, 0)
