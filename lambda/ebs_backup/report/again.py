"""The mail about failed snapshots, minutes after they failed: whose, why, and whether they were made again. Pure."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from ebs_backup import __version__
from ebs_backup.made_again import RunAgain, VolumeAgain
from ebs_backup.model import FailedSnapshot
from ebs_backup.outcome import Status, as_failure
from ebs_backup.report.problems import PLAIN
from ebs_backup.report.render import attributes_of, first_lines, fitted, headline, last_lines, news_of
from ebs_backup.report.text import (
    LIMITS,
    MAX_DATA,
    Command,
    Mail,
    Part,
    Row,
    by_hand,
    counted,
    grouped,
    links,
    named,
    one_line,
    size,
)


def render_again(again: RunAgain) -> Mail:
    """Write the mail of one run's failed snapshots."""
    run, status = again.run, Status.PROBLEM
    blocks = {"NOW": [*_lacking(again), *_made(again)]}
    title = headline(status, news_of(blocks), run.region, run.period, run.backup_set)
    body = fitted(first_lines("", blocks), blocks, list(links(run, ())), last_lines(run))
    return Mail(
        subject=title,
        body=body or title,
        data=_data(title, again),
        attributes=attributes_of(status, run.backup_set, run.period),
    )


def _lacking(again: RunAgain) -> Iterator[Part]:
    """Return why there is no restore point, grouped by that reason, and how to make it now."""
    run, lacking = again.run, again.lacking
    number = sum(len(volume.failed) for volume in lacking)
    problems = [
        (volume.fault, _row(failed, "")) for volume in lacking if volume.fault for failed in volume.failed
    ]
    volumes = [volume.volume_id for volume in lacking if volume.runnable]
    command = Command(f"Then make the {run.period} backup", by_hand(run, run.period, volumes))
    return grouped(
        f"NOT MADE AGAIN  {counted(number, 'snapshot')}",
        problems,
        news=f"{_who(lacking)}: NO backup, its snapshot failed"
        if len(lacking) == 1
        else f"{number:,} snapshots failed and were NOT made again",
        lead=f"{counted(number, f'{run.period} snapshot')} failed, NOT made again:",
        commands=[command] if volumes else (),
    )


def _made(again: RunAgain) -> Iterator[Part]:
    """Return why the snapshots failed that were made again: the new ones may fail for the same reason."""
    made = again.made
    number = sum(len(volume.failed) for volume in made)
    problems = [
        (as_failure(failed), _row(failed, f"made again: {one_line(volume.made.id)}"))
        for volume in made
        if volume.made
        for failed in volume.failed
    ]
    return grouped(
        f"MADE AGAIN  {counted(number, 'snapshot')}",
        problems,
        news=f"{_who(made)}: its snapshot failed, and is made again"
        if len(made) == 1
        else f"{number:,} snapshots failed and are made again",
        lead=f"{counted(number, f'{again.run.period} snapshot')} failed, made again:",
        text="The new ones are pending. If one of them fails too, the next mail says so.",
    )


def _who(volumes: Sequence[VolumeAgain]) -> str:
    name = one_line(volumes[0].failed[0].name, 20)
    return name if re.fullmatch(PLAIN, name) else volumes[0].volume_id


def _row(failed: FailedSnapshot, done: str) -> Row:
    reason = one_line(failed.message, 100) or "EC2 gave no reason"
    both = f"{one_line(failed.volume_id)} {one_line(failed.id)}"
    return (named(failed.name), reason, both, *([done] if done else []))


def _data(title: str, again: RunAgain) -> str:
    """Return the same for machines, with the lists cut until SNS takes them."""
    texts = (json.dumps(_told(title, again, rows)) for rows in LIMITS[1:])
    return next(text for text in texts if size(text) <= MAX_DATA)


def _told(title: str, again: RunAgain, rows: int) -> dict[str, Any]:
    run = again.run
    failures = [as_failure(failed) for failed in again.failed]
    failures += [volume.fault for volume in again.lacking if volume.fault]
    volumes = (*again.lacking, *again.made)
    cut = {"again": max(0, len(volumes) - rows), "failures": max(0, len(failures) - rows)}
    return {
        "subject": title,
        "version": __version__,
        "status": Status.PROBLEM.value,
        "set": one_line(run.backup_set),
        "period": run.period.value,
        "run": one_line(run.id),
        "account": run.account,
        "region": run.region,
        "again": [
            {
                "volume": volume.volume_id,
                "name": volume.failed[0].name,
                "failed": [failed.id for failed in volume.failed],
                "made": volume.made.id if volume.made else None,
            }
            for volume in volumes[:rows]
        ],
        "failures": [asdict(failure) for failure in failures[:rows]],
        "not_shown": {name: number for name, number in cut.items() if number},
    }
