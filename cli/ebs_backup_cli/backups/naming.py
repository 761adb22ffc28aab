"""The volumes that an operator names, by id or name: only those that exist now."""

import re
from collections.abc import Sequence

from ebs_backup_cli.aws.operator import Operator
from ebs_backup_cli.backups.finding import find_one

ID = re.compile(r"vol-([0-9a-f]{8}|[0-9a-f]{17})")  # of old and of today's volumes; a name may begin alike


def volume_ids(operator: Operator, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of these volumes; raises a CommandError for a name that no volume has, or more than one.

    An id is taken as it is: the run reports whether it is selected.
    """
    if all(ID.fullmatch(name) for name in wanted):
        return tuple(dict.fromkeys(wanted))
    names = {volume.id: volume.name for volume in operator.listing().volumes({})}
    return tuple(dict.fromkeys(name if ID.fullmatch(name) else find_one(name, names) for name in wanted))
