"""Measurements, each with an endpoint and a client in separate processes."""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.population import SETTINGS
from fake_aws.account import REGION, TOPIC

ROOT = Path(__file__).parent.parent
LONGEST = 3 * 3600  # seconds, of one measurement
TICK = 0.25  # seconds between two looks at the progress

Watch = Callable[[int], None]  # gets the number of calls so far


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One run: wall and CPU seconds of the client, its peak memory, the calls, and the truth about the account."""

    subject: str
    volumes: int
    buckets: bool
    wall: float
    cpu: float
    peak_kib: int
    failed: str
    calls: dict[str, int]
    throttled: int
    missed: int
    duplicates: int
    wrongly_deleted: int
    not_deleted: int

    @property
    def all_calls(self) -> int:
        """Return the number of API calls."""
        return sum(self.calls.values())


def environment(url: str, *, source: Path = ROOT / "lambda") -> dict[str, str]:
    """Return the environment of a client process: nothing of the developer's own AWS or Python."""
    own = ("AWS_", "EBS_BACKUP_", "PYTHON")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(own)}
    ours = {
        "AWS_ENDPOINT_URL": url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PYTHONPATH": os.pathsep.join((str(source), str(ROOT))),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return kept | ours | SETTINGS.to_env(topic_arn=TOPIC)


@contextmanager
def endpoint(volumes: int, *, buckets: bool) -> Iterator[str]:
    """Start an endpoint of so many volumes and yield its address."""
    command = [sys.executable, "-m", "benchmarks.serve", "--volumes", str(volumes), *["--buckets"] * buckets]
    process = subprocess.Popen(  # noqa: S603 - our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment("")
    )
    with process:
        assert process.stdout is not None  # noqa: S101 - piped above
        yield process.stdout.readline().strip()


def measure(subject: str, volumes: int, *, buckets: bool, watch: Watch = lambda _: None) -> Measured:
    """Do one run of `ours` (unpaced where there are no buckets) or `bare`, or of `idle`, which makes no call."""
    with endpoint(volumes, buckets=buckets) as url, tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        mode = "unpaced" if subject == "ours" and not buckets else subject
        command = [sys.executable, "-m", "benchmarks.client", mode, str(volumes), str(result)]
        process = subprocess.Popen(  # noqa: S603 - our own module
            command, stdout=subprocess.DEVNULL, cwd=ROOT, env=environment(url)
        )
        _await(process, url, watch)
        status, truth = _ask(f"{url}/status"), _ask(f"{url}/truth")
        measured = json.loads(result.read_text("ascii"))
    return Measured(subject=subject, volumes=volumes, buckets=buckets, **measured, **status, **truth)


def _await(process: "subprocess.Popen[bytes]", url: str, watch: Watch) -> None:
    until = time.monotonic() + LONGEST
    while process.poll() is None:
        if time.monotonic() > until:
            process.kill()
        time.sleep(TICK)
        watch(sum(_ask(f"{url}/status")["calls"].values()))
    if process.returncode:
        raise SystemExit(f"the measured process ended with status {process.returncode}")


def _ask(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - our own endpoint on the loopback
        told: dict[str, Any] = json.load(answer)
        return told
