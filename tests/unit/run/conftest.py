"""The account that the tests of a run stand on."""

from collections.abc import Iterator

import pytest

from tests.unit.account import Account, an_account


@pytest.fixture
def account() -> Iterator[Account]:
    with an_account() as account:
        yield account
