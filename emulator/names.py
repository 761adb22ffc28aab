"""CloudFormation's names of resources: unique to stack and region, where ministack's are the same in every region.

A role has no region: two stacks of one name, each in a region of its own, would overwrite each other's.
"""

import hashlib
from collections.abc import Callable

from ministack.core import responses
from ministack.services.cloudformation import provisioners

from emulator.patching import replace

SUFFIX = 13  # characters at a name's end, by which CloudFormation makes it unique


def patch() -> None:
    """Add the region to every suffix."""
    replace(provisioners, "_physical_name", _unique)


def _unique(name_of: Callable[..., str]) -> Callable[..., str]:
    def physical_name(*stack_and_id: str, lowercase: bool = False, **rest: object) -> str:
        name = name_of(*stack_and_id, lowercase=lowercase, **rest)
        suffix = hashlib.sha256(f"{responses.get_region()}:{name}".encode()).hexdigest()[:SUFFIX]
        return name[:-SUFFIX] + (suffix if lowercase else suffix.upper())

    return physical_name
