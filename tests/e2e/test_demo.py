"""`make demo`: it ends with a volume restored, its hints work, and it leaves nothing behind when it is stopped."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from demo import hints, way_back
from emulator.account import DeployedFunction, EmulatedAccount
from emulator.server import HOST, ROOT
from tests.e2e.week import MONDAY, run_nights


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


def test_it_ends_by_restoring_a_volume_that_is_gone_with_the_command(
    account: EmulatedAccount, function: DeployedFunction, capsys: pytest.CaptureFixture[str]
) -> None:
    account.emulator.clock.set(MONDAY)
    volume = account.volume("db-1 data", size=500, kind="st1", Backup="true", Team="data")
    account.instance("db-1", volume)
    run_nights(account, function, 1)

    way_back.restore(account, "db-1 data", volume)
    hints.closing()

    said, _ = capsys.readouterr()
    restored = [{"Name": "tag:Name", "Values": ["db-1 data (restored)"]}]
    (there,) = account.ec2.describe_volumes(Filters=restored)["Volumes"]
    assert (there["VolumeType"], there["Size"], there["VolumeId"] == volume) == ("st1", 500, False)
    assert '$ ebs-backup restore "db-1 data" --yes\nNew volume db-1 data (restored)\n' in said
    assert f"{there['VolumeId']} is available: {volume} as of 2027-03-08 01:30Z." in said
    assert '✓ "db-1 data (restored)" has the type, size and tags of the volume that is gone' in said
    assert said.splitlines()[-7] == "What next?"


def test_a_volume_that_does_not_come_back_ends_the_demo(
    account: EmulatedAccount, function: DeployedFunction
) -> None:
    assert function.name
    volume = account.volume("never backed up")

    with pytest.raises(way_back.NotRestoredError, match=r"^ebs-backup restore failed: ebs-backup: "):
        way_back.restore(account, "never backed up", volume)


def test_what_it_prints_to_be_pasted_leads_the_command_to_the_emulator(
    account: EmulatedAccount, function: DeployedFunction
) -> None:
    account.emulator.clock.set(MONDAY)
    volume = account.volume("db-1 data", Backup="true")
    run_nights(account, function, 1)
    pasted = [line for line in hints.commands(account.emulator, function) if not line.startswith("aws ")]

    done = subprocess.run(
        ["/bin/sh"],
        input="\n".join(pasted),
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )

    assert f"db-1 data {volume}" in done.stdout.replace("  ", " ")
    assert "1 snapshot would be created" in done.stdout.replace("1 would", "1 snapshot would")
    assert "Backed up: 1 of 1 volume." in done.stdout
    assert done.stderr == ""
