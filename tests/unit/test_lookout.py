"""What is known of this run's snapshots: never older than nine seconds, and asked for many volumes at once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from ebs_backup.lookout import FRESH, VOLUMES_A_LOOK, Lookout
from ebs_backup.model import Snapshot
from tests.unit.builders import a_snapshot

VOLUMES = [f"vol-{number}" for number in range(250)]


@dataclass
class Listing:
    """A listing that notes what it is asked for, and a clock; what is there was made at 0 s."""

    there: list[Snapshot] = field(default_factory=list)
    asked: list[Sequence[str]] = field(default_factory=list)
    now: float = 0.0
    seconds: float = 0.0  # that it takes
    broken: bool = False
    lag: float = 0.0  # seconds by which it is behind

    def look(self, volumes: Sequence[str]) -> list[Snapshot]:
        """Note the volumes, and return what is there of them."""
        self.asked.append(volumes)
        self.now += self.seconds
        if self.broken:
            raise RuntimeError("no answer")
        return [snapshot for snapshot in self.there if snapshot.volume_id in volumes and self.now >= self.lag]

    def lookout(self) -> Lookout:
        """Return a lookout for 250 volumes that were all listed at 0 s."""
        return Lookout(self.look, VOLUMES, seen=0.0, clock=lambda: self.now)


@pytest.mark.parametrize("looked", [0.0, 2.5, 4.9, 5.0])
@pytest.mark.parametrize("waited", [0.0, 8.9, FRESH, FRESH + 0.1, 10.0, 15.0, 60.0])
def test_what_another_delivery_made_is_seen_or_still_refused_by_ec2_when_a_create_arrives(
    looked: float, waited: float
) -> None:
    """Listings lag by 5 s at most, a create takes up to a second, and EC2 refuses a second one for 15 s."""
    listing = Listing(there=[a_snapshot(volume_id="vol-0")], lag=5.0, now=looked)
    lookout = listing.lookout()
    seen = lookout.made("vol-0", now=True)

    listing.now = looked + waited
    found = seen or lookout.made("vol-0")
    arrives = listing.now + 1.0

    assert found or arrives < 15.0


def test_what_is_nine_seconds_old_is_fresh_and_what_is_older_is_looked_up() -> None:
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


def test_a_look_leaves_out_those_that_ec2_refused_just_now_for_others_come_before_them_again() -> None:
    listing = Listing()
    lookout = listing.lookout()
    for volume in VOLUMES[:150]:
        lookout.made(volume)
    listing.now = 60.0

    lookout.made("vol-150")

    assert listing.asked == [VOLUMES[150:]]


def test_waiting_for_long_costs_one_look_for_every_hundred_volumes() -> None:
    listing = Listing()
    lookout = listing.lookout()

    for turn in range(1, 4):
        listing.now = 60.0 * turn
        for volume in VOLUMES:
            lookout.made(volume)

    assert len(listing.asked) == 3 * 3


def test_what_a_look_tells_is_as_old_as_its_beginning() -> None:
    listing = Listing(now=60.0, seconds=8.0)
    lookout = listing.lookout()
    lookout.made("vol-0")

    listing.now += 2.1
    lookout.made("vol-1")

    assert len(listing.asked) == 2


def test_a_look_that_fails_tells_nothing_and_the_next_one_looks_again() -> None:
    listing = Listing(now=60.0, broken=True)
    lookout = listing.lookout()
    with pytest.raises(RuntimeError):
        lookout.made("vol-0")

    listing.broken = False
    lookout.made("vol-0")

    assert len(listing.asked) == 2


def test_many_threads_at_once_make_one_look() -> None:
    listing = Listing(now=60.0)
    lookout = listing.lookout()

    with ThreadPoolExecutor(max_workers=16) as pool:
        list(pool.map(lookout.made, VOLUMES[:50]))

    assert len(listing.asked) == 1


def test_a_volume_that_is_done_can_be_asked_for_again() -> None:
    listing = Listing()
    lookout = listing.lookout()
    lookout.done("vol-3")
    lookout.done("vol-3")

    lookout.made("vol-3")

    assert listing.asked[0][0] == "vol-3"
