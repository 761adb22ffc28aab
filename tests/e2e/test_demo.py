"""`make demo` leaves nothing behind when it is stopped, and says in one line why it cannot start."""

import os
import signal
import socket
import subprocess
import sys
import time

from emulator.server import HOST, ROOT


def start(port: int) -> "subprocess.Popen[str]":
    """Start the demo as a shell does: a group of its own, which Ctrl-C then signals."""
    return subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-m", "demo", "--port", str(port)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "lambda"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def test_ctrl_c_stops_everything_that_the_demo_started() -> None:
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    demo = start(port)
    until = time.monotonic() + 60
    while not listens(port) and time.monotonic() < until:
        time.sleep(0.1)
    assert listens(port)

    os.killpg(demo.pid, signal.SIGINT)
    said, _ = demo.communicate(timeout=60)

    assert demo.returncode == 130
    assert "nothing is left running" in said
    assert not listens(port)


def test_a_port_in_use_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]

        demo = start(port)
        _, complaint = demo.communicate(timeout=60)

    assert demo.returncode == 1
    assert complaint == f"demo: port {port} of {HOST} is in use; choose another\n"
