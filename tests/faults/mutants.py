"""Breaks the function on purpose, one way at a time, and tells whether the fault suite notices.

`python -m tests.faults.mutants` copies the sources, replaces a piece of text, runs the suite's fast part and prints a
table; the status is not zero when a mutant survives. A text that is not there exactly once ends it at once: the mutation
has to follow the code.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

ROOT = Path(__file__).parent.parent.parent
FUNCTION = Path("lambda", "ebs_backup")
SUITE = (
    "tests/faults/test_clean_run.py",
    "tests/faults/test_deliveries.py",
    "tests/faults/test_patience.py",
    "tests/faults/test_mail.py",
    "tests/faults/test_random_worlds.py",
    "tests/faults/test_going_on.py",
)
WORLDS = "20"
PASSED, FAILED = 0, 1  # pytest's statuses; any other says that the suite did not run
LONGEST = 600  # seconds for one mutant


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One way to break the function: in each file of ebs_backup, `old` becomes `new`."""

    name: str
    edits: tuple[tuple[str, str, str], ...]


def mutant(name: str, *edits: tuple[str, str, str]) -> Mutant:
    """Name a mutant and its edits: file, old text, new text."""
    return Mutant(name=name, edits=edits)


MUTANTS = (
    mutant(
        "no re-list after a lost reply",
        ("ec2.py", "unsure = unsure or fault.kind is Kind.UNSURE or fault.code == RATE_PER_VOLUME", "unsure = False"),
    ),
    mutant(
        "no re-list after a rate per volume",
        ("ec2.py", "fault.kind is Kind.UNSURE or fault.code == RATE_PER_VOLUME", "fault.kind is Kind.UNSURE"),
    ),
    mutant(
        "error snapshots count as usable",
        ("model.py", "self.state in (COMPLETED, PENDING)", "self.state in (COMPLETED, PENDING, ERROR)"),
        ("retention.py", "(each for each in ours if each.state != ERROR)", "ours"),
        ("retention.py", "for each in ours if each.state == ERROR)", "for each in ours if not each.usable)"),
    ),
    mutant(
        "rotation despite a failed create",
        ("backup.py", "if outcome.made is not None:", "if True:"),
        (
            "backup.py",
            "self._rotate(outcome, outcome.made)",
            "self._rotate(outcome, outcome.made or would_be(self.volume, self.run))",
        ),
    ),
    mutant(
        "no paging of volumes",
        ("ec2.py", 'for page in pages for raw in page["Volumes"]', 'for page in list(pages)[:1] for raw in page["Volumes"]'),
    ),
    mutant(
        "no paging of snapshots",
        ("ec2.py", 'for page in pages for raw in page["Snapshots"]', 'for page in list(pages)[:1] for raw in page["Snapshots"]'),
    ),
    mutant(
        "the volume's newest goes",
        ("retention.py", "key=lambda point: _age(point.first, run), reverse=True)", "key=lambda point: _age(point.first, run))"),
    ),
    mutant(
        "run identity ignored: a new one each time",
        ("handler.py", 'id=time_.isoformat().replace("+00:00", "Z") if request.time else by_hand', "id=datetime.now(UTC).isoformat()"),
    ),
    mutant(
        "run identity ignored: any snapshot of the period will do",
        ("backup.py", "snapshot.period == self.run.period and snapshot.run == self.run.id", "snapshot.period == self.run.period"),
    ),
    mutant(
        "the loop stops at the first snapshot that cannot go",
        ("backup.py", "                stuck.append(decision)\n", "                stuck.append(decision)\n                break\n"),
    ),
    mutant(
        "the loop stops at the first volume that fails",
        ("backup.py", "            return self._not_made(error)\n", "            raise\n"),
    ),
    mutant(
        "no limit to what one run deletes",
        ("backup.py", "if decision.verdict is Verdict.EXPIRED and gone >= most:", "if False:"),
    ),
    mutant(
        "a second delivery counts from zero",
        ("backup.py", "_as_begun(self._decide(made), made)", "_as_begun(self._decide(made), replace(made, expires_until=self._expires_until()))"),
    ),
    mutant(
        "a second delivery ignores how many have gone",
        ("backup.py", "_lasting(decisions, expiry.until, made.run) - expiry.leaving if expiry else 0", "1000"),
    ),
    mutant(
        "a delete that was lost and then refused does not count",
        ("ec2.py", "if unsure and fault.kind is Kind.REFUSED:", "if False:"),
    ),
    mutant(
        "another server's page is a success",
        ("ec2.py", 'metadata.get("HTTPStatusCode") == 200 and', "False and"),
    ),
    mutant(
        "a listing is tried again past the deadline",
        ("ec2.py", "return False if self._clock() + LONGEST_PAUSE > deadline else None", "return None"),
    ),
    mutant(
        "a throttled write is a failure at once",
        ("faults.py", "if code in WAIT_CODES or code.startswith(THROTTL):", "if False:"),
    ),
    mutant(
        "a mail that was not sent is no matter",
        (
            "handler.py",
            "            _tell(settings.topic_arn, render(outcome))\n",
            "            try:\n                _tell(settings.topic_arn, render(outcome))\n            except Exception:\n                pass\n",
        ),
    ),
    mutant(
        "without the instances' names nothing is backed up",
        ("run.py", "    except AwsError as error:", "    except KeyError as error:"),
    ),
    mutant(
        "deletes take the threads from creates",
        ("backup.py", "            yield 0.0  # creates that wait", "            # creates that wait"),
    ),
    mutant(
        "another server's page is a further invocation",
        ("function.py", 'if answer["StatusCode"] != QUEUED:', "if False:"),
    ),
    mutant(
        "a broken run mails nothing",
        ("handler.py", "        _tell_broken(run, error)\n", ""),
    ),
    mutant(
        "snapshots of every set are this set's",
        ("ec2.py", 'self._snapshots({f"tag:{TAG_SET}": backup_set})', "self._snapshots({})"),
    ),
    mutant(
        "a tag that only resembles the selector selects",
        ("selection.py", "if volume.tags.get(name) == value and", 'if _plain(volume.tags.get(name, "")) == _plain(value) and'),
    ),
)  # fmt: skip


class StaleMutantError(Exception):
    """The text that a mutant replaces is not there exactly once."""


def main() -> None:
    """Run the suite unbroken, then once for each mutant; exit with 1 when one survives, with 2 when it proves nothing."""
    console = Console()
    for each in MUTANTS:
        with _broken(each):
            pass
    table = Table("mutant", "fault suite", title="Mutants of the function")
    survived = 0
    with Progress(console=console) as progress:
        task = progress.add_task("unbroken", total=len(MUTANTS) + 1)
        if _status(ROOT) != PASSED:
            console.print("The suite fails on the unbroken code: it proves nothing about mutants.")
            sys.exit(2)
        for each in MUTANTS:
            progress.update(task, advance=1, description=each.name)
            with _broken(each) as tree:
                killed = _status(tree) == FAILED
            survived += not killed
            table.add_row(each.name, "killed" if killed else "[bold red]SURVIVED")
        progress.update(task, advance=1, description="done")
    console.print(table)
    sys.exit(1 if survived else 0)


@contextmanager
def _broken(broken: Mutant) -> Iterator[Path]:
    """Give a copy of the sources with the mutant's edits made."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for part in ("lambda", "benchmarks", "tests/faults"):
            shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__"))
        for file in ("pyproject.toml", "cdk.json", "tests/__init__.py"):
            shutil.copy(ROOT / file, tree / file)
        apply(broken, tree / FUNCTION)
        yield tree


def apply(broken: Mutant, folder: Path) -> None:
    """Make the mutant's edits in this folder; raises StaleMutantError where the code has moved on."""
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
