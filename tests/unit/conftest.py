"""What every unit test stands on: no way out of this process, and golden files that change only on purpose."""

import os
import socket
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import botocore.session
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from moto.core import utils

# A busy machine is no fault of the code under test.
hypothesis.register_profile("unit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.register_profile("thorough", hypothesis.get_profile("unit"), max_examples=1000)
hypothesis.load_profile("unit")

GOLDEN = Path(__file__).parent / "golden"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
DUMMIES = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_REGION": "eu-west-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",  # reading moto's list of AMIs costs a second
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write the golden files anew; then read their diff"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure no coverage of properties, which takes most of their time: each line has an example that reaches it."""
    for item in items:
        if getattr(getattr(item, "function", None), "is_hypothesis_test", False):
            item.add_marker("no_cover")


@pytest.fixture(scope="session", autouse=True)
def no_way_out() -> Iterator[None]:
    """Hold every test to this machine: dummy keys only, and a connection to anywhere else fails."""
    connect = socket.socket.connect

    def guarded(sock: socket.socket, address: tuple[str, int] | str) -> None:
        if sock.family != socket.AF_UNIX and address[0] not in LOOPBACK:
            message = f"a unit test tried to reach {address}"
            raise AssertionError(message)
        connect(sock, address)

    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "EBS_BACKUP_", "POWERTOOLS_"))]:
            patch.delenv(name)
        for name, value in DUMMIES.items():
            patch.setenv(name, value)
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(scope="session", autouse=True)
def models_read_once() -> Iterator[None]:
    """Let all sessions share one loader of AWS's service models: each would parse EC2's again, for 0.1 s a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
        yield


@pytest.fixture(scope="session", autouse=True)
def moto_without_waste() -> Iterator[None]:
    """Spare moto what no test here needs, a fifth of the time of those that use it.

    It looks up the methods of a service's class at every call, registers a thousand addresses for `requests` in every
    account (boto3 does not use it), and makes each region's default network again right before it forgets the region.
    """
    with pytest.MonkeyPatch.context() as patch:
        names = cache(utils.method_names_from_class)
        patch.setattr("moto.core.responses.method_names_from_class", names)
        patch.setattr("moto.core.models.RESPONSES_METHODS", [])
        patch.setattr("moto.core.base_backend.AccountSpecificBackend.reset", lambda _: None)
        yield


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Return a check of a text against a golden file; `pytest tests/unit --update-golden` writes the file instead."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden", default=False):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        assert text == path.read_text()

    return check
