"""`python -m benchmarks.see [--volumes 1000] [--rounds 5]`: what `list` and `plan` cost beside the bare listing.

Each measurement is a fresh process: CPU and wall seconds of the work, without imports and clients. The bare listing
asks for the same pages through the same client and ignores their contents.
"""

import argparse
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING

from rich.console import Console

from benchmarks.measure import ROOT, endpoint, environment
from benchmarks.population import PER_VOLUME, SETTINGS
from ebs_backup.aws.convert import filters
from ebs_backup.aws.ec2 import SNAPSHOTS_A_PAGE, TAGS_A_PAGE, VOLUMES_A_PAGE
from ebs_backup.names import TAG_SET, Period

if TYPE_CHECKING:
    from ebs_backup_cli.aws.operator import Operator
    from ebs_backup_cli.command import Result

SUBJECTS = ("bare", "list", "list --json", "plan", "plan --json")
GOAL = 1.2


def bare(operator: "Operator") -> None:
    """List what the commands list, and ignore the contents."""
    asked = {
        "describe_tags": (TAGS_A_PAGE, {"resource-type": ["instance"], "key": ["Name", SETTINGS.tag_name]}),
        "describe_volumes": (VOLUMES_A_PAGE, {"status": ["available", "in-use", "error"]}),
        "describe_snapshots": (SNAPSHOTS_A_PAGE, {f"tag:{TAG_SET}": [SETTINGS.backup_set]}),
    }
    for name, (size, wanted) in asked.items():
        of = {"OwnerIds": ["self"]} if name == "describe_snapshots" else {}
        pages = operator.ec2.get_paginator(name)  # type: ignore[call-overload] # one of three
        for _ in pages.paginate(**of, Filters=filters(wanted), PaginationConfig={"PageSize": size}):
            pass


def main(subject: str) -> None:
    """Measure one subject in this process and print what it took."""
    from ebs_backup_cli.aws.deployment import Deployment  # noqa: PLC0415
    from ebs_backup_cli.aws.operator import Operator, Options  # noqa: PLC0415
    from ebs_backup_cli.commands.list_ import list_  # noqa: PLC0415 - in the measured process alone
    from ebs_backup_cli.commands.plan import plan  # noqa: PLC0415
    from ebs_backup_cli.main import prepare  # noqa: PLC0415

    name, _, as_json = subject.partition(" ")
    commands: dict[str, Callable[[Operator], Result]] = {
        "list": list_,
        "plan": lambda operator: plan(operator, Period.DAY),
    }
    operator = Operator(Options())
    operator.__dict__.update(deployment=Deployment(settings=SETTINGS), account="111122223333")
    operator.ec2.meta.endpoint_url  # noqa: B018 - the client is made before the stopwatch starts
    console = Console(file=io.StringIO(), width=120)
    if name != "bare":
        prepare()
    wall, cpu = time.perf_counter(), time.process_time()
    if name == "bare":
        bare(operator)
    else:
        result = commands[name](operator)
        if as_json:
            json.dumps(result.document(), ensure_ascii=False, indent=2)
        else:
            result.show(console)
    print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]))  # noqa: T201 - the answer


def measured(subject: str, url: str) -> tuple[float, float]:
    """Measure one subject in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.see", "--measure", subject]
    source = environment(url)
    source["PYTHONPATH"] += f":{ROOT / 'cli'}"
    done = subprocess.run(command, env=source, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - our own
    wall, cpu = json.loads(done.stdout.splitlines()[-1])
    return wall, cpu


def compare(volumes: int, rounds: int) -> None:
    """Measure all in turn, so many times, and print the medians beside the bare listing's."""
    times: dict[str, list[tuple[float, float]]] = {subject: [] for subject in SUBJECTS}
    with endpoint(volumes, buckets=False) as url:
        for _ in range(rounds):
            for subject in SUBJECTS:
                times[subject].append(measured(subject, url))
    print(f"{volumes:,} volumes, {volumes * PER_VOLUME:,} snapshots, median of {rounds}")  # noqa: T201 - the result
    base = [median(column) for column in zip(*times["bare"], strict=True)]
    for subject, found in times.items():
        wall, cpu = (median(column) for column in zip(*found, strict=True))
        ratios = (
            f"{wall / base[0]:.2f} times the wall, {cpu / base[1]:.2f} times the CPU (goal: under {GOAL})"
        )
        print(f"{subject:12} {wall:6.2f} s, CPU {cpu:6.2f} s: {ratios}")  # noqa: T201 - the result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--volumes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--measure", choices=SUBJECTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        main(options.measure)
    else:
        compare(options.volumes, options.rounds)
