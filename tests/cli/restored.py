"""The one volume that a restore made."""

from tests.cli.conftest import Done
from tests.cli.schemas import assert_conforms


def restored(done: Done) -> str:
    """Return the id of the one volume that was made."""
    assert done.status == 0, done.err
    assert_conforms(done.json, "restore")
    (volume,) = done.json["volumes"]
    return str(volume["volume"])
