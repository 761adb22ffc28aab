"""Every way in which one part of the role's policy could be missing or wider than it is.

A mutant's name says what was done to which statement, so that a test can list those that no call notices.
"""

from collections.abc import Iterator
from copy import deepcopy
from itertools import chain

from tests.infra.documents import Policy, Statement


def mutants(policy: Policy) -> dict[str, Policy]:
    """List every mutant of the policy by name."""
    return dict(chain.from_iterable(_of(policy, sid) for sid in policy))


def _of(policy: Policy, sid: str) -> Iterator[tuple[str, Policy]]:
    yield f"{sid}: missing", {name: statement for name, statement in policy.items() if name != sid}
    for what, statement in chain(_actions(policy[sid]), _resources(policy[sid]), _conditions(policy[sid])):
        yield f"{sid}: {what}", {**policy, sid: statement}


def _actions(statement: Statement) -> Iterator[tuple[str, Statement]]:
    actions = statement["Action"]
    for action in actions:
        others = [other for other in actions if other != action]
        if others:
            yield f"{action} missing", {**statement, "Action": others}
        every = f"{action.partition(':')[0]}:*"
        yield f"{every} for {action}", {**statement, "Action": [*others, every]}


def _resources(statement: Statement) -> Iterator[tuple[str, Statement]]:
    for resource in statement["Resource"]:
        if resource != "*":
            yield "any resource", {**statement, "Resource": ["*"]}


def _conditions(statement: Statement) -> Iterator[tuple[str, Statement]]:
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            loose, weak = deepcopy(statement), deepcopy(statement)
            del loose["Condition"][operator][key]
            yield f"{key} not asked", loose
            weak["Condition"][f"{operator}IfExists"] = {key: weak["Condition"][operator].pop(key)}
            yield f"{key} asked only where it is given", weak
            for value in values if isinstance(values, list) else ():
                narrow = deepcopy(statement)
                narrow["Condition"][operator][key].remove(value)
                yield f"{key} not {value}", narrow
