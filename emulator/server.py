"""Starts and stops the emulator: one process, with its own folder, on loopback."""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boto3.session import Session

from emulator import clock, failures, guard, outbox
from emulator.clock import Clock
from emulator.failures import Failures
from emulator.outbox import Outbox

ROOT = Path(__file__).parent.parent
PYTHON = ROOT / ".emulator" / "bin" / "python"
HOST = "127.0.0.1"
REGION = "eu-west-1"
ACCOUNT = "111122223333"  # AWS's own example account
START_SECONDS, STOP_SECONDS = 60, 10


class EmulatorError(RuntimeError):
    """The emulator could not be started: one line that says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulator:
    """A running emulator: where it listens, and the folder with everything that it and its callers write."""

    endpoint: str
    folder: Path
    session: Session

    @property
    def clock(self) -> Clock:
        """Return its clock."""
        return Clock(self.folder / "clock")

    @property
    def failures(self) -> Failures:
        """Return the snapshots that it lets fail."""
        return Failures(self.folder / "failures.jsonl")

    @property
    def outbox(self) -> Outbox:
        """Return what its e-mail subscribers got."""
        return Outbox(self.folder / "outbox.jsonl")

    def environment(self) -> dict[str, str]:
        """Return the environment in which any AWS tool talks to this emulator, and to nothing else."""
        found = {
            "PATH": f"{os.path.dirname(PYTHON)}{os.pathsep}{os.environ['PATH']}",  # noqa: PTH120
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
            "AWS_ENDPOINT_URL": self.endpoint,
            **_credentials(),
        }
        guard.check(found)
        return found

    def client(self, service: str, *, region: str = REGION) -> Any:  # noqa: ANN401 - a client of any service
        """Return a boto3 client of the emulator's root user."""
        any_service: Any = self.session.client  # the stubs know services by literal names alone
        return any_service(service, region_name=region, endpoint_url=self.endpoint)


@contextmanager
def running(folder: Path, *, port: int = 0) -> Iterator[Emulator]:
    """Run an emulator until the block ends, also after an exception; `port` 0 takes any free one."""
    port = _free(port)
    for name in ("home", "tmp", "state", "s3"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    session = Session("test", "test", region_name=REGION)
    emulator = Emulator(endpoint=f"http://{HOST}:{port}", folder=folder, session=session)
    log = folder / "emulator.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own words
            [PYTHON, "-m", "emulator.launch"],
            env=_server_environment(emulator, port),
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            start_new_session=True,  # a group of its own: its workers end with it, and Ctrl-C is ours to handle
        )
    try:
        _wait(emulator, process, log)
        yield emulator
    finally:
        _stop(process)


def _credentials() -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": guard.KEY,
        "AWS_SECRET_ACCESS_KEY": guard.KEY,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _server_environment(emulator: Emulator, port: int) -> dict[str, str]:
    return emulator.environment() | {
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        clock.VARIABLE: str(emulator.clock.file),
        failures.VARIABLE: str(emulator.failures.file),
        outbox.VARIABLE: str(emulator.outbox.file),
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "STATE_DIR": str(emulator.folder / "state"),
        "S3_DATA_DIR": str(emulator.folder / "s3"),
        "AUTH": "true",
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.1",
    }


def _free(port: int) -> int:
    """Return the port if nobody listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise EmulatorError(f"port {port} of {HOST} is in use; choose another") from error
        free: int = probe.getsockname()[1]
    return free


def _wait(emulator: Emulator, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            last = (log.read_text(errors="replace").strip() or "it said nothing").splitlines()[-1]
            raise EmulatorError(f"the emulator ended at once: {last}")
        try:
            with urllib.request.urlopen(f"{emulator.endpoint}/_ministack/health", timeout=2):  # noqa: S310 - loopback
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise EmulatorError(f"the emulator did not answer within {START_SECONDS} s; its log is {log}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End the process and the workers that it started, and no other process: its own group."""
    for stop in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, stop)
            process.wait(STOP_SECONDS)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
