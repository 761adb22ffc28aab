"""One endpoint for all worlds of a test process."""

from collections.abc import Iterator

import pytest

from benchmarks.aws.account import Account
from benchmarks.aws.server import Endpoint
from benchmarks.aws.service import Service


@pytest.fixture(scope="session")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(Service(account=Account())) as endpoint:
        yield endpoint
