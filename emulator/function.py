"""The function's processes: they have the emulator's clock, because Lambda's and EC2's agree, and know their log group.

An event that is queued has one request id: in the answer, in every try, and in the log.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Any
from uuid import uuid4

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from emulator.patching import replace

FIRST = "from emulator.clock import keep_time; keep_time()\n"


def patch() -> None:
    """Make every worker set its clock before it does anything else, and give it the name of its log group."""
    replace(lambda_runtime, "_PYTHON_WORKER_SCRIPT", lambda script: FIRST + script)
    replace(lambda_runtime, "execution_credentials", _with_the_log_group)
    replace(lambda_svc, "invoke_async_with_retry", _under_one_id)
    replace(lambda_svc, "_execute_function_dispatch", _with_that_id)
    replace(lambda_svc, "_invoke", _answered_with_that_id)


def _with_the_log_group(
    credentials: Callable[[Mapping[str, Any]], dict[str, str]],
) -> Callable[[Mapping[str, Any]], dict[str, str]]:
    def environment(config: Mapping[str, Any]) -> dict[str, str]:
        group = config.get("LoggingConfig", {}).get("LogGroup", "")
        return credentials(config) | ({"AWS_LAMBDA_LOG_GROUP_NAME": group} if group else {})

    return environment


ID = "x-amzn-requestid"
_request: ContextVar[str] = ContextVar("request", default="")  # of the event that is queued


def _under_one_id(queue: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    def queued(function: Any, event: Any) -> None:  # noqa: ANN401 - ministack's own
        _request.set(str(uuid4()))
        queue(function, event)

    return queued


def _with_that_id(execute: Callable[..., Any]) -> Callable[..., Any]:
    def executed(function: Any, config: Any, event: Any, request: str, started: float) -> Any:  # noqa: ANN401
        return execute(function, config, event, _request.get() or request, started)

    return executed


class _Answered(dict[str, str]):
    """Headers that keep their request id: ministack would replace it."""

    def update(self, *more: Any, **named: str) -> None:  # noqa: ANN401
        """Update every header but the id."""
        super().update({key: value for key, value in dict(*more, **named).items() if key != ID})


def _answered_with_that_id(invoke: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def invoked(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401
        _request.set("")
        status, headers, body = await invoke(*arguments, **named)
        if request := _request.get():
            headers = _Answered({**headers, ID: request})
        return status, headers, body

    return invoked
