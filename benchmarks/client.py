"""One measurement in a fresh process: `python -m benchmarks.client ours|unpaced|bare|idle VOLUMES RESULT`.

Writes to RESULT, as JSON, the wall and CPU seconds of the run (not of the imports and the clients) and the process's
peak memory. `unpaced` is ours without its rate limiter, to be compared with bare where AWS's buckets are off; `idle`
only makes its clients.
"""

import json
import os
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks.population import EVENT
from fake_aws.account import OWNER, REGION, TOPIC

SECONDS = 900  # that Lambda gives one invocation
ENDLESS = 1e9  # tokens a second


def ours() -> Callable[[], None]:
    """Make the function's clients; return a callable that runs it, and every invocation that it queues for itself."""
    from ebs_backup import handler  # noqa: PLC0415, TID251 - each subject imports its own; this one is Lambda here

    handler._ec2()  # noqa: SLF001 - before the stopwatch starts, as bare does
    handler._sns(TOPIC)  # noqa: SLF001 - the same

    def run() -> None:
        event: object = EVENT
        while event:
            handler.handler(event, _context())
            event = _queued()

    return run


def unpaced() -> Callable[[], None]:
    """Return the function without a rate limit, as if EC2's buckets were endless."""
    from ebs_backup.aws import rate_limiter  # noqa: PLC0415 - each subject imports its own

    rate_limiter.RATE = ENDLESS
    return ours()


def bare(volumes: int) -> Callable[[], None]:
    """Make bare's clients; return a callable that runs it."""
    from benchmarks import bare as subject  # noqa: PLC0415 - each subject imports only its own

    clients = subject.clients()
    return lambda: subject.run(*clients, volumes)


def _context() -> Any:  # noqa: ANN401 - stands in for Lambda's own
    until = time.monotonic() + SECONDS
    return SimpleNamespace(
        function_name="ebs-backup",
        memory_limit_in_mb=256,
        invoked_function_arn=f"arn:aws:lambda:{REGION}:{OWNER}:function:ebs-backup",
        aws_request_id="request-1",
        log_group_name="/aws/lambda/ebs-backup",
        get_remaining_time_in_millis=lambda: int((until - time.monotonic()) * 1000),
    )


def _queued() -> object:
    url = f"{os.environ['AWS_ENDPOINT_URL']}/queued"
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - our own endpoint on the loopback
        return json.load(answer)


def peak_memory() -> int:
    """Return this process's peak resident memory in KiB; `ru_maxrss` would be the parent's, if that is larger."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


def main(subject: str, volumes: int, result: Path) -> None:
    """Measure one run of one subject."""
    run = {"ours": ours, "unpaced": unpaced, "bare": lambda: bare(volumes), "idle": ours}[subject]()
    wall, cpu = time.perf_counter(), time.process_time()
    failed = ""
    try:
        if subject != "idle":
            run()
    except Exception as error:  # noqa: BLE001 - bare breaks when it is throttled, and that is a result
        failed = repr(error)[:200]
    measured = {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "peak_kib": peak_memory(),
        "failed": failed,
    }
    result.write_text(json.dumps(measured), "ascii")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
