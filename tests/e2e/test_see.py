"""What the operator's command shows of the deployed stack: plan, list, page and doctor, with the operator's keys."""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from emulator.account import DeployedFunction, EmulatedAccount
from emulator.server import ROOT, Emulator
from tests.cli.schemas import assert_conforms
from tests.e2e.nights import run_nights
from tests.e2e.week import MONDAY

pytestmark = pytest.mark.usefixtures("outputs")


def now(account: EmulatedAccount) -> None:
    """Let the emulator's clock show this machine's time, as the command's does."""
    account.emulator.clock.set(datetime.now(UTC))


def see(emulator: Emulator, *arguments: str, status: int = 0) -> str:
    """Run the command as an operator of this account would, and return what it printed."""
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-m", "ebs_backup_cli", *arguments],
        env=emulator.environment()
        | {"PYTHONPATH": f"{ROOT / 'lambda'}:{ROOT / 'cli'}:{ROOT}", "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == status, done.stderr + done.stdout
    return done.stdout


def data(emulator: Emulator, *arguments: str, status: int = 0) -> Any:  # noqa: ANN401 - a JSON document
    return json.loads(see(emulator, *arguments, "--json", status=status))


def test_a_plan_is_what_the_function_then_does(
    emulator: Emulator, account: EmulatedAccount, function: DeployedFunction
) -> None:
    """The command's clock is this machine's: the nights lie before today, and the last run is made now."""
    volume = account.volume("web-1 data", Backup="true")
    run_nights(account, function, MONDAY - timedelta(weeks=52), 6)
    now(account)
    before = {snapshot["SnapshotId"] for snapshot in account.snapshots(volume)}

    document = data(emulator, "plan", "day", status=1)
    answer = function.run(period="day")

    assert_conforms(document, "plan")
    after = {snapshot["SnapshotId"] for snapshot in account.snapshots(volume)}
    (planned,) = document["plan"]
    assert {row["snapshot"] for row in planned["snapshots"] if row["delete"]} == before - after
    assert (document["created"], document["expired"]) == (answer["created"], answer["expired"])


def test_restore_points_are_listed_and_stand_on_the_page(
    emulator: Emulator, account: EmulatedAccount, function: DeployedFunction, tmp_path: Path
) -> None:
    now(account)
    volume = account.volume("web-1 data", Backup="true")
    function.run(period="day")
    file = tmp_path / "backups.html"

    listed = data(emulator, "list", "web-1 data")
    written = data(emulator, "page", str(file))

    assert_conforms(listed, "list")
    assert [point["snapshot"] for point in listed] == [one["SnapshotId"] for one in account.snapshots(volume)]
    assert volume in see(emulator, "list")
    assert written["snapshots"] == 1
    assert listed[0]["snapshot"] in file.read_text("utf-8")


def test_the_doctor_knows_the_stack_it_has_deployed(
    emulator: Emulator, account: EmulatedAccount, function: DeployedFunction, outputs: Mapping[str, str]
) -> None:
    for queue in ("FailureQueueUrl", "RuleQueueUrl"):  # what other tests left there is not the subject
        emulator.client("sqs").purge_queue(QueueUrl=outputs[queue])
    now(account)
    account.volume("web-1 data", Backup="true")
    function.run(period="day")

    document = json.loads(see(emulator, "doctor", "--json"))

    assert_conforms(document, "doctor")
    found: dict[str, list[tuple[str, str]]] = {}
    for check in document["checks"]:
        found.setdefault(check["topic"], []).append((check["state"], check["text"]))
    assert found["function"][0][0] == "good"
    assert outputs["FunctionName"] in found["function"][0][1]
    assert [state for state, _ in found["rule"]] == ["good"] * 4
    assert [state for state, _ in found["dead letters"]] == ["good"] * 2
    ((state, mail),) = found["mail"]
    assert (state, mail.endswith("confirmed")) == ("good", True)
    ((state, address),) = found["unsubscribe"]
    assert (state, address.split(":")[0]) == ("look", "you@example.com")  # as if the link had been clicked
    assert [state for state, _ in found["role"]] == ["good"]


def test_a_simulation_takes_the_settings_of_the_stack(emulator: Emulator) -> None:
    document = data(emulator, "simulate", "--days", "30")

    assert_conforms(document, "simulate")
    assert document["settings"] == "the settings of the stack of set default"
