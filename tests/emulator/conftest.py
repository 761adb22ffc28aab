"""One emulator for all of these tests, and an empty account for each."""

from collections.abc import Iterator

import pytest

from emulator.account import EmulatedAccount
from emulator.server import Emulator, running


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with running(tmp_path_factory.mktemp("emulator")) as started:
        yield started


@pytest.fixture
def account(emulator: Emulator) -> Iterator[EmulatedAccount]:
    yield (account := EmulatedAccount(emulator))
    account.clear()
