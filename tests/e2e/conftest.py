"""One emulator, one deployed stack for all of these tests; an empty account and inbox for each."""

from collections.abc import Iterator, Mapping

import pytest

from emulator.account import DeployedFunction, EmulatedAccount, Inbox
from emulator.cdk import Cdk
from emulator.server import Emulator, running

STACK = "ebs-backup-default"


@pytest.fixture(scope="session")
def cdk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cdk]:
    with running(tmp_path_factory.mktemp("emulator")) as emulator:
        cdk = Cdk(emulator)
        cdk.bootstrap()
        yield cdk


@pytest.fixture(scope="session")
def emulator(cdk: Cdk) -> Emulator:
    return cdk.emulator


@pytest.fixture(scope="session")
def outputs(cdk: Cdk) -> Mapping[str, str]:
    """Return the outputs of the stack, deployed as the README says."""
    cdk.deploy(STACK, alert_email="you@example.com")
    return cdk.outputs(STACK)


@pytest.fixture
def account(emulator: Emulator) -> Iterator[EmulatedAccount]:
    yield (account := EmulatedAccount(emulator))
    account.clear()


@pytest.fixture
def function(emulator: Emulator, outputs: Mapping[str, str]) -> DeployedFunction:
    return DeployedFunction(client=emulator.client("lambda"), name=outputs["FunctionName"])


@pytest.fixture
def inbox(emulator: Emulator, outputs: Mapping[str, str]) -> Inbox:
    inbox = Inbox.of(emulator, outputs["TopicArn"])
    inbox.clear()
    return inbox
