"""The function's processes have the emulator's clock: on AWS its clock and EC2's agree."""

from ministack.core import lambda_runtime

from emulator.patching import replace

FIRST = "from emulator.clock import keep_time; keep_time()\n"


def patch() -> None:
    """Let every worker set its clock before it does anything else."""
    replace(lambda_runtime, "_PYTHON_WORKER_SCRIPT", lambda script: FIRST + script)
