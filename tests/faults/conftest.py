"""One endpoint for all worlds of a test process; a world that fails says how to see it again."""

from collections.abc import Generator, Iterator

import pytest

from fake_aws.account import FakeAccount
from fake_aws.server import Endpoint
from fake_aws.service import Service


@pytest.fixture(scope="session")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(Service(account=FakeAccount())) as endpoint:
        yield endpoint


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Function) -> Generator[None, object, object]:
    """Add to the failure of a test with a `seed` the command that repeats it."""
    try:
        return (yield)
    except Exception as failure:
        if "seed" in item.fixturenames:
            seed = item.callspec.params["seed"]
            failure.add_note(f"Again: FAULT_SEED={seed} FAULT_WORLDS=1 pytest {item.location[0]}")
        raise
