"""IAM's policy simulation uses the context that it is given: ministack's ignores the condition keys in it."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import replace as with_
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import iam

from emulator.ebs import Params, one
from emulator.patching import replace, require
from fake_aws.query import numbered

_context: ContextVar[dict[str, Any]] = ContextVar("the context of a simulation", default={})  # noqa: B039 - never written to


def patch() -> None:
    """Hand the entries from the request to the evaluation."""
    require(iam, "_IAM_HANDLERS")
    iam._IAM_HANDLERS["SimulatePrincipalPolicy"] = _answering(iam._IAM_HANDLERS["SimulatePrincipalPolicy"])
    replace(iam_evaluator, "evaluate", _evaluating)


def _answering(original: Callable[[Params], object]) -> Callable[[Params], object]:
    def simulate(params: Params) -> object:
        asked = {name: one(params, name) for name in params}
        keys = numbered(asked, "ContextEntries.member.{}.ContextKeyName")
        values = numbered(asked, "ContextEntries.member.{}.ContextKeyValues.member.1")
        token = _context.set({key.lower(): value for key, value in zip(keys, values, strict=False)})
        try:
            return original(params)
        finally:
            _context.reset(token)

    return simulate


def _evaluating(original: Callable[..., Any]) -> Callable[..., Any]:
    def evaluate(context: Any, policies: Any, *rest: Any, **named: Any) -> Any:  # noqa: ANN401 - ministack's
        if keys := _context.get():
            context = with_(context, service_context={**context.service_context, **keys})
        return original(context, policies, *rest, **named)

    return evaluate
