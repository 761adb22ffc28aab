"""Runs that can do nothing: reported by mail, and tried again only where that helps."""

import time
from collections.abc import Mapping

import pytest

from emulator.account import DeployedFunction, EmulatedAccount, Inbox
from emulator.server import Emulator
from tests.e2e.week import night


def test_nothing_selected_is_a_failure_by_mail(
    account: EmulatedAccount, function: DeployedFunction, inbox: Inbox
) -> None:
    account.volume("web")

    answer = function.run(period="week")

    (letter,) = inbox.read()
    assert answer["status"] == "FAILED"
    assert letter.subject.startswith("[FAILED] nothing backed up: no volume is tagged Backup=true")
    assert "Backup=true" in letter.body
    assert not account.snapshots()


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"period": "hour"}, "period must be one of day, week, month, got 'hour'"),
        ({"period": "day", "time": "2027-03-01T01:30:00"}, "time must be a time with a zone"),
        ({"period": "day", "dryrun": True}, "a key of the event must be one of"),
        ({"period": "day", "volumes": ["web"]}, "volumes must be a list of 1 to 200 volume ids"),
    ],
)
def test_a_bad_event_is_answered_and_mailed_and_touches_nothing(
    account: EmulatedAccount, function: DeployedFunction, inbox: Inbox, event: dict[str, object], words: str
) -> None:
    account.volume("web", Backup="true")

    answer = function.run(**event)

    (letter,) = inbox.read()
    assert answer["status"] == "FAILED"
    assert words in answer["error"]
    assert letter.subject.startswith("[FAILED]")
    assert words in letter.told
    assert not account.snapshots()


def test_a_bad_event_is_not_tried_again_and_leaves_nothing_in_the_failure_queue(
    account: EmulatedAccount,
    function: DeployedFunction,
    inbox: Inbox,
    emulator: Emulator,
    outputs: Mapping[str, str],
) -> None:
    account.volume("web", Backup="true")
    sqs, url = emulator.client("sqs"), outputs["FailureQueueUrl"]
    sqs.purge_queue(QueueUrl=url)

    function.start(period="hour")
    letters = inbox.read(within=60)
    time.sleep(2)  # the emulator's retries come within a second

    assert [letter.attributes["status"] for letter in [*letters, *inbox.read()]] == ["FAILED"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_a_run_that_breaks_is_mailed_tried_again_and_parked_where_an_alarm_looks(
    account: EmulatedAccount,
    function: DeployedFunction,
    inbox: Inbox,
    emulator: Emulator,
    outputs: Mapping[str, str],
) -> None:
    account.volume("web", Backup="true")
    iam = emulator.client("iam")
    role = emulator.client("lambda").get_function_configuration(FunctionName=function.name)["Role"]
    name = role.rpartition("/")[2]
    deny = '{"Statement": [{"Effect": "Deny", "Action": "ec2:DescribeSnapshots", "Resource": "*"}]}'
    iam.put_role_policy(RoleName=name, PolicyName="deny", PolicyDocument=deny)
    parked = Inbox(sqs=emulator.client("sqs"), url=outputs["FailureQueueUrl"], outbox=emulator.outbox)

    try:
        function.start(period="day", time=night(0))
        message = _message(parked)
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="deny")

    letters = inbox.read(within=10)
    assert {letter.subject for letter in letters} == {
        "[FAILED] the run failed: UnauthorizedOperation (EBS day, eu-west-1)"
    }
    assert len(letters) == 3
    assert night(0) in message
    assert not account.snapshots()


def _message(queue: Inbox) -> str:
    """Wait for a message of a queue that no topic feeds; three attempts may be three cold starts."""
    waits = (queue.sqs.receive_message(QueueUrl=queue.url, WaitTimeSeconds=20) for _ in range(5))
    return str(next(wait["Messages"][0]["Body"] for wait in waits if "Messages" in wait))
