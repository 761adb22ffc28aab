"""Coming from another tool: its old snapshots are adopted into the deployed set, and its next run rotates them."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from emulator.account import DeployedFunction, EmulatedAccount
from emulator.command import ebs_backup
from tests.cli.schemas import assert_conforms
from tests.cli.tools import ec2ab, ec2ab_2012, makesnapshots_1, makesnapshots_2, makesnapshots_4
from tests.e2e.nights import night, run_at
from tests.e2e.week import MONDAY

DAYS = [night(MONDAY, -number) for number in range(1, 7)]  # the nights before, the newest first


def left(account: EmulatedAccount, volume: str, description: str, at: datetime, **tags: str) -> str:
    """Leave a snapshot as another tool did at that time; return its id."""
    account.emulator.clock.set(at)
    made = account.ec2.create_snapshot(VolumeId=volume, Description=description)["SnapshotId"]
    listed = [{"Key": key, "Value": value} for key, value in {"MakeSnapshot": "True", **tags}.items()]
    account.ec2.create_tags(Resources=[made], Tags=listed)
    return str(made)


@pytest.fixture
def volume(account: EmulatedAccount, outputs: Mapping[str, str]) -> str:
    assert outputs
    account.emulator.clock.set(DAYS[-1] - timedelta(days=400))
    return account.volume("db-1 data", Backup="true")


@pytest.fixture
def theirs(account: EmulatedAccount, volume: str) -> list[str]:
    """Leave day snapshots of six nights in every form that names the day, or no period; the newest first."""
    forms = (makesnapshots_4, makesnapshots_4, makesnapshots_4, makesnapshots_2)
    oldest_first = [
        left(account, volume, ec2ab_2012(DAYS[5], volume=volume), DAYS[5]),
        left(account, volume, ec2ab(DAYS[4], volume=volume), DAYS[4]),
        *(
            left(account, volume, form("day", day, volume=volume), day)
            for form, day in zip(reversed(forms), reversed(DAYS[:4]), strict=True)
        ),
    ]
    return oldest_first[::-1]


@pytest.fixture
def impostors(account: EmulatedAccount, volume: str) -> list[str]:
    """Leave what only looks like theirs, or may not be adopted."""
    other, at = account.volume("left out"), DAYS[5]
    made = [
        left(account, volume, description, at - timedelta(hours=hours))
        for hours, description in enumerate(
            [
                "day_snapshot before the upgrade",
                makesnapshots_4("day", at, volume=other),
                makesnapshots_4("day", at, volume=volume) + " ",
                makesnapshots_1(at, volume=volume),
            ],
            start=1,
        )
    ]
    purge = {"PurgeAllow": "true", "Name": ec2ab(at, volume=volume)}
    made.append(left(account, volume, "made by hand", at - timedelta(hours=9), **purge))
    made.append(left(account, other, makesnapshots_4("day", at, volume=other), at))
    account.emulator.clock.set(MONDAY - timedelta(hours=9))
    return made


def documents(account: EmulatedAccount, *arguments: str) -> dict[str, Any]:
    """Return the JSON document of a command that is well."""
    done = ebs_backup(account.emulator, *arguments, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    assert_conforms(found, "adopt")
    return found


def tags(account: EmulatedAccount) -> dict[str, dict[str, str]]:
    return {snapshot["SnapshotId"]: snapshot["Tags"] for snapshot in account.snapshots()}


def test_old_snapshots_are_adopted_and_the_next_run_counts_and_expires_them_like_its_own(
    account: EmulatedAccount, function: DeployedFunction, volume: str, impostors: list[str], theirs: list[str]
) -> None:
    account.emulator.clock.set(MONDAY - timedelta(hours=8))
    before = tags(account)

    planned = documents(account, "adopt")
    unchanged = tags(account)
    done = documents(account, "adopt", "--yes")
    again = ebs_backup(account.emulator, "adopt", "--yes")
    adopted = tags(account)
    answer = run_at(account, function, MONDAY, period="day")

    assert unchanged == before
    assert [adoption["snapshot"] for adoption in planned["adoptions"]] == theirs
    assert [adoption["delete"] for adoption in planned["adoptions"]] == [False] * 4 + [True] * 2
    assert all(adoption["adopted"] for adoption in done["adoptions"])
    assert (again.returncode, again.stdout.splitlines()[-1]) == (0, "Nothing to adopt.")
    assert {adoption["snapshot"] for adoption in done["left_alone"]} == {*impostors} - {impostors[4]}
    assert {impostor: adopted[impostor] for impostor in impostors} == {
        impostor: before[impostor] for impostor in impostors
    }
    # The run adds one of its own, so that three of the six stay beside it: keep_day is 4.
    assert (answer["created"], answer["expired"]) == (1, 3)
    there = [snapshot["SnapshotId"] for snapshot in account.snapshots(volume)]
    assert {*there} & {*theirs} == {*theirs[:3]}
    assert {*tags(account)} >= {*impostors}


def test_what_names_no_period_or_a_volume_that_is_not_selected_is_adopted_as_the_operator_says(
    account: EmulatedAccount, volume: str, impostors: list[str]
) -> None:
    first, other = impostors[3], impostors[5]

    done = ebs_backup(account.emulator, "adopt", "--period", "week", "--volume", "left out", "--yes")

    ours = {id_: tagged for id_, tagged in tags(account).items() if "ebs-backup:set" in tagged}
    assert (done.returncode, done.stderr) == (0, "")
    assert {id_: tagged["ebs-backup:period"] for id_, tagged in ours.items()} == {first: "week", other: "day"}
    assert ours[first]["ebs-backup:source"].startswith(f"volume={volume} zone=eu-west-1a")
