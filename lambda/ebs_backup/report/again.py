"""The mail about failed snapshots, minutes after they failed: whose, why, and whether they were made again. Pure."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from ebs_backup import __version__
from ebs_backup.made_again import RunAgain, VolumeAgain
from ebs_backup.model import FailedSnapshot, Run, Snapshot
from ebs_backup.outcome import Status, as_failure
from ebs_backup.report.problems import PLAIN
from ebs_backup.report.render import attributes_of, first_lines, fitted, headline, last_lines, news_of
from ebs_backup.report.text import (
    LIMITS,
    MAX_DATA,
    Command,
    Mail,
    Part,
    Problem,
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
    blocks = {"NOW": [*_lacking(again), *_made(again), *_left_alone(again)]}
    title = headline(status, news_of(blocks), run.region, run.period, run.backup_set)
    body = fitted(first_lines("", blocks), blocks, list(links(run, ())), last_lines(run))
    return Mail(
        subject=title,
        body=body or title,
        data=_data(title, again),
        attributes=attributes_of(status, run.backup_set, run.period),
    )


def _lacking(again: RunAgain) -> Iterator[Part]:
    """Return why a run could not make them again, grouped by that reason, and the command that makes them."""
    run, lacking = again.run, [volume for volume in again.lacking if volume.runnable]
    command = by_hand(run, run.period, [volume.volume_id for volume in lacking])
    return _section(
        "NOT MADE AGAIN",
        lacking,
        run,
        news="NO backup, snapshot failed",
        told="NOT made again",
        commands=[Command(f"Then make the {run.period} backup", command)],
    )


def _made(again: RunAgain) -> Iterator[Part]:
    """Return why the snapshots that were made again had failed: the new ones may fail for the same reason."""
    text = "What was made again is still pending. If it fails too, the next mail says so."
    return _section(
        "MADE AGAIN", again.made, again.run, news="snapshot failed, made again", told="made again", text=text
    )


def _left_alone(again: RunAgain) -> Iterator[Part]:
    """Return the failed snapshots of volumes that should not be backed up, or cannot be any more."""
    left = [volume for volume in again.lacking if not volume.runnable]
    return _section("LEFT ALONE", left, again.run, news="snapshot failed, left alone", told="left alone")


def _section(  # noqa: PLR0913 - a text each
    heading: str,
    volumes: Sequence[VolumeAgain],
    run: Run,
    *,
    news: str,
    told: str,
    text: str = "",
    commands: Sequence[Command] = (),
) -> Iterator[Part]:
    number = sum(len(volume.failed) for volume in volumes)
    return grouped(
        f"{heading}  {counted(number, 'snapshot')}",
        _problems(volumes),
        news=f"{_who(volumes)}: {news}",
        lead=f"{counted(number, f'{run.period} snapshot')} failed, {told}:",
        text=text,
        commands=commands,
    )


def _who(volumes: Sequence[VolumeAgain]) -> str:
    """Return the name of one volume (its id if the name could be misread), or the number of several."""
    if len(volumes) != 1:
        return counted(len(volumes), "volume")
    name = one_line(volumes[0].failed[0].name, 20)
    return name if re.fullmatch(PLAIN, name) else volumes[0].volume_id


def _problems(volumes: Sequence[VolumeAgain]) -> list[Problem]:
    """Return each failed snapshot, with why there is no new one or else why it failed: the new one may fail, too."""
    return [
        (volume.fault or as_failure(failed), _row(failed, volume.made))
        for volume in volumes
        for failed in volume.failed
    ]


def _row(failed: FailedSnapshot, made: Snapshot | None) -> Row:
    reason = one_line(failed.message, 100) or "EC2 gave no reason"
    both = f"{one_line(failed.volume_id)} {one_line(failed.id)}"
    again = f"made again: {one_line(made.id)}" if made else ""
    return tuple(filter(None, (named(failed.name), reason, both, again)))


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
