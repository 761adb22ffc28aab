"""What the tests of the operator's command share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.conftest import models_read_once, no_way_out
from tests.unit.run.conftest import account

__all__ = ["account", "models_read_once", "no_way_out"]  # fixtures that the unit tests have, too

HERE = Path(__file__).parent


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Return a check of a text against a golden file; `pytest tests/unit tests/cli --update-golden` writes it instead."""

    def check(name: str, text: str) -> None:
        path = HERE / "golden" / name
        if request.config.getoption("--update-golden", default=False):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return check
