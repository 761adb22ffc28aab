"""What is known of this run's snapshots: never older than ten seconds, and asked for many volumes at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ebs_backup.lookout import FRESH, VOLUMES_A_LOOK, Lookout
from ebs_backup.model import Snapshot
from tests.unit.builders import a_snapshot

VOLUMES = [f"vol-{number}" for number in range(250)]


@dataclass
class Listing:
    """A listing that notes what it is asked for, and a clock."""

    there: list[Snapshot] = field(default_factory=list)
    asked: list[Sequence[str]] = field(default_factory=list)
    now: float = 0.0

    def look(self, volumes: Sequence[str]) -> list[Snapshot]:
        """Note the volumes, and return what is there of them."""
        self.asked.append(volumes)
        return [snapshot for snapshot in self.there if snapshot.volume_id in volumes]

    def lookout(self) -> Lookout:
        """Return a lookout for 250 volumes that were all listed at 0 s."""
        return Lookout(self.look, VOLUMES, seen=0.0, clock=lambda: self.now)


def test_what_is_ten_seconds_old_is_fresh_and_what_is_older_is_looked_up() -> None:
    listing = Listing()
    lookout = listing.lookout()

    listing.now = FRESH
    lookout.made("vol-0")
    fresh = len(listing.asked)
    listing.now = FRESH + 0.1
    lookout.made("vol-0")

    assert (fresh, len(listing.asked)) == (0, 1)


def test_one_look_is_for_those_whose_turn_comes_next_and_not_for_those_that_are_done() -> None:
    listing = Listing()
    lookout = listing.lookout()
    for volume in VOLUMES[:20]:
        lookout.done(volume)
    listing.now = 60.0

    for volume in VOLUMES[20 : 20 + VOLUMES_A_LOOK]:
        lookout.made(volume)

    assert listing.asked == [VOLUMES[20 : 20 + VOLUMES_A_LOOK]]


def test_what_is_found_is_told_and_a_failed_one_is_not() -> None:
    listing = Listing(
        there=[
            a_snapshot(id="snap-2", volume_id="vol-1", state="pending"),
            a_snapshot(id="snap-1", volume_id="vol-1", state="pending"),
            a_snapshot(id="snap-3", volume_id="vol-2", state="error"),
        ],
        now=60.0,
    )
    lookout = listing.lookout()

    found = lookout.made("vol-1")

    assert found is not None
    assert found.id == "snap-1"
    assert lookout.made("vol-2") is None


def test_after_a_lost_answer_even_fresh_knowledge_is_looked_up() -> None:
    listing = Listing(there=[a_snapshot(volume_id="vol-7")])

    assert listing.lookout().made("vol-7") is None
    assert listing.lookout().made("vol-7", now=True) is not None


def test_a_volume_that_is_done_can_be_asked_for_again() -> None:
    listing = Listing()
    lookout = listing.lookout()
    lookout.done("vol-3")
    lookout.done("vol-3")

    lookout.made("vol-3")

    assert listing.asked[0][0] == "vol-3"
