"""`ebs-backup undelete`: deleted snapshots come back from the Recycle Bin, on hold."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console

from ebs_backup.aws.errors import AwsError
from ebs_backup.model import ERROR
from ebs_backup.names import TAG_PERIOD, TAG_RUN, TAG_SET, TAG_SOURCE
from ebs_backup.retention import hold
from ebs_backup.tags import Described
from ebs_backup_cli.aws.deployment import DEFAULT
from ebs_backup_cli.aws.operator import Operator
from ebs_backup_cli.command import OK, PROBLEM, SNAPSHOTS, Result
from ebs_backup_cli.errors import CommandError, as_command_error
from ebs_backup_cli.recycle_bin.bringing_back import Back, bring_back, hold_again, there
from ebs_backup_cli.recycle_bin.contents import Contents, contents, ours
from ebs_backup_cli.terminal.progress import progress, write_lines

SHOW_BIN = "`ebs-backup bin` shows what can be brought back."


def undelete(operator: Operator, snapshots: SNAPSHOTS) -> Result:
    """Bring deleted restore points back from the Recycle Bin, and put them on hold. A second time does no harm."""
    wanted = list(dict.fromkeys(snapshots))
    found = contents(operator.ec2)
    deleted = {one.snapshot: one.made for one in found.ours if one.snapshot in wanted}
    present = _present(operator, wanted, found)
    _check_set(operator, deleted | present)
    today = operator.now().date()
    with progress(operator) as say:
        backs = [
            *(bring_back(operator.ec2, deleted, today, say=say) if deleted else ()),
            *hold_again(operator.ec2, present, today),
        ]
    failed = [back.not_restored for back in backs if back.not_restored]
    if len(failed) == len(backs):
        raise _not_restored(backs)
    in_order = sorted(backs, key=lambda back: wanted.index(back.id))
    troubles = {back.id: _trouble(back, operator) for back in in_order}
    return Result(
        document=[_document(back, troubles[back.id]) for back in in_order],
        show=lambda console: _show(console, operator, in_order, troubles),
        status=PROBLEM if any(troubles.values()) else OK,
    )


def _present(operator: Operator, wanted: Iterable[str], found: Contents) -> dict[str, Described]:
    """Return those that are back already; raises a CommandError for one that no set made, or that does not exist."""
    in_bin = {one.snapshot for one in found.ours}
    listed = there(operator.ec2, [id_ for id_ in wanted if id_ not in in_bin | found.foreign])
    present = {id_: made for id_, raw in listed.items() if (made := ours(raw))}
    for id_ in wanted:
        if id_ in found.foreign:
            raise CommandError(
                f"{id_} is in the Recycle Bin, but no backup set made it: its description names none.",
                "Bring it back by hand, in the Recycle Bin console.",
            )
        if id_ in listed and id_ not in present:
            raise CommandError(
                f"{id_} is not in the Recycle Bin, and no backup set made it.", "Nothing was changed."
            )
        if id_ not in in_bin | listed.keys():
            raise CommandError(f"There is no snapshot {id_!r} here, nor in the Recycle Bin.", SHOW_BIN)
    return present


def _check_set(operator: Operator, wanted: Mapping[str, Described]) -> None:
    for id_, made in wanted.items():
        if made.backup_set != operator.backup_set:
            raise CommandError(
                f"{id_} is of set {made.backup_set!r}, not of {operator.backup_set!r}.",
                f"Add --set {made.backup_set}.",
            )


def _not_restored(backs: Sequence[Back]) -> CommandError:
    """Return why nothing could be brought back: of several reasons, the first."""
    fault = next(back.not_restored for back in backs if back.not_restored)
    told = as_command_error(fault)
    which = ", ".join(back.id for back in backs)
    if fault.code == "InvalidSnapshot.NotFound":
        return CommandError(f"{which} is no longer in the Recycle Bin: its time was over.", SHOW_BIN)
    return CommandError(f"{which} could not be brought back. {told.message}", told.advice)


def _trouble(back: Back, operator: Operator) -> str:
    """Return what is wrong with a snapshot, and what to do; nothing if it is back and stays."""
    if back.not_restored:
        return f"It could not be brought back. {_sentence(back.not_restored)} Run the command again."
    if back.not_held:
        return (
            "It is back, but NOT on hold, and the next run of its period may delete it."
            f" {_sentence(back.not_held)} Hold it now: `{_command(operator, 'hold', back.id)}`"
        )
    if not back.now:
        again = _command(operator, "undelete", back.id)
        return f"EC2 does not list it yet, or you may not look. Try again in a minute: `{again}`"
    if back.now.state == ERROR:
        return "It failed when it was made, and holds nothing: the next run deletes it again."
    if not back.labelled:
        return (
            "It has lost the labels of its set, so no run counts it or deletes it, and `ebs-backup list` does not show"
            f" it. Set them again: `{_label(back, operator)}`"
        )
    return ""


def _sentence(error: AwsError) -> str:
    return f"{str(error).rstrip('.')}."


def _label(back: Back, operator: Operator) -> str:
    made = back.made
    tags = {
        TAG_SET: made.backup_set,
        TAG_PERIOD: made.period,
        TAG_RUN: made.run,
        TAG_SOURCE: f"volume={made.volume_id}",
    }
    words = shlex.join(f"Key={key},Value={value}" for key, value in tags.items())
    return f"aws ec2 create-tags --region {operator.region} --resources {back.id} --tags {words}"


def _command(operator: Operator, name: str, *ids: str) -> str:
    """Return a command of ours for these snapshots, of this set and in this region."""
    region = ["--region", operator.options.region] if operator.options.region else []
    of_set = ["--set", operator.backup_set] if operator.backup_set != DEFAULT else []
    return shlex.join(["ebs-backup", name, *ids, *of_set, *region])


def _document(back: Back, trouble: str) -> dict[str, Any]:
    return {
        "snapshot": back.id,
        "volume": back.made.volume_id,
        "name": back.made.name,
        "set": back.made.backup_set,
        "period": back.made.period,
        "run": back.made.run,
        "restored": back.restored,
        "state": back.now.state if back.now else None,
        "hold": back.hold,
        "problem": trouble or None,
    }


def _show(console: Console, operator: Operator, backs: Sequence[Back], troubles: Mapping[str, str]) -> None:
    today = operator.now().date()
    for back in backs:
        made = back.made
        what = f"{back.id} ({made.name or made.volume_id}, {made.period}, run {made.run})"
        before = "is back" if back.restored else "was back already, or was never deleted"
        held = (back.now and hold(back.now, today)) or "on hold"
        write_lines(
            console,
            f"{what}: {troubles[back.id]}" if troubles[back.id] else f"{what} {before}, and is {held}.",
        )
    if well := [back.id for back in backs if not troubles[back.id]]:
        write_lines(console, f"When you no longer need it: `{_command(operator, 'unhold', *well)}`")
