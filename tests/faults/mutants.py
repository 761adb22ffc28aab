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
    "tests/faults/test_extra_runs.py",
    "tests/faults/test_failed_snapshots.py",
    "tests/faults/test_room.py",
    "tests/faults/test_at_once.py",
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
    mutant("no look after a lost reply", ("ec2.py", "unsure = unsure or fault.kind is Kind.UNSURE\n\n    def delete", "unsure = False\n\n    def delete")),
    mutant("no look after a rate per volume", ("ec2.py", "(unsure or fault.code == RATE_PER_VOLUME)", "unsure")),
    mutant("knowledge of this run's snapshots never grows old", ("lookout.py", "FRESH = 10.0", "FRESH = 1e9")),
    mutant(
        "error snapshots count as usable",
        ("model.py", "self.state in (COMPLETED, PENDING)", "self.state in (COMPLETED, PENDING, ERROR)"),
    ),
    mutant("failed snapshots are not removed", ("backup.py", "            if snapshot.state == ERROR\n        ]\n        return", "            if False\n        ]\n        return")),
    mutant("failed snapshots are not told", ("outcome.py", "*(as_failure(failed) for failed in self.failed),", "")),
    mutant("failed snapshots are deleted after the create, also where they block it", ("backup.py", "if creation.blocked else ()", "if False else ()")),
    mutant("rotation despite a failed create", ("backup.py", "if outcome.made is not None:", "if True:"), ("rotation.py", "if made.older is None:", "if made is None:\n            return self.limit\n        if made.older is None:")),
    mutant("each run is an occasion of its own: extra runs shorten the history", ("retention.py", "    if schedule == OFF:", "    if True:")),
    mutant("an occasion's extra restore points go", ("retention.py", "counts or _kept_alone(point, run, today)", '(counts if point is in_it[0] else "") or _kept_alone(point, run, today)')),
    mutant("what another tool labelled is ours", ("labels.py", 'return source.partition(" ")[0] == f"volume={volume_id}"', "return True")),
    mutant("a hold holds nothing", ("retention.py", "if snapshot.hold is None or snapshot.state == ERROR:", "if True:")),
    mutant("duplicates go however far apart", ("retention.py", "    if apart <= LONGEST_RUN:", "    if True:")),
    mutant("the pending newest one alone is enough", ("retention.py", "completed <= max(1, keep - 1)", "completed <= 0")),
    mutant("no limit to what one run deletes", ("deletion.py", "if counts and len(going - staying) >= room:", "if False:")),
    mutant("every delivery has the limit to itself", ("rotation.py", "min(len(self._older(decisions, made)) - made.older, self.limit - freed)", "self.limit - freed")),
    mutant("the number on the snapshot is ignored by none but the first", ("rotation.py", "return len(older) - min(len(going), self.limit - freed)", "return len(older)")),
    mutant("nobody looks again before the last but one goes", ("deletion.py", "if self._leaves_one(decision.snapshot):", "if False:")),
    mutant("AWS's refusals end nothing", ("deletion.py", "if self.refusals >= MOST_REFUSALS:", "if False:")),
    mutant("where the oldest cannot go rotation ends", ("deletion.py", "if self.refusals < MOST_REFUSALS // 2 else waiting.pop()", "if True else waiting.pop()")),
    mutant("what AWS keeps is a failure", ("deletion.py", "if error.kind is Kind.KEPT:", "if False:")),
    mutant("a full region never drains", ("creation.py", "if error.code != NO_ROOM:", "if True:")),
    mutant("a refused tag costs the backup", ("creation.py", "if error.code not in TAG_REFUSALS or not copied or in_vain:", "if True:")),
    mutant("second tries never end", ("creation.py", "self.second_tries.in_vain >= MOST_IN_VAIN", "False")),
    mutant("a blocked volume waits", ("ec2.py", "if fault.code == CONCURRENT and blocked:", "if False:")),
    mutant("volumes that are gone lose their snapshots at once", ("gone.py", "days is not None and run.time - newest > timedelta(days=days)", "days is not None")),
    mutant("a period that is off is overdue", ("freshness.py", "for period in settings.periods:", "for period in type(run.period):"), ("freshness.py", "            fired = cron.latest(settings.schedule(period), at=day_ago)\n", "            fired = day_ago\n")),
    mutant("a run of some volumes backs up all", ("run.py", "if not run.only or volume.id in run.only]", "]")),
    mutant("a bad event is raised", ("handler.py", "        return _refuse(error, context)\n", "        raise\n")),
    mutant("a retry forgets what an earlier try did", ("handler.py", "                _untold[run.id] = outcome\n", "")),
    mutant(
        "no paging of volumes",
        ("ec2.py", "            for page in pages:\n                yield from (_volume(raw, instances)", "            for page in list(pages)[:1]:\n                yield from (_volume(raw, instances)"),
    ),
    mutant(
        "no paging of snapshots",
        ("ec2.py", "            for page in pages:\n                yield from map(_snapshot", "            for page in list(pages)[:1]:\n                yield from map(_snapshot"),
    ),
    mutant(
        "run identity ignored: a new one each time",
        ("handler.py", 'id=due.isoformat().replace("+00:00", "Z") if request.time else by_hand', "id=_now().isoformat()"),
    ),
    mutant(
        "run identity ignored: any snapshot of the period will do",
        ("backup.py", "snapshot.period == self.run.period and snapshot.run == self.run.id", "snapshot.period == self.run.period"),
    ),
    mutant("the run stops at the first volume that fails", ("backup.py", "            return self._not_made(error)\n", "            raise\n")),
    mutant("a delete that was lost and then refused does not count", ("ec2.py", "if unsure and fault.kind is Kind.REFUSED:", "if False:")),
    mutant("another server's page is a success", ("ec2.py", 'metadata.get("HTTPStatusCode") == 200 and', "False and")),
    mutant(
        "a listing is tried again past the deadline",
        ("ec2.py", "return False if self._clock() + LONGEST_PAUSE > deadline else None", "return None"),
    ),
    mutant("a throttled write is a failure at once", ("faults.py", "if code in WAIT_CODES or code.startswith(THROTTL):", "if False:")),
    mutant("a mail that was not sent is no matter", ("handler.py", "                _untold[run.id] = outcome\n                raise\n", "                pass\n")),
    mutant("without the instances' names nothing is backed up", ("run.py", "    except AwsError as error:", "    except KeyError as error:")),
    mutant("deletes take the threads from creates", ("backup.py", "        yield 0.0  # creates that wait", "        # creates that wait")),
    mutant("another server's page is a further invocation", ("function.py", 'if answer["StatusCode"] != QUEUED:', "if False:")),
    mutant("a broken run mails nothing", ("handler.py", "        _tell_broken(run, error)\n", "")),
    mutant(
        "snapshots of every set are this set's",
        ("ec2.py", 'self._snapshots({f"tag:{TAG_SET}": [backup_set]} | of_one)', "self._snapshots(of_one)"),
    ),
    mutant(
        "a tag that only resembles the selector selects",
        ("selection.py", "if volume.tags.get(settings.tag_name) == settings.tag_value:", 'if _plain(volume.tags.get(settings.tag_name, "")) == _plain(settings.tag_value):'),
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
