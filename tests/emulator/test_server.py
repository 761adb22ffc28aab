"""The emulator's process: it starts or says why not, stops all that it started, and never reaches AWS."""

import os
import socket
import subprocess
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import cast

import pytest

from emulator import guard
from emulator.patching import PatchError, check_version, replace
from emulator.server import HOST, PYTHON, ROOT, Emulator, EmulatorError, running


def test_every_patch_fits_the_installed_ministack(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(ROOT), "EMULATOR_CLOCK": str(tmp_path / "clock"), "HOME": str(tmp_path)}
    done = subprocess.run(  # noqa: S603 - our own words
        [PYTHON, "-m", "emulator.launch", "--check"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


def test_a_patched_name_that_is_gone_is_named() -> None:
    module = cast("ModuleType", SimpleNamespace(__name__="ministack.services.ec2"))

    with pytest.raises(PatchError, match=r"ministack\.services\.ec2\._now_ts"):
        replace(module, "_now_ts", lambda it: it)


def test_another_ministack_is_refused() -> None:
    with pytest.raises(PatchError, match=r"1\.5\.34 is installed"):
        check_version("1.5.34")


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]

        with (
            pytest.raises(EmulatorError, match=f"port {port} of 127.0.0.1 is in use"),
            running(tmp_path, port=port),
        ):
            pytest.fail("it started")


def test_it_is_gone_when_the_block_is_left_by_an_error(tmp_path: Path) -> None:
    def start_and_break() -> None:
        with running(tmp_path) as started:
            endpoints.append(started.endpoint)
            raise KeyboardInterrupt

    endpoints: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        start_and_break()

    with (
        pytest.raises(ConnectionRefusedError),
        socket.create_connection((HOST, int(endpoints[0].split(":")[2]))),
    ):
        pytest.fail("it still listens")


def test_the_environment_for_tools_passes_the_guard_and_hides_the_users_own(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")

    environment = emulator.environment()

    guard.check(environment)
    assert environment["HOME"] != os.environ["HOME"]
    assert "AWS_PROFILE" not in environment


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"AWS_ACCESS_KEY_ID": "a-real-key"}, "AWS_ACCESS_KEY_ID must be 'test'"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "AWS_SECRET_ACCESS_KEY must be 'test'"),
        ({"AWS_ENDPOINT_URL": "https://ec2.eu-west-1.amazonaws.com"}, "AWS_ENDPOINT_URL must be on loopback"),
        ({"AWS_ENDPOINT_URL_EC2": "https://192.0.2.1"}, "AWS_ENDPOINT_URL_EC2 must be on loopback"),
        ({"AWS_PROFILE": "production"}, "AWS_PROFILE must not be set"),
    ],
)
def test_the_guard_names_what_could_reach_aws(emulator: Emulator, change: dict[str, str], words: str) -> None:
    with pytest.raises(guard.NotTheEmulatorError, match=words):
        guard.check(emulator.environment() | change)


def test_the_guard_wants_an_endpoint(emulator: Emulator) -> None:
    environment = emulator.environment()
    del environment["AWS_ENDPOINT_URL"]

    with pytest.raises(guard.NotTheEmulatorError, match="AWS_ENDPOINT_URL must be set"):
        guard.check(environment)
