"""The volumes that an operator names, by id or name: only those that exist now."""

import difflib
import re
from collections.abc import Sequence

from ebs_backup_cli.aws.operator import Operator
from ebs_backup_cli.errors import CommandError

ID = re.compile(r"vol-[0-9a-f]{1,40}")


def volume_ids(operator: Operator, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of these volumes; raises a CommandError for a name that no volume has, or more than one.

    An id is taken as it is: the run reports whether it is selected.
    """
    if all(ID.fullmatch(name) for name in wanted):
        return tuple(dict.fromkeys(wanted))
    names = {volume.id: volume.name for volume in operator.listing().volumes({})}
    return tuple(dict.fromkeys(_id(name, names) for name in wanted))


def _id(wanted: str, names: dict[str, str]) -> str:
    if ID.fullmatch(wanted):
        return wanted
    found = [volume for volume, name in names.items() if name == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        raise CommandError(
            f"{len(found)} volumes have the name {wanted!r}: {', '.join(sorted(found))}.",
            "Name one by its id.",
        )
    near = difflib.get_close_matches(wanted, filter(None, names.values()), n=3)
    advice = f"Did you mean {', '.join(dict.fromkeys(near))}?" if near else "`ebs-backup list` shows all."
    raise CommandError(f"No volume has the id or name {wanted!r}.", advice)
