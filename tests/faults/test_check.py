"""A check over the wire: whatever AWS answers, nothing is made, deleted or queued; one answer says what it found."""

import pytest

from fake_aws.server import Endpoint
from fake_aws.wire import CREATE_REFUSALS, DELETE_REFUSALS, REFUSALS, THROTTLES, WIRE, Fault, refused
from tests.faults.convergence import state
from tests.faults.world import small_world

CHECK = {"period": "day", "check": True}
WRITES = ("CreateSnapshot", "DeleteSnapshot", "Invoke")


@pytest.mark.parametrize(
    "fault", [None, *WIRE, *THROTTLES, *REFUSALS, *CREATE_REFUSALS, *DELETE_REFUSALS], ids=str
)
def test_a_check_changes_nothing_whatever_is_answered(endpoint: Endpoint, fault: Fault | None) -> None:
    world = small_world()
    before = state(world)
    plan = {(call, index): fault for call in WRITES for index in range(2) if fault}

    with world.function(endpoint) as function:
        invocation = function.invoke(CHECK, plan=plan)

    assert state(world) == before
    assert not world.account.queued
    assert invocation.raised is None
    assert invocation.answer is not None
    assert len(invocation.mails) == 1


def test_every_selected_volume_and_one_own_snapshot_of_each_is_tried(endpoint: Endpoint) -> None:
    world = small_world()

    with world.function(endpoint) as function:
        invocation = function.invoke(CHECK)

    answer = invocation.answer
    assert answer is not None
    asked = [call.params for call in invocation.calls if call.action == "CreateSnapshot"]
    assert answer["status"] == "OK"
    assert {params["VolumeId"] for params in asked} == {volume.id for volume in world.selected}
    assert {line["what"]: line["tried"] for line in answer["tried"]}["delete a snapshot"] == 3


def test_a_refusal_of_one_write_is_a_problem(endpoint: Endpoint) -> None:
    world = small_world()
    for write in ("CreateSnapshot", "DeleteSnapshot"):
        plan = {(write, 0): refused("AccessDenied", "Not you", status=403)}

        with world.function(endpoint) as function:
            answer = function.invoke(CHECK, plan=plan).answer

        assert answer is not None
        assert answer["status"] == "PROBLEM"
        assert [failure["code"] for failure in answer["failures"]] == ["AccessDenied"]


def test_a_mail_that_is_refused_is_a_problem_that_is_answered(endpoint: Endpoint) -> None:
    world = small_world()
    plan = {("Publish", index): refused("AuthorizationError", "Not you", status=403) for index in range(9)}

    with world.function(endpoint) as function:
        answer = function.invoke(CHECK, plan=plan).answer

    assert answer is not None
    assert answer["status"] == "PROBLEM"
