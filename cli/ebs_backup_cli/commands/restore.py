"""`ebs-backup restore`: makes new volumes of restore points. It overwrites, attaches, detaches and deletes nothing."""

from collections.abc import Sequence
from typing import Annotated
from uuid import uuid4

import typer

from ebs_backup.aws.errors import AwsError
from ebs_backup.names import Period
from ebs_backup.settings import Settings
from ebs_backup_cli.aws.operator import Operator
from ebs_backup_cli.backups.points import Holdings, holdings
from ebs_backup_cli.command import OK, PROBLEM, YES, Result, ask, decide, given
from ebs_backup_cli.errors import CommandError
from ebs_backup_cli.restore import creating
from ebs_backup_cli.restore.choosing import (
    AT,
    Wish,
    choose,
    newer,
    one_volume,
    refuse_archived,
)
from ebs_backup_cli.restore.choosing_run import Choice, choose_run, one_instance
from ebs_backup_cli.restore.restores import Restore, Restores
from ebs_backup_cli.restore.restoring import Changes, new_volume, tags_of
from ebs_backup_cli.terminal.progress import aside, progress, write_lines
from ebs_backup_cli.terminal.words import several

VOLUME = Annotated[
    str | None,
    typer.Argument(metavar="VOLUME|NAME", help="The volume, by id or name; it may be gone.", callback=given),
]
INSTANCE = Annotated[
    str | None,
    typer.Option(
        "--instance", help="All volumes of this instance (id or name), from one run.", callback=given
    ),
]
POINT_AT = Annotated[
    str | None,
    typer.Option("--at", metavar="DATE|TIME", help=f"The newest up to then: {AT}.", callback=given),
]
PERIOD = Annotated[Period | None, typer.Option("--period", help="The newest of this period.")]
SNAPSHOT = Annotated[
    str | None, typer.Option("--snapshot", metavar="ID", help="This restore point.", callback=given)
]
MIX = Annotated[
    bool, typer.Option("--mix", help="With --instance: use several runs if no run has all volumes.")
]
ZONE = Annotated[str, typer.Option("--zone", help="Another availability zone.")]
TYPE = Annotated[str, typer.Option("--type", help="Another volume type.")]
SIZE = Annotated[int | None, typer.Option("--size", metavar="GIB", min=1, help="A larger size.")]
IOPS = Annotated[int | None, typer.Option("--iops", min=1, help="Other IOPS (gp3, io1, io2).")]
THROUGHPUT = Annotated[
    int | None, typer.Option("--throughput", metavar="MIB/S", min=1, help="Another throughput (gp3).")
]
BACKED_UP = Annotated[
    bool | None,
    typer.Option(
        "--backed-up/--not-backed-up", help="Whether the new volume gets the tag that selects it for backups."
    ),
]
DRY_RUN = Annotated[bool, typer.Option("--dry-run", help="Print the commands of the AWS CLI instead.")]


def restore(  # noqa: PLR0913 - an option each
    operator: Operator,
    volume: VOLUME = None,
    *,
    instance: INSTANCE = None,
    at: POINT_AT = None,
    period: PERIOD = None,
    snapshot: SNAPSHOT = None,
    mix: MIX = False,
    zone: ZONE = "",
    type_: TYPE = "",
    size: SIZE = None,
    iops: IOPS = None,
    throughput: THROUGHPUT = None,
    backed_up: BACKED_UP = None,
    dry_run: DRY_RUN = False,
    yes: YES = False,
) -> Result:
    """Make a new volume from a restore point, like the old one, even if the old one is gone. Nothing else is changed."""
    changes = Changes(zone=zone, type=type_, size=size, iops=iops, throughput=throughput)
    wish = Wish.of(at, period, snapshot)
    _check_usage(volume, instance, wish, changes, mix=mix)
    found = holdings(operator.ec2, operator.listing(), operator.deployment.settings.backup_set)
    choice = _chosen(operator, found, volume, instance, wish, mix=mix)
    keep = _backed_up(operator, backed_up, sure=yes or dry_run)
    restores = _planned(operator, found, choice, changes, keep=keep, told=backed_up is not None)
    if dry_run:
        return Result(
            document=restores.document(dry_run=True),
            show=lambda console: write_lines(
                console, *(f"# {note}" for note in restores.notes), *restores.commands()
            ),
        )
    restores.tell(aside(operator))
    ask(f"Make {several(len(restores.every), 'volume')}?", yes=yes)
    _make(operator, restores.every)
    bad = restores.missing or any(one.fault for one in restores.every)
    return Result(
        document=restores.document(dry_run=False), show=restores.show, status=PROBLEM if bad else OK
    )


def _check_usage(
    volume: str | None, instance: str | None, wish: Wish, changes: Changes, *, mix: bool
) -> None:
    if bool(volume) == bool(instance):
        what = "Both a volume and --instance are named." if volume else "Which volume?"
        raise CommandError(
            what, "Name one: ebs-backup restore VOLUME, or ebs-backup restore --instance INSTANCE."
        )
    if mix and not instance:
        raise CommandError("--mix is for --instance: one volume has one restore point.", "Leave it out.")
    if instance and (wish.snapshot or changes != Changes(zone=changes.zone)):
        raise CommandError(
            "--snapshot, --type, --size, --iops and --throughput are for one volume, not for an instance's.",
            "Leave them out, or restore the volumes one by one.",
        )


def _chosen(
    operator: Operator, found: Holdings, volume: str | None, instance: str | None, wish: Wish, *, mix: bool
) -> Choice:
    if instance:
        settings = operator.deployment.settings
        choice = choose_run(found, one_instance(found, instance), wish, settings, mix=mix)
    else:
        point = choose(found.points, one_volume(found, volume or ""), wish)
        choice = Choice(points=(point,), notes=tuple(newer(found.points, point, wish)))
    refuse_archived(choice.points, operator.region)
    return choice


def _selector(settings: Settings) -> tuple[str, str]:
    return settings.tag_name, settings.tag_value


def _backed_up(operator: Operator, told: bool | None, *, sure: bool) -> bool:  # noqa: FBT001 - as the option is
    if told is not None:
        return told
    settings = operator.deployment.settings
    tag = "=".join(_selector(settings))
    question = f"Shall set {settings.backup_set!r} back up the new volumes (tag {tag})?"
    return sure or decide(question, advice="Add --backed-up or --not-backed-up, and --yes.")


def _planned(
    operator: Operator, found: Holdings, choice: Choice, changes: Changes, *, keep: bool, told: bool
) -> Restores:
    settings = operator.deployment.settings
    zones = creating.zones(operator.ec2)
    every = []
    for point in choice.points:
        live = found.volumes.get(point.snapshot.volume_id)
        tags = tags_of(point, live, selector=_selector(settings), backed_up=keep)
        volume = new_volume(point, live, changes, zones=zones, tags=tags)
        every.append(Restore(point=point, volume=volume, token=str(uuid4())))
    return Restores(
        every=every,
        there=found.volumes,
        notes=[*choice.notes, *_about_backups(every, found, settings, keep=keep, told=told)],
        missing=choice.missing,
        backed_up=keep,
        region=operator.region,
    )


def _about_backups(
    restores: Sequence[Restore], found: Holdings, settings: Settings, *, keep: bool, told: bool
) -> list[str]:
    """Print whether the new volumes are backed up, and which old ones still are."""
    tag = "=".join(_selector(settings))
    if not keep:
        return [f"Not backed up: without the tag {tag}. Add it if the new volume is to stay."]
    why = "" if told else ", which is the default (--not-backed-up leaves the tag out)"
    notes = [f"Backed up by set {settings.backup_set!r}: with the tag {tag}{why}."]
    old = [found.volumes.get(one.point.snapshot.volume_id) for one in restores]
    still = [there.id for there in old if there and there.tags.get(settings.tag_name) == settings.tag_value]
    if still:
        notes.append(
            f"The old volumes that still exist are backed up too: {', '.join(still)}. Remove the tag from those that you do not need."
        )
    return notes


def _make(operator: Operator, restores: Sequence[Restore]) -> None:
    """Make the volumes and wait for them; raises a CommandError if none could be made."""
    with progress(operator) as show:
        for one in restores:
            show(f"Making a volume of {one.point.snapshot.id}")
            try:
                one.made = creating.create(operator.ec2, one.volume, one.token)
                write_lines(aside(operator), f"{one.made} is being made.")
            except AwsError as error:
                one.fault = creating.told(error, one.volume)
        made = {one.made: one for one in restores if one.made}
        if not made:
            raise next(one.fault for one in restores if one.fault)
        show(f"Waiting until {', '.join(made)} {'is' if len(made) == 1 else 'are'} available")
        for volume, ended in creating.wait(operator.ec2, made).items():
            made[volume].fault = CommandError(ended.message, ended.advice)
