"""A mail about restore points that somebody else deleted."""

from dataclasses import replace

from ebs_backup.model import Older
from ebs_backup.report.data import answer
from ebs_backup.report.render import render
from ebs_backup.volume_outcome import VolumeOutcome
from tests.unit.builders import an_outcome
from tests.unit.report.examples import Golden, a_good_one, text


def stripped(number: int, name: str, vanished: int) -> VolumeOutcome:
    """Return a volume of which so many restore points vanished."""
    volume = a_good_one(number, name)
    assert volume.made
    made = replace(volume.made, older=Older(stay=1, vanished=vanished))
    return replace(volume, made=made, vanished=vanished)


def test_what_vanished_stands_first_with_where_to_look(golden: Golden) -> None:
    outcome = an_outcome(stripped(1, "db-1 data", 2), stripped(2, "web-1", 1), a_good_one(3, "cache"))

    golden("vanished.txt", text(render(outcome)))


def test_machines_get_each_volume_with_what_is_left() -> None:
    outcome = an_outcome(stripped(1, "db-1 data", 2), a_good_one(3, "cache"))

    (row,) = answer(outcome)["vanished"]

    assert row == {
        "volume": outcome.volumes[0].volume.id,
        "name": "db-1 data",
        "vanished": 2,
        "left": outcome.volumes[0].left,
    }
