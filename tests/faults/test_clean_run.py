"""A run without faults, over the wire: what it selects, how far it reads, what it leaves alone."""

import pytest

from ebs_backup.names import TAG_RUN
from fake_aws.server import Endpoint
from tests.faults.convergence import clean_night, one_clean_run, state
from tests.faults.world import World, a_settings, small_world


def test_a_clean_run_deletes_exactly_what_design_says(endpoint: Endpoint) -> None:
    one_clean_run(endpoint, small_world())


@pytest.mark.parametrize("workers", [1, 4])
def test_every_page_of_both_listings_is_read(endpoint: Endpoint, workers: int) -> None:
    world = World(workers=workers)
    world.account.snapshots_a_page = world.account.volumes_a_page = 5
    for _ in range(12):
        world.history(world.volume().id, 4)

    one_clean_run(endpoint, world)


def test_a_month_of_nights_keeps_to_the_rule(endpoint: Endpoint) -> None:
    world = small_world()

    with world.function(endpoint) as function:
        for _ in range(30):
            clean_night(world, function)
            world.next_night()


def test_a_dry_run_changes_nothing_and_mails_nothing(endpoint: Endpoint) -> None:
    world = small_world()
    before = state(world)

    with world.function(endpoint) as function:
        invocation = function.invoke({**world.event, "dry_run": True})

    assert state(world) == before
    assert not invocation.mails
    assert {call.action for call in invocation.calls} == {
        "DescribeTags",
        "DescribeVolumes",
        "DescribeSnapshots",
    }


def test_a_volume_is_selected_only_when_its_tag_matches_exactly(endpoint: Endpoint) -> None:
    world = World(settings=a_settings(tag_value="a*b?\\"))
    wanted = world.volume()
    for other in ("a*b?", "axb?\\", "a*bc\\", "A*b?\\", "a*b?\\\\"):
        world.volume(Backup=other)

    with world.function(endpoint) as function:
        function.invoke(world.event)

    made = [snapshot for snapshot in world.account.snapshots.values() if TAG_RUN in snapshot.tags]
    assert [snapshot.volume_id for snapshot in made] == [wanted.id]
