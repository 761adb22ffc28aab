"""The account that the tests of a run stand on."""

from collections.abc import Iterator

import pytest

from tests.unit.account import MotoAccount, an_account


@pytest.fixture
def account() -> Iterator[MotoAccount]:
    with an_account() as account:
        yield account
