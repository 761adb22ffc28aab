"""`ebs-backup verify`: makes temporary volumes of the newest restore points, reads what it can, removes the volumes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any
from uuid import uuid4

import typer
from botocore.config import Config
from rich.console import Console

from ebs_backup.aws import convert
from ebs_backup.aws.errors import ERRORS, AwsError, Kind
from ebs_backup.names import TAG_VERIFY
from ebs_backup_cli.aws.operator import Operator
from ebs_backup_cli.backups.overdue import selected
from ebs_backup_cli.backups.points import holdings
from ebs_backup_cli.command import OK, PROBLEM, YES, Result, ask, given
from ebs_backup_cli.errors import CommandError
from ebs_backup_cli.restore import creating
from ebs_backup_cli.restore.choosing import one_volume
from ebs_backup_cli.restore.reading import read
from ebs_backup_cli.restore.restoring import NewVolume, for_a_look
from ebs_backup_cli.restore.verifying import Verified, cost, estimate, is_leftover, to_verify
from ebs_backup_cli.terminal.progress import aside, progress, write_lines
from ebs_backup_cli.terminal.words import several

VOLUME = Annotated[
    str | None,
    typer.Argument(
        metavar="VOLUME|NAME", help="One volume; without it, all that the set backs up.", callback=given
    ),
]
DENIED = ("UnauthorizedOperation", "AccessDenied")
NEVER_CHECKED = (
    "Not checked: all other blocks, whether the file systems are whole, and what is in the files."
    " To check these, restore a volume and look at it with the program that wrote the files."
)


def verify(operator: Operator, volume: VOLUME = None, *, yes: YES = False) -> Result:
    """Restore the newest restore point of each period to a temporary volume, read some of it, and remove the volume."""
    settings = operator.deployment.settings
    found = holdings(operator.ec2, operator.listing(), settings.backup_set, tag_name=settings.tag_name)
    wanted = [one_volume(found, volume)] if volume else selected(found, settings)
    points, notes = to_verify(found, wanted, settings)
    leftovers = _leftovers(operator)
    if not points and not leftovers:
        raise CommandError(
            "There is nothing to verify: no completed restore point.",
            "`ebs-backup list` shows what there is.",
        )
    notes += [f"Left over by an earlier verify, to be removed: {id_}." for id_ in leftovers]
    console = aside(operator)
    write_lines(console, *notes, *([estimate(points)] if points else []))
    ask(
        f"Verify {several(len(points), 'restore point')}?" if points else "Remove what is left over?", yes=yes
    )
    removed = [id_ for id_ in leftovers if _remove(operator, id_)]
    zones = creating.zones(operator.ec2)
    done = []
    with progress(operator) as show:
        for number, point in enumerate(points, 1):
            show(f"{number} of {len(points)}: {point.snapshot.id} of {point.snapshot.volume_id}")
            look = for_a_look(point, zones=zones, backup_set=settings.backup_set)
            done.append(_verified(operator, Verified(point=point), look))
    names = found.names()
    return Result(
        document={
            "set": settings.backup_set,
            "cost_usd": round(cost(points), 4),
            "removed": removed,
            "notes": notes,
            "verified": [one.document(names[one.point.snapshot.volume_id]) for one in done],
            "not_checked": NEVER_CHECKED,
        },
        show=lambda console: _show(console, done, names),
        status=PROBLEM if any(one.bad for one in done) else OK,
    )


def _show(console: Console, done: Sequence[Verified], names: Mapping[str, str]) -> None:
    for one in done:
        write_lines(console, *one.lines(names[one.point.snapshot.volume_id]))
    bad = sum(one.bad for one in done)
    write_lines(console, f"{len(done) - bad} good, {bad} bad.", NEVER_CHECKED)


def _verified(operator: Operator, one: Verified, look: NewVolume) -> Verified:
    """Try one restore point; raises a CommandError if the operator may not make volumes at all."""
    try:
        made = creating.create(operator.ec2, look, str(uuid4()))
    except AwsError as error:
        told = creating.told(error, look)
        if error.code in DENIED:
            raise told from None
        if error.code == "InvalidSnapshot.NotFound":
            one.not_checked.append(told.message)
        else:
            one.fault, one.advice = told.message, told.advice
        return one
    with _removed_at_the_end(operator, one, made):
        if ended := creating.wait(operator.ec2, [made]).get(made):
            one.fault, one.advice = ended.message, ended.advice
        else:
            one.restored = True
            one.reading = read(_ebs(operator), look.snapshot)
    return one


@contextmanager
def _removed_at_the_end(operator: Operator, one: Verified, volume: str) -> Iterator[None]:
    """Remove the volume at the end of the block, also after an exception."""
    try:
        yield
    finally:
        if not _remove(operator, volume):
            one.left = volume


def _remove(operator: Operator, volume: str) -> bool:
    """Delete one volume that a verify made, and return whether it is gone."""
    try:
        operator.ec2.delete_volume(VolumeId=volume)
    except ERRORS as error:
        return AwsError.of(error).kind is Kind.NOT_FOUND
    return True


def _leftovers(operator: Operator) -> list[str]:
    """List the volumes that an earlier verify of this set could not remove."""
    backup_set = operator.deployment.settings.backup_set
    pages = operator.ec2.get_paginator("describe_volumes").paginate(
        Filters=convert.filters({"tag-key": [TAG_VERIFY]})
    )
    listed = convert.rows(pages, "Volumes", dict)
    return sorted(raw["VolumeId"] for raw in listed if is_leftover(raw, backup_set))


def _ebs(operator: Operator) -> Any:  # noqa: ANN401 - boto3's client of EBS, whose stubs are not installed
    any_service: Any = operator.session.client
    return any_service("ebs", config=Config(retries={"mode": "standard", "total_max_attempts": 8}))
