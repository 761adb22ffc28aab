"""A run that time cuts short: it goes on in further invocations, whatever happens to each of them."""

from collections import Counter

import pytest

from ebs_backup.handler import REPORT_SECONDS
from ebs_backup.names import TAG_RUN
from fake_aws import wire
from fake_aws.server import Endpoint
from fake_aws.wire import Fault
from tests.faults.convergence import one_clean_run, settle, state
from tests.faults.function import CALL_SECONDS
from tests.faults.invariants import check
from tests.faults.test_single_faults import CALLS
from tests.faults.world import World, small_world

LISTS = sum(CALLS[action] for action in ("DescribeTags", "DescribeVolumes", "DescribeSnapshots"))
SHORT = REPORT_SECONDS + (LISTS + 7) * CALL_SECONDS  # time for some six writes, of eleven
EVERYWHERE = (*wire.WIRE, *wire.THROTTLES, *wire.REFUSALS)
KILLS = (wire.KILLED_BEFORE, wire.KILLED_AFTER)
CASES = [
    *((("Invoke", 0), fault) for fault in (*EVERYWHERE, *KILLS)),
    *(
        ((action, index), fault)
        for action, calls in CALLS.items()
        for index in range(2 * calls if action.startswith("Describe") else calls)
        for fault in KILLS
    ),
]


@pytest.fixture(scope="module")
def clean(endpoint: Endpoint) -> World:
    return one_clean_run(endpoint, small_world())


def test_the_small_run_goes_on_once_and_mails_once(endpoint: Endpoint, clean: World) -> None:
    world = small_world()

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event, seconds=SHORT)
        world.clock.sleep(3600)

    calls = Counter(call.action for call in invocation.calls)
    assert (calls["Invoke"], calls["DescribeVolumes"]) == (1, 2 * CALLS["DescribeVolumes"])
    assert len(invocation.mails) == 1
    assert invocation.answer is not None
    assert invocation.answer["created"] == 3
    assert state(world) == state(clean)


@pytest.mark.parametrize(("call", "fault"), CASES, ids=lambda fault: str(fault).replace("'", ""))
def test_a_fault_anywhere_in_a_run_of_two_invocations_ends_as_a_clean_run_does(
    endpoint: Endpoint, clean: World, call: tuple[str, int], fault: Fault
) -> None:
    world = small_world()

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event, plan={call: fault}, seconds=SHORT)
        check(world, invocation)
        assert invocation.killed == fault.kills
        settle(world, function, deliveries=1)

    assert state(world) == state(clean)


@pytest.mark.parametrize("fault", EVERYWHERE, ids=str)
def test_a_run_that_cannot_invoke_itself_mails_and_raises_and_lambdas_retry_goes_on(
    endpoint: Endpoint, clean: World, fault: Fault
) -> None:
    world = small_world()

    with world.function(endpoint) as function:
        plan = {("Invoke", index): fault for index in range(9)}
        failed = function.invoke(world.event, plan=plan, seconds=SHORT)
        check(world, failed)
        assert (
            any("further invocation" in " ".join(mail.body.split()) for mail in failed.mails) or failed.answer
        )
        settle(world, function, deliveries=1)

    assert state(world) == state(clean)


def test_a_further_invocation_that_makes_no_progress_is_the_last(endpoint: Endpoint) -> None:
    world = World()
    for _ in range(2):
        world.volume()
    throttled = {("CreateSnapshot", index): wire.THROTTLES[0] for index in range(1, 1000)}

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event, plan=throttled, seconds=REPORT_SECONDS + 60)

    check(world, invocation)
    assert [call.action for call in invocation.calls].count("Invoke") == 1
    (mail,) = invocation.mails
    assert "[PROBLEM]" in mail.subject


@pytest.mark.parametrize("workers", [1, 4])
def test_creates_go_first_where_time_does_not_suffice_for_all(endpoint: Endpoint, workers: int) -> None:
    world = World(workers=workers)
    for _ in range(30):
        world.history(world.volume().id, 6)

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event)

    writes = [call.action for call in invocation.calls if call.action in ("CreateSnapshot", "DeleteSnapshot")]
    # A worker begins a volume's deletes only when no create is left to begin.
    assert "DeleteSnapshot" not in writes[: 30 - workers]


def test_3000_volumes_in_short_invocations_get_everything_exactly_once_and_one_mail(
    endpoint: Endpoint,
) -> None:
    world, volumes, rotated = World(workers=8), 3000, 300
    for number in range(volumes):
        volume = world.volume().id
        if number % (volumes // rotated) == 0:
            world.history(volume, world.settings.keep_day)

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event, seconds=REPORT_SECONDS + 90)

    calls = Counter(call.action for call in invocation.calls)
    made = Counter(
        snapshot.volume_id
        for snapshot in world.account.snapshots.values()
        if snapshot.tags[TAG_RUN] == world.run
    )
    gone = Counter(
        snapshot.volume_id for snapshot in world.account.snapshots.values() if snapshot.deleted is not None
    )
    assert calls["Invoke"] > 4
    assert made == Counter(list(world.account.volumes))
    assert gone == Counter(list(world.account.volumes)[:: volumes // rotated])
    assert (calls["CreateSnapshot"], calls["DeleteSnapshot"]) == (volumes, rotated)
    assert [call.code for call in invocation.calls if call.code] == []
    (mail,) = world.account.mails
    assert "3,000 created" in mail.subject
    assert invocation.answer is not None
    assert (invocation.answer["created"], invocation.answer["expired"]) == (volumes, rotated)
