"""Breaks the function on purpose, one way at a time, and shows whether the fault suite notices.

`python -m tests.faults.mutants` copies the sources, replaces a piece of text, runs the suite's fast part and prints a
table; the status is not zero when a mutant survives. It stops where a text is not there exactly once: the mutation has
to follow the code.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.faults.mutations import MUTANTS, Mutant

ROOT = Path(__file__).parent.parent.parent
FUNCTION = Path("lambda", "ebs_backup")
SUITE = (
    "tests/faults/test_clean_run.py",
    "tests/faults/test_check.py",
    "tests/faults/test_extra_runs.py",
    "tests/faults/test_failed_snapshots.py",
    "tests/faults/test_again.py",
    "tests/faults/test_vanished.py",
    "tests/faults/test_room.py",
    "tests/faults/test_deliveries.py",
    "tests/faults/test_patience.py",
    "tests/faults/test_mail.py",
    "tests/faults/test_listeners.py",
    "tests/faults/test_random_worlds.py",
    "tests/faults/test_going_on.py",
    "tests/faults/test_at_once.py",
)
WORLDS = "20"
PASSED, FAILED = 0, 1  # pytest's statuses; any other says that the suite did not run
LONGEST = 600  # seconds for one mutant


class StaleMutantError(Exception):
    """The text that a mutant replaces is not there exactly once."""


def main() -> None:
    """Run the suite unbroken, then once for each mutant; exit with 1 if one survives, 2 if the suite fails unbroken."""
    console = Console()
    for mutant in MUTANTS:
        with _broken(mutant):
            pass
    table = Table("mutant", "fault suite", title="Mutants of the function")
    survived = 0
    with Progress(console=console) as progress:
        task = progress.add_task("unbroken", total=len(MUTANTS) + 1)
        if _status(ROOT) != PASSED:
            console.print("The suite fails on the unbroken code: it proves nothing about mutants.")
            sys.exit(2)
        for mutant in MUTANTS:
            progress.update(task, advance=1, description=mutant.name)
            with _broken(mutant) as tree:
                killed = _status(tree) == FAILED
            survived += not killed
            table.add_row(mutant.name, "killed" if killed else "[bold red]SURVIVED")
        progress.update(task, advance=1, description="done")
    console.print(table)
    sys.exit(1 if survived else 0)


@contextmanager
def _broken(broken: Mutant) -> Iterator[Path]:
    """Yield a copy of the sources with the mutant's edits made."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for part in ("lambda", "fake_aws", "infra", "tests/faults"):
            shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
        for file in ("pyproject.toml", "tests/__init__.py", "tests/failed_events.py"):
            shutil.copy(ROOT / file, tree / file)
        apply(broken, tree / FUNCTION)
        yield tree


def apply(broken: Mutant, folder: Path) -> None:
    """Make the mutant's edits in this folder; raise StaleMutantError where the code has moved on."""
    for name, old, new in broken.edits:
        path = folder / name
        text = path.read_text("utf-8")
        if text.count(old) != 1:
            raise StaleMutantError(f"{broken.name}: {name} holds {text.count(old)} times: {old}")
        path.write_text(text.replace(old, new), "utf-8")


def _status(tree: Path) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *SUITE]
    environment = os.environ | {"FAULT_WORLDS": WORLDS, "FAULT_SEED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(  # noqa: S603 - our own suite
        command, cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=LONGEST
    )
    if done.returncode not in (PASSED, FAILED):
        raise SystemExit(f"the suite did not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode


if __name__ == "__main__":
    main()
