"""What the queue delivers: ids are read from events of every shape; what is no message of a queue is left to others."""

import json

import pytest

from ebs_backup.notice import Notice, notices
from tests.failed_events import KEY_LOST, delivered, event_of, event_of_several

ONE, OTHER = "snap-0123456789abcdef0", "snap-0fedcba9876543210"


def test_an_event_of_one_snapshot_names_it_and_ec2s_reason() -> None:
    found = notices(delivered(event_of(ONE, cause=KEY_LOST)))

    assert found == (Notice(id="message-0", snapshots=(ONE,), cause=KEY_LOST, repeated=False),)


def test_an_event_of_the_snapshots_of_an_instance_names_all_of_them() -> None:
    found = notices(delivered(event_of_several(ONE, OTHER)))

    assert found is not None
    assert found[0].snapshots == (ONE, OTHER)


def test_a_message_that_comes_again_says_so() -> None:
    found = notices(delivered(event_of(ONE), received=2))

    assert found is not None
    assert found[0].repeated


@pytest.mark.parametrize(
    ("body", "snapshots", "cause"),
    [
        (json.dumps({"detail": {"snapshot_id": ONE}}), (ONE,), ""),
        (json.dumps({"detail": {"snapshotId": f"arn:aws:ec2:eu-west-1::snapshot/{ONE}"}}), (ONE,), ""),
        (json.dumps({"detail": {"cause": 7, "x": [[ONE]]}}), (ONE,), ""),
        (json.dumps({"detail": [], "resources": [ONE]}), (ONE,), ""),
        (json.dumps([ONE, OTHER]), (ONE, OTHER), ""),
        (f"no JSON, but {ONE}", (ONE,), ""),
        (json.dumps({"detail": {"cause": KEY_LOST}}), (), KEY_LOST),
        ("[" * 100_000, (), ""),
        ("", (), ""),
    ],
)
def test_an_event_of_another_shape_is_read_as_far_as_it_goes(
    body: str, snapshots: tuple[str, ...], cause: str
) -> None:
    found = notices(delivered(body))

    assert found is not None
    assert (found[0].snapshots, found[0].cause) == (snapshots, cause)


def test_a_message_without_attributes_is_taken_for_new() -> None:
    record = {"eventSource": "aws:sqs", "messageId": "1", "body": ONE}

    assert notices({"Records": [record]}) == (Notice(id="1", snapshots=(ONE,), cause="", repeated=False),)


@pytest.mark.parametrize(
    "event",
    [
        {"period": "day"},
        "words",
        {"Records": "words"},
        {"Records": ["words"]},
        {"Records": [{"EventSource": "aws:sns"}]},
    ],
)
def test_anything_else_is_no_message_of_a_queue(event: object) -> None:
    assert notices(event) is None
