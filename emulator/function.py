"""The function's processes: they have the emulator's clock, because Lambda's and EC2's agree, and know their log group."""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.core import lambda_runtime

from emulator.patching import replace

FIRST = "from emulator.clock import keep_time; keep_time()\n"


def patch() -> None:
    """Make every worker set its clock before it does anything else, and give it the name of its log group."""
    replace(lambda_runtime, "_PYTHON_WORKER_SCRIPT", lambda script: FIRST + script)
    replace(lambda_runtime, "execution_credentials", _with_the_log_group)


def _with_the_log_group(
    credentials: Callable[[Mapping[str, Any]], dict[str, str]],
) -> Callable[[Mapping[str, Any]], dict[str, str]]:
    def environment(config: Mapping[str, Any]) -> dict[str, str]:
        group = config.get("LoggingConfig", {}).get("LogGroup", "")
        return credentials(config) | ({"AWS_LAMBDA_LOG_GROUP_NAME": group} if group else {})

    return environment
