"""The deployed function: what it makes, keeps, deletes and mails, under the role that the stack gave it."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from ebs_backup import __version__
from emulator.account import Account, Function, Inbox
from emulator.server import Emulator
from tests.e2e import nights
from tests.e2e.nights import run_at, written

MONDAY = datetime(2027, 3, 8, 1, 30, tzinfo=UTC)  # in this week no month begins


def night(number: int) -> str:
    """Return the scheduled time of the `number`-th night as EventBridge writes it."""
    return written(nights.night(MONDAY, number))


def run_nights(
    account: Account, function: Function, count: int, *, first: int = 0
) -> list[dict[str, object]]:
    return nights.run_nights(account, function, MONDAY, count, first=first)


def runs(account: Account, volume: str) -> set[str | None]:
    """Return the runs that the volume has snapshots of."""
    return {snapshot["Tags"].get("ebs-backup:run") for snapshot in account.snapshots(volume)}


@pytest.mark.parametrize(
    ("period", "scheduled"),
    [
        ("day", datetime(2027, 1, 5, 1, 30, tzinfo=UTC)),  # a Tuesday
        ("week", datetime(2027, 1, 9, 2, 30, tzinfo=UTC)),  # a Saturday
        ("month", datetime(2027, 2, 1, 3, 30, tzinfo=UTC)),  # a first
    ],
)
def test_a_rule_fires_at_its_time_and_its_event_becomes_a_restore_point_and_a_mail(
    account: Account, inbox: Inbox, outputs: Mapping[str, str], period: str, scheduled: datetime
) -> None:
    account.emulator.clock.set(scheduled - timedelta(seconds=20))
    volume = account.volume("web-1 data", Backup="true", Team="blue")

    account.emulator.clock.set(scheduled - timedelta(seconds=1))
    (letter,) = inbox.read(within=60)

    (snapshot,) = account.snapshots(volume)
    assert letter.subject == f"[OK] 1 created, 0 expired (EBS {period}, eu-west-1)"
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
    assert letter.body.endswith(f"\nlog {outputs['LogGroupName']}\nebs-backup {__version__}")


def test_five_nights_leave_four_restore_points_and_whatever_is_not_ours(
    account: Account, function: Function, inbox: Inbox
) -> None:
    account.emulator.clock.set(MONDAY)
    ours, other = account.volume("web", Backup="true"), account.volume("scratch", Backup="True")
    foreign = account.snapshot(ours, Name="day_snapshot of web")

    answers = run_nights(account, function, 5)

    assert runs(account, ours) == {None} | {night(number) for number in (1, 2, 3, 4)}
    assert foreign in {snapshot["SnapshotId"] for snapshot in account.snapshots(ours)}
    assert not account.snapshots(other)
    assert [answer["expired"] for answer in answers] == [0, 0, 0, 0, 1]
    assert [letter.subject for letter in inbox.read()][-1] == (
        "[OK] 1 near miss; 1 created, 1 expired (EBS day, eu-west-1)"
    )


def test_extra_runs_by_hand_cost_nothing_of_the_history(account: Account, function: Function) -> None:
    account.emulator.clock.set(MONDAY)
    volume = account.volume("web", Backup="true")
    run_nights(account, function, 4)

    for hour in (9, 10, 11):
        account.emulator.clock.set(nights.night(MONDAY, 3) + timedelta(hours=hour))
        extra = function.run(period="day")
        assert (extra["status"], extra["created"], extra["expired"]) == ("OK", 1, 0)
    (last,) = run_nights(account, function, 1, first=4)

    kept = runs(account, volume)
    assert last["expired"] == 1
    assert {night(number) for number in (1, 2, 3, 4)} < kept
    assert len(kept) == 4 + 3


def test_a_snapshot_is_called_after_the_time_when_it_was_taken(account: Account, function: Function) -> None:
    account.emulator.clock.set(MONDAY + timedelta(hours=3))
    volume = account.volume("web", Backup="true")

    function.run(period="day", time=night(0))

    (snapshot,) = account.snapshots(volume)
    assert snapshot["Tags"]["ebs-backup:run"] == night(0)
    assert snapshot["Tags"]["Name"] == "web day 2027-03-08 04:30Z"


def test_a_snapshot_that_failed_after_its_run_is_told_by_the_next_one_of_any_period(
    account: Account, function: Function, inbox: Inbox
) -> None:
    account.emulator.clock.set(MONDAY)
    volume = account.volume("web", Backup="true")
    run_nights(account, function, 2)
    (_, failed) = account.snapshots(volume)
    account.fail(failed["SnapshotId"], "Given key ID is not accessible")
    inbox.read()

    answer = run_at(account, function, MONDAY + timedelta(days=5, hours=1), period="week")

    (letter,) = inbox.read()
    assert letter.subject.startswith("[PROBLEM]")
    assert "FAILED SNAPSHOTS  1 snapshot" in letter.body
    assert "Given key ID is not accessible" in letter.told
    assert [failure["resource"] for failure in answer["failures"]] == [failed["SnapshotId"]]
    assert {snapshot["Tags"]["ebs-backup:period"] for snapshot in account.snapshots(volume)} == {
        "day",
        "week",
    }
    assert failed["SnapshotId"] not in {snapshot["SnapshotId"] for snapshot in account.snapshots(volume)}


def test_a_failed_snapshot_does_not_keep_a_volume_that_takes_one_at_a_time_from_its_backup(
    account: Account, function: Function
) -> None:
    account.emulator.clock.set(MONDAY)
    volume = account.volume("archive", size=125, kind="st1", Backup="true")
    run_nights(account, function, 1)
    account.fail(account.snapshots(volume)[0]["SnapshotId"], "An internal error has occurred")

    (answer,) = run_nights(account, function, 1, first=1)

    assert (answer["status"], answer["created"]) == ("PROBLEM", 1)
    assert runs(account, volume) == {night(1)}


def test_a_volume_that_its_own_pending_snapshot_blocks_is_told_at_once(
    account: Account, function: Function
) -> None:
    account.emulator.clock.set(MONDAY)
    account.volume("archive", size=125, kind="st1", Backup="true")
    run_nights(account, function, 1)

    began = time.monotonic()
    answer = function.run(period="week")

    assert time.monotonic() - began < 60
    assert answer["status"] == "FAILED"  # it is the only volume
    assert [failure["code"] for failure in answer["failures"]] == ["ConcurrentSnapshotLimitExceeded"]


def test_snapshots_to_which_another_tool_copied_our_tags_are_left_alone_and_named(
    account: Account, function: Function, inbox: Inbox
) -> None:
    """A restored volume carries its snapshot's tags, and another tool copies them to its own snapshots."""
    account.emulator.clock.set(MONDAY)
    tags = {
        "ebs-backup:set": "default",
        "ebs-backup:period": "day",
        "ebs-backup:run": "2027-01-04T01:30:00Z",
        "ebs-backup:source": "volume=vol-0123456789abcdef0 zone=eu-west-1a type=gp3 size=8",
    }
    volume = account.volume("restored", Backup="true", **tags)  # type: ignore[arg-type] # no size among them
    foreign = {account.snapshot(volume, **tags) for _ in range(4)}

    run_nights(account, function, 5)

    *_, letter = inbox.read()
    assert foreign < {snapshot["SnapshotId"] for snapshot in account.snapshots(volume)}
    assert len(account.snapshots(volume)) == 4 + 4
    assert letter.subject.startswith("[CHECK]")
    assert "FOREIGN SNAPSHOTS  4 snapshots" in letter.body
    assert f"--resources {volume} " in letter.body


def test_a_snapshot_on_hold_stays(account: Account, function: Function, inbox: Inbox) -> None:
    account.emulator.clock.set(MONDAY)
    volume = account.volume("web", Backup="true")
    run_nights(account, function, 1)
    held = account.snapshots(volume)[0]["SnapshotId"]
    account.ec2.create_tags(Resources=[held], Tags=[{"Key": "ebs-backup:hold", "Value": "true"}])

    *_, answer = run_nights(account, function, 4, first=1)

    *_, letter = inbox.read()
    assert runs(account, volume) == {night(number) for number in range(5)}
    assert (answer["status"], answer["on_hold"]) == ("OK", 1)
    assert "ON HOLD  1 snapshot" in letter.body


def test_a_run_by_hand_of_some_volumes_leaves_the_others_alone(
    account: Account, function: Function, inbox: Inbox
) -> None:
    account.emulator.clock.set(MONDAY)
    wanted, other = account.volume("web", Backup="true"), account.volume("db", Backup="true")
    unknown = "vol-0123456789abcdef0"

    answer = function.run(period="day", volumes=[wanted, unknown])

    (letter,) = inbox.read()
    assert len(account.snapshots(wanted)) == 1
    assert not account.snapshots(other)
    assert (answer["status"], answer["missing"]) == ("CHECK", [unknown])
    assert unknown in letter.body


def test_an_event_that_is_delivered_twice_changes_nothing_the_second_time(
    account: Account, function: Function, inbox: Inbox
) -> None:
    account.emulator.clock.set(MONDAY)
    volume = account.volume("web", Backup="true")
    run_nights(account, function, 5)
    before = account.snapshots(volume)
    inbox.read()

    answer = function.run(period="day", time=night(4))

    assert account.snapshots(volume) == before
    assert (answer["created"], answer["already_made"], answer["expired"]) == (0, 1, 0)
    assert len(inbox.read()) == 1


def test_a_dry_run_gives_every_reason_changes_nothing_and_mails_nothing(
    account: Account, function: Function, inbox: Inbox
) -> None:
    account.emulator.clock.set(MONDAY)
    volume = account.volume("web", Backup="true")
    run_nights(account, function, 5)
    account.emulator.clock.set(nights.night(MONDAY, 5))
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
    assert letter.subject.startswith("[FAILED] nothing backed up: no volume is tagged Backup=true")
    assert "Backup=true" in letter.body
    assert not account.snapshots()


def test_a_snapshot_that_an_ami_uses_is_told_and_stops_no_other(
    account: Account, function: Function, inbox: Inbox
) -> None:
    account.emulator.clock.set(MONDAY)
    first, second = account.volume("golden", Backup="true"), account.volume("web", Backup="true")
    run_nights(account, function, 4)
    oldest = account.snapshots(first)[0]["SnapshotId"]
    image = account.image(oldest)
    inbox.read()

    run_nights(account, function, 1, first=4)

    (letter,) = inbox.read()
    assert letter.subject.startswith("[OK]")
    assert "KEPT BY AWS  1 snapshot" in letter.body
    assert image in letter.body
    assert oldest in {snapshot["SnapshotId"] for snapshot in account.snapshots(first)}
    assert night(0) not in runs(account, second)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"period": "hour"}, "period must be one of day, week, month, got 'hour'"),
        ({"period": "day", "time": "2027-03-01T01:30:00"}, "time must be an instant with a zone"),
        ({"period": "day", "dryrun": True}, "a key of the event must be one of"),
        ({"period": "day", "volumes": ["web"]}, "volumes must be a list of 1 to 200 volume ids"),
    ],
)
def test_a_bad_event_is_answered_and_mailed_and_touches_nothing(
    account: Account, function: Function, inbox: Inbox, event: dict[str, object], words: str
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
    account: Account, function: Function, inbox: Inbox, emulator: Emulator, outputs: Mapping[str, str]
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
        "[FAILED] the run failed: UnauthorizedOperation (EBS day, eu-west-1)"
    }
    assert len(letters) == 3
    assert night(0) in message
    assert not account.snapshots()


def _message(queue: Inbox) -> str:
    """Wait for a message of a queue that no topic feeds; three attempts may be three cold starts."""
    waits = (queue.sqs.receive_message(QueueUrl=queue.url, WaitTimeSeconds=20) for _ in range(5))
    return str(next(each["Messages"][0]["Body"] for each in waits if "Messages" in each))
