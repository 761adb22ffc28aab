"""What the operator's command does with the deployed stack: run, check and smoke, with the operator's own keys."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from emulator.account import EmulatedAccount, Inbox
from emulator.server import ROOT, Emulator
from tests.cli.schemas import assert_conforms

pytestmark = pytest.mark.usefixtures("outputs")


def data(emulator: Emulator, *arguments: str, status: int = 0) -> Any:  # noqa: ANN401 - a JSON document
    """Run the command as an operator of this account would, and return what it printed."""
    paths = {"PYTHONPATH": f"{ROOT / 'lambda'}:{ROOT / 'cli'}:{ROOT}", "COLUMNS": "120"}
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-m", "ebs_backup_cli", *arguments, "--json"],
        env=emulator.environment() | paths,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == status, done.stderr + done.stdout
    document = json.loads(done.stdout)
    assert_conforms(document, arguments[0])
    return document


@pytest.fixture(autouse=True)
def _now(account: EmulatedAccount) -> None:
    """Let the emulator's clock show this machine's time, as the command's does."""
    account.emulator.clock.set(datetime.now(UTC))


@contextmanager
def hurried(account: EmulatedAccount) -> Iterator[None]:
    """Let the emulator's time run ahead, ten minutes every two seconds: its snapshots are pending for five."""
    over = threading.Event()

    def hurry() -> None:
        ahead = timedelta(0)
        while not over.wait(2):
            ahead += timedelta(minutes=10)
            account.emulator.clock.set(datetime.now(UTC) + ahead)

    thread = threading.Thread(target=hurry)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_run_is_queued_followed_and_reported_as_it_is_mailed(
    emulator: Emulator, account: EmulatedAccount, inbox: Inbox
) -> None:
    volume = account.volume("web-1 data", Backup="true")
    account.volume("db-1 data", Backup="true")

    told = data(emulator, "run", "day", "--volume", "web-1 data")

    (letter,) = inbox.read(within=30)
    (snapshot,) = account.snapshots()
    assert (told["status"], told["report"]["created"], snapshot["VolumeId"]) == ("OK", 1, volume)
    assert told["run"] == snapshot["Tags"]["ebs-backup:run"]
    listeners = told["report"].pop("subscribers")  # counted after the mail: the address and the test's queue
    assert listeners == 2
    assert letter.data == {"subject": letter.subject, **told["report"]}


def test_a_run_that_finds_nothing_is_status_1(emulator: Emulator, account: EmulatedAccount) -> None:
    assert not account.snapshots()

    told = data(emulator, "run", "day", status=1)

    assert told["status"] == "FAILED"


def test_a_run_here_and_the_same_in_the_function_are_one_run(
    emulator: Emulator, account: EmulatedAccount, inbox: Inbox
) -> None:
    account.volume("web-1 data", Backup="true")
    at = f"{datetime.now(UTC) - timedelta(minutes=5):%Y-%m-%dT%H:%M:00Z}"

    here = data(emulator, "run", "day", "--local", "--yes", "--time", at)
    there = data(emulator, "run", "day", "--time", at)

    assert (here["report"]["created"], there["report"]["already_made"]) == (1, 1)
    assert len(account.snapshots()) == 1
    assert len(inbox.read(within=30)) == 1


def test_a_check_tries_all_under_the_real_role_changes_nothing_and_mails(
    emulator: Emulator, account: EmulatedAccount, inbox: Inbox
) -> None:
    volume = account.volume("web-1 data", Backup="true", Team="blue")
    data(emulator, "run", "day")
    account.emulator.clock.set(datetime.now(UTC) + timedelta(minutes=10))
    inbox.read(within=30)
    before = account.snapshots(volume)

    told = data(emulator, "check")

    (letter,) = inbox.read(within=30)
    assert (told["status"], told["failures"]) == ("OK", [])
    assert {line["what"]: line["tried"] for line in told["tried"]}["delete a snapshot"] == 1
    assert letter.subject.startswith("[OK] check: 1 of 1 volume would be backed up")
    assert "THIS WAS A TEST" in letter.body
    assert account.snapshots(volume) == before


def test_smoke_goes_the_whole_way_here_and_leaves_nothing(
    emulator: Emulator, account: EmulatedAccount, tmp_path: Path
) -> None:
    kept = account.volume("web-1 data", Backup="true")
    report = tmp_path / "smoke.md"

    with hurried(account):
        told = data(emulator, "smoke", "--yes", "--report", str(report))

    assert [step for step in told["steps"] if not step["well"]] == []
    believed = {belief["id"]: belief["as_believed"] for belief in told["beliefs"]}
    assert believed["dry-run-create"] is believed["in-use"] is believed["gone"] is True
    assert told["left"] == []
    assert [volume["VolumeId"] for volume in account.ec2.describe_volumes()["Volumes"]] == [kept]
    assert not account.snapshots()
    assert "ebs-backup smoke" in report.read_text("utf-8")


def test_smoke_by_the_deployed_function_backs_up_nothing_else(
    emulator: Emulator, account: EmulatedAccount, inbox: Inbox, tmp_path: Path
) -> None:
    other = account.volume("web-1 data", Backup="true")

    with hurried(account):
        told = data(emulator, "smoke", "--deployed", "--yes", "--report", str(tmp_path / "smoke.md"))

    assert [step for step in told["steps"] if not step["well"]] == []
    assert {belief["id"]: belief["as_believed"] for belief in told["beliefs"]}["dry-run-invoke"] is True
    assert not account.snapshots(other)
    assert len(inbox.read(within=30)) == 2
