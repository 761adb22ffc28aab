"""What `run` and `smoke` print, whole: golden files, with ids and times that are the same in every run."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ebs_backup_cli.smoke.lab import Lab
from ebs_backup_cli.smoke.trials import Saw
from tests.cli.conftest import Command
from tests.cli.real_function import function
from tests.cli.stable import stable

__all__ = ["function"]  # a fixture

Golden = Callable[[str, str], None]
TONIGHT = datetime(2026, 11, 25, 1, 30, tzinfo=UTC)
RUN = ("run", "day", "--time", f"{TONIGHT:%Y-%m-%dT%H:%M:%SZ}")


def two_volumes(command: Command) -> tuple[str, str]:
    """Deploy a set of two volumes; one has restore points of five nights and a week."""
    command.deploy()
    one, two = (command.volume(name, Backup="true") for name in ("db-1 data", "web-1"))
    for days in (7, 6, 5, 2, 1):
        command.point(one, TONIGHT - timedelta(days=days), of="db-1 data")
    command.point(one, TONIGHT - timedelta(days=4), of="db-1 data", period="week")
    return one, two


@pytest.mark.usefixtures("function")
def test_a_run_that_is_well(command: Command, golden: Golden) -> None:
    two_volumes(command)

    golden("run.txt", stable(command(*RUN).out))


@pytest.mark.usefixtures("function")
def test_a_run_with_a_problem(command: Command, golden: Golden) -> None:
    _, two = two_volumes(command)
    failed = command.point(two, TONIGHT - timedelta(days=1), of="web-1")
    command.backend.snapshots[failed].status = "error"

    done = command(*RUN)

    assert done.status == 1
    golden("run-problem.txt", stable(done.out))


@pytest.mark.usefixtures("function")
def test_a_dry_run(command: Command, golden: Golden) -> None:
    two_volumes(command)

    golden("run-dry-run.txt", stable(command(*RUN, "--dry-run").out))


def test_a_run_here(command: Command, golden: Golden) -> None:
    two_volumes(command)

    done = command(*RUN, "--local", "--yes")

    golden("run-local.txt", stable(done.err + done.out))


def test_a_smoke_on_the_terminal_and_in_its_report(
    command: Command, golden: Golden, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Lab, "sleep", lambda *_: None)
    monkeypatch.setattr(
        "ebs_backup_cli.smoke.smoking.trials.locked", lambda *_: Saw("not tried: not in moto", None)
    )

    done = command("smoke", "--yes", "--report", "smoke.md")

    golden("smoke.txt", stable(done.out))
    golden("smoke.md", stable((tmp_path / "smoke.md").read_text("utf-8")))
