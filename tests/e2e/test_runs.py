"""The deployed function: what it makes, keeps, deletes and mails, under the role that the stack gave it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from emulator.account import Account, Function, FunctionError, Inbox
from emulator.server import Emulator

MONDAY = datetime(2027, 3, 1, 1, 30, tzinfo=UTC)


def night(number: int) -> str:
    """Give the scheduled time of the `number`-th night as EventBridge writes it."""
    return (MONDAY + timedelta(days=number)).strftime("%Y-%m-%dT%H:%M:%SZ")


def run_nights(account: Account, function: Function, count: int, **event: object) -> list[dict[str, object]]:
    """Send the day rule's event of so many nights, each at its time by the emulator's clock."""
    answers = []
    for number in range(count):
        account.emulator.clock.set(MONDAY + timedelta(days=number, seconds=1))
        answers.append(function.run(period="day", time=night(number), **event))
    return answers


@pytest.mark.parametrize(
    ("period", "scheduled"),
    [
        ("day", datetime(2027, 1, 5, 1, 30, tzinfo=UTC)),  # a Tuesday
        ("week", datetime(2027, 1, 9, 2, 30, tzinfo=UTC)),  # a Saturday
        ("month", datetime(2027, 2, 1, 3, 30, tzinfo=UTC)),  # a first
    ],
)
def test_a_rule_fires_at_its_time_and_its_event_becomes_a_restore_point_and_a_mail(
    account: Account, inbox: Inbox, function: Function, period: str, scheduled: datetime
) -> None:
    account.emulator.clock.set(scheduled - timedelta(seconds=20))
    volume = account.volume("web-1 data", Backup="true", Team="blue")

    account.emulator.clock.set(scheduled - timedelta(seconds=1))
    (letter,) = inbox.read(within=60)

    (snapshot,) = account.snapshots(volume)
    assert letter.subject == f"[OK] EBS {period} backup, eu-west-1: 1 created, 0 expired"
    assert snapshot["SnapshotId"] in letter.body
    assert (
        snapshot["Tags"].items()
        >= {
            "ebs-backup:set": "default",
            "ebs-backup:period": period,
            "ebs-backup:run": scheduled.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "Name": f"web-1 data {period} {scheduled:%Y-%m-%d %H:%M}Z",
            "Team": "blue",
        }.items()
    )
    assert function.name  # the stack is deployed


def test_six_nights_leave_four_restore_points_and_whatever_is_not_ours(
    account: Account, function: Function, inbox: Inbox
) -> None:
    account.emulator.clock.set(MONDAY)
    ours, other = account.volume("web", Backup="true"), account.volume("scratch", Backup="True")
    foreign = account.snapshot(ours, Name="day_snapshot of web")

    answers = run_nights(account, function, 6)

    kept = {each["Tags"].get("ebs-backup:run") for each in account.snapshots(ours)}
    assert kept == {None} | {night(number) for number in (2, 3, 4, 5)}
    assert foreign in {each["SnapshotId"] for each in account.snapshots(ours)}
    assert not account.snapshots(other)
    assert [answer["expired"] for answer in answers] == [0, 0, 0, 0, 1, 1]
    assert [letter.subject.partition(": ")[2] for letter in inbox.read()][-1] == (
        "1 created, 1 expired, 1 near miss"
    )


def test_an_event_that_is_delivered_twice_changes_nothing_the_second_time(
    account: Account, function: Function, inbox: Inbox
) -> None:
    volume = account.volume("web", Backup="true")
    run_nights(account, function, 6)
    before = account.snapshots(volume)
    inbox.read()

    answer = function.run(period="day", time=night(5))

    assert account.snapshots(volume) == before
    assert (answer["created"], answer["found"], answer["expired"]) == (0, 1, 0)
    assert len(inbox.read()) == 1


def test_a_dry_run_gives_every_reason_changes_nothing_and_mails_nothing(
    account: Account, function: Function, inbox: Inbox
) -> None:
    volume = account.volume("web", Backup="true")
    run_nights(account, function, 5)
    account.emulator.clock.set(MONDAY + timedelta(days=5))
    before = account.snapshots(volume)
    inbox.read()

    answer = function.run(period="day", time=night(5), dry_run=True)

    (plan,) = answer["plan"]
    assert account.snapshots(volume) == before
    assert not inbox.read()
    assert plan["volume"] == volume
    assert sorted(plan["snapshots"].values()) == [
        "expired: beyond keep_day=4",
        "kept: 1 of 4",
        "kept: 2 of 4",
        "kept: 3 of 4",
        "kept: 4 of 4",
    ]


def test_nothing_selected_is_a_failure_by_mail(account: Account, function: Function, inbox: Inbox) -> None:
    account.volume("web")

    answer = function.run(period="week")

    (letter,) = inbox.read()
    assert answer["status"] == "FAILED"
    assert letter.subject.startswith("[FAILED] EBS week backup, eu-west-1:")
    assert "Backup=true" in letter.body
    assert not account.snapshots()


def test_a_snapshot_that_an_ami_uses_is_told_and_stops_no_other(
    account: Account, function: Function, inbox: Inbox
) -> None:
    first, second = account.volume("golden", Backup="true"), account.volume("web", Backup="true")
    run_nights(account, function, 4)
    oldest = account.snapshots(first)[0]["SnapshotId"]
    image = account.image(oldest)
    inbox.read()

    account.emulator.clock.set(MONDAY + timedelta(days=4, seconds=1))
    function.run(period="day", time=night(4))

    (letter,) = inbox.read()
    assert letter.subject.startswith("[PROBLEM]")
    assert image in letter.body
    assert oldest in {each["SnapshotId"] for each in account.snapshots(first)}
    assert night(0) not in {each["Tags"]["ebs-backup:run"] for each in account.snapshots(second)}


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"period": "hour"}, "period must be one of day, week, month, got 'hour'"),
        ({"period": "day", "time": "2027-03-01T01:30:00"}, "time must be an instant with a zone"),
        ({"period": "day", "dryrun": True}, "a key of the event must be one of"),
    ],
)
def test_a_bad_event_is_one_line_and_touches_nothing(
    account: Account, function: Function, event: dict[str, object], words: str
) -> None:
    account.volume("web", Backup="true")

    with pytest.raises(FunctionError, match=words):
        function.run(**event)

    assert not account.snapshots()


def test_a_run_that_breaks_is_mailed_tried_again_and_parked_where_an_alarm_looks(
    account: Account, function: Function, inbox: Inbox, emulator: Emulator, outputs: Mapping[str, str]
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
        "[FAILED] EBS day backup, eu-west-1: the run broke: UnauthorizedOperation"
    }
    assert len(letters) == 3
    assert night(0) in message
    assert not account.snapshots()


def _message(queue: Inbox) -> str:
    """Wait for a message of a queue that no topic feeds; three attempts may be three cold starts."""
    waits = (queue.sqs.receive_message(QueueUrl=queue.url, WaitTimeSeconds=20) for _ in range(5))
    return str(next(each["Messages"][0]["Body"] for each in waits if "Messages" in each))
