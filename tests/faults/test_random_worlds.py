"""Random accounts on random nights, by seed.

`FAULT_WORLDS` says how many (500 by default), `FAULT_SEED` where to begin: a failure says how to see that world again.
"""

import os
import random

import pytest

from fake_aws.server import Endpoint
from tests.faults.convergence import clean_night, double, more_than, one_clean_run, settle, state
from tests.faults.nights import faulty_night
from tests.faults.random_worlds import random_world
from tests.faults.world import World

FIRST, WORLDS = int(os.environ.get("FAULT_SEED", "1")), int(os.environ.get("FAULT_WORLDS", "500"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + WORLDS))
def test_a_random_night_comes_to_what_one_clean_run_comes_to(endpoint: Endpoint, seed: int) -> None:
    clean, world = random_world(seed), random_world(seed)
    one_clean_run(endpoint, clean)

    with world.function(endpoint) as function:
        night = faulty_night(world, function, random.Random(seed))  # noqa: S311 - not a secret
        settle(world, function)
        slipped = double(world)
        assert not slipped or world.may_slip
        if night.met_refusal:
            assert slipped or world.excused or not any(more_than(clean, world).values())
        else:
            assert slipped or state(world) == state(clean)

        world.next_night()
        clean_night(world, function)

    assert not [snapshot for snapshot in slipped if snapshot.exists(world.clock())], (
        "a duplicate outlived the next run"
    )


@pytest.mark.parametrize("seed", range(FIRST, FIRST + -(-WORLDS // 10)))
def test_where_new_snapshots_fail_the_last_good_ones_stay(endpoint: Endpoint, seed: int) -> None:
    world, draw = random_world(seed), random.Random(seed)  # noqa: S311 - not a secret
    failing = {number for number in range(60) if draw.random() < 0.4}
    world.account.fate = lambda number: (draw.uniform(1, 300), "error" if number in failing else "completed")

    with world.function(endpoint) as function:
        faulty_night(world, function, draw)
        settle(world, function)
        for _ in range(3):
            world.next_night()
            clean_night(world, function)


def test_a_seed_gives_the_same_world_again() -> None:
    def tags(world: World) -> list[tuple[str, float, str]]:
        return [
            (snapshot.id, snapshot.started, snapshot.ends_as) for snapshot in world.account.snapshots.values()
        ]

    assert tags(random_world(7)) == tags(random_world(7))
