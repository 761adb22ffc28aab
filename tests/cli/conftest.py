"""The tests of the operator's command stand on what the unit tests stand on."""

from tests.unit.conftest import models_read_once, no_way_out
from tests.unit.run.conftest import account

__all__ = ["account", "models_read_once", "no_way_out"]
