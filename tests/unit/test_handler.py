"""The function as Lambda calls it, with EC2, SNS and SQS in this process: the answer, the mail, metrics and log."""

import io
import json
import logging
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.session import Session
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends

from ebs_backup import handler as module
from ebs_backup.event import InvalidEventError
from ebs_backup.handler import handler
from ebs_backup.settings import InvalidSettingsError
from tests.unit.builders import settings

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_sns import SNSClient
    from types_boto3_sqs import SQSClient

RULE = {"period": "day", "time": "2026-11-23T01:30:00Z"}
RUN = "2026-11-23T01:30:00Z"


@dataclass(frozen=True)
class Context:
    """What Lambda tells an invocation about itself."""

    aws_request_id: str = "8d5c2f9e-0000-4000-8000-000000000001"
    function_name: str = "ebs-backup-default"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:111122223333:function:ebs-backup-default"
    log_group_name: str = "/aws/lambda/ebs-backup-default"
    seconds: float = 900

    def get_remaining_time_in_millis(self) -> int:
        """Give all of Lambda's 900 s, or fewer."""
        return int(self.seconds * 1000)


@dataclass(frozen=True, kw_only=True)
class World:
    """The account around the function, and what is heard of it."""

    ec2: "EC2Client"
    sns: "SNSClient"
    sqs: "SQSClient"
    queue: str
    topic: str
    log: io.StringIO
    stdout: Callable[[], str]
    env: pytest.MonkeyPatch
    calls: list[str] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    queued: list[dict[str, Any]] = field(default_factory=list)

    def invoke(
        self, event: object, *, request_id: str = Context.aws_request_id, seconds: float = 900
    ) -> dict[str, Any]:
        """Call the function as Lambda does."""
        context = Context(aws_request_id=request_id, seconds=seconds)
        return handler(event, cast("LambdaContext", context))

    def set(self, **overrides: object) -> None:
        """Give the function's environment as the stack writes it."""
        for name, value in settings(**overrides).to_env(topic_arn=self.topic).items():
            self.env.setenv(name, value)

    def volume(self, name: str = "db-1 data", **tags: str) -> str:
        """Make an 8 GiB volume, tagged Backup=true unless told otherwise, and give its id."""
        pairs = {"Backup": "true", "Name": name} | tags
        return self.ec2.create_volume(
            AvailabilityZone="eu-west-1a",
            Size=8,
            TagSpecifications=[
                {"ResourceType": "volume", "Tags": [{"Key": k, "Value": v} for k, v in pairs.items()]}
            ],
        )["VolumeId"]

    def created(self, time: datetime, volume: str) -> None:
        """Let a volume be as old as that."""
        ec2_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"].volumes[volume].create_time = time

    def runs(self) -> list[str]:
        """Give the run of every snapshot in the account."""
        listed = self.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
        tags = [{tag["Key"]: tag["Value"] for tag in each["Tags"]} for each in listed]
        return [each["ebs-backup:run"] for each in tags]

    def mails(self) -> list[dict[str, str]]:
        """Take the mails that came since the last look: `Message` is the text that an address gets."""
        received = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        mails = [json.loads(message["Body"]) for message in received.get("Messages", [])]
        texts = [json.loads(sent["Message"])["email"] for sent in self.sent]
        self.sent.clear()
        return [
            {**mail, "Message": text, "Data": mail["Message"]}
            for mail, text in zip(mails, texts[len(texts) - len(mails) :], strict=True)
        ]

    def logged(self) -> list[dict[str, Any]]:
        """Give every line of the function's log."""
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    def metrics(self) -> list[dict[str, Any]]:
        """Take the metrics that were emitted since the last look."""
        return [json.loads(line) for line in self.stdout().splitlines()]

    def refuse(self, call: str, code: str, *, times: int = 1000, **only: str) -> None:
        """Let EC2 refuse the function's call, so many times, for requests with these parameters only."""
        error = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
        left = [error] * times

        def answer(params: dict[str, Any], **_: object) -> tuple[Any, dict[str, Any]] | None:
            matches = all(params["body"].get(key) == value for key, value in only.items())
            return (type("Refusal", (), {"status_code": 400}), left.pop()) if matches and left else None

        module._ec2().meta.events.register(f"before-call.ec2.{call}", answer)  # type: ignore[arg-type]

    def hear_invocations(self, refusal: str = "", *, status: int = 202) -> None:
        """Queue the events that the function sends to itself, or refuse them with a code, or answer as no Lambda does."""
        error = {"Error": {"Code": refusal, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 403}}

        def answer(params: dict[str, Any], **_: object) -> tuple[Any, dict[str, Any]]:
            assert params["url_path"].endswith("/functions/ebs-backup-default/invocations")
            assert params["headers"]["X-Amz-Invocation-Type"] == "Event"
            if refusal:
                return type("Refusal", (), {"status_code": 403}), error
            self.queued.append(json.loads(params["body"]))
            return type("Accepted", (), {"status_code": 202}), {
                "StatusCode": status,
                "Payload": io.BytesIO(),
            }

        module._lambda().meta.events.register("before-call.lambda.Invoke", answer)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def clients() -> tuple["EC2Client", "SNSClient", "SQSClient"]:
    """Make the tests' own clients once: they are slow to make, and moto answers them in every account."""
    session = Session()
    return session.client("ec2"), session.client("sns"), session.client("sqs")


@pytest.fixture
def world(
    clients: tuple["EC2Client", "SNSClient", "SQSClient"],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[World]:
    """Open an empty account with a topic that a queue hears; the function makes its clients anew."""
    log = io.StringIO()
    stream = cast("logging.StreamHandler[Any]", module.logger.registered_handler)
    monkeypatch.setattr(stream, "stream", log)
    ec2, sns, sqs = clients
    with mock_aws():
        topic = sns.create_topic(Name="backups")["TopicArn"]
        queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:123456789012:inbox")
        for cached in (module._ec2, module._sns, module._lambda):
            cached.cache_clear()
        world = World(
            ec2=ec2,
            sns=sns,
            sqs=sqs,
            queue=queue,
            topic=topic,
            log=log,
            stdout=lambda: capsys.readouterr().out,
            env=monkeypatch,
        )
        world.set()
        module._ec2().meta.events.register(
            "before-call.ec2", lambda model, **_: world.calls.append(model.name)
        )
        module._session().events.register(
            "provide-client-params.sns.Publish",
            lambda params, **_: world.sent.append(params),
            unique_id="hear",
        )
        yield world
    module._session().events.unregister("provide-client-params.sns.Publish", unique_id="hear")
    for cached in (module._ec2, module._sns, module._lambda):
        cached.cache_clear()


def test_a_rules_event_makes_a_snapshot_answers_and_mails(world: World) -> None:
    volume = world.volume()

    answer = world.invoke(RULE)

    assert (answer["status"], answer["run"], answer["created"], answer["failures"]) == ("OK", RUN, 1, [])
    assert world.runs() == [RUN]
    (mail,) = world.mails()
    assert mail["Subject"] == "[OK] EBS day backup, eu-west-1: 1 created, 0 expired"
    assert volume in mail["Message"]
    assert (
        "Account 111122223333, eu-west-1, set default, period day, run 2026-11-23T01:30:00Z"
        in mail["Message"]
    )
    assert "/aws/lambda/ebs-backup-default" in mail["Message"]


def test_the_answer_is_json(world: World) -> None:
    world.volume()

    answer = world.invoke({"period": "day", "dry_run": True})

    assert json.loads(json.dumps(answer)) == answer


@pytest.mark.parametrize("again", ["2026-11-23T01:30:00Z", "2026-11-23T02:30:00+01:00"])
def test_two_deliveries_of_one_instant_are_one_run_in_whatever_zone(world: World, again: str) -> None:
    world.volume()
    world.invoke(RULE, request_id="one")

    answer = world.invoke({"period": "day", "time": again}, request_id="two")

    assert world.runs() == [RUN]
    assert (answer["run"], answer["created"], answer["found"]) == (RUN, 0, 1)
    subjects = [mail["Subject"] for mail in world.mails()]
    assert subjects[1] == "[OK] EBS day backup, eu-west-1: 0 created, 1 already there, 0 expired"


def test_by_hand_the_request_names_the_run_so_that_lambdas_retry_is_the_same_run(world: World) -> None:
    world.volume()
    world.invoke({"period": "week"}, request_id="request-1")
    world.invoke({"period": "week"}, request_id="request-1")

    answer = world.invoke({"period": "week"}, request_id="request-2")

    assert answer["run"] == "request-2"
    assert sorted(world.runs()) == ["request-1", "request-2"]


def test_a_dry_run_answers_with_the_plan_and_writes_mails_and_measures_nothing(world: World) -> None:
    volume = world.volume()

    answer = world.invoke({"period": "day", "dry_run": True})

    assert answer["dry_run"] is True
    assert answer["plan"] == [
        {
            "volume": volume,
            "name": "db-1 data",
            "create": True,
            "snapshots": {"(new)": "kept: 1 of 4"},
            "notes": [],
        }
    ]
    assert set(world.calls) == {"DescribeTags", "DescribeVolumes", "DescribeSnapshots"}
    assert world.mails() == []
    assert world.metrics() == []


def test_with_report_problems_a_good_run_is_silent(world: World) -> None:
    world.set(report="problems")
    world.volume()

    world.invoke(RULE)

    assert world.mails() == []


def test_with_report_problems_a_failure_speaks(world: World) -> None:
    world.set(report="problems")
    refused, _ = world.volume(), world.volume("web-1")
    world.refuse("CreateSnapshot", "UnauthorizedOperation", VolumeId=refused)

    answer = world.invoke(RULE)

    assert answer["status"] == "PARTIAL"
    (mail,) = world.mails()
    assert mail["Subject"] == "[PROBLEM] EBS day backup, eu-west-1: 1 of 2 volumes failed"


def test_with_report_problems_what_the_limit_left_speaks(world: World) -> None:
    world.set(report="problems")
    world.volume()
    for day in (19, 20, 21, 22):
        world.invoke({"period": "day", "time": f"2026-11-{day}T01:30:00Z"})
    world.set(report="problems", keep_day=1, max_expired_per_volume=1)

    answer = world.invoke(RULE)

    assert (answer["status"], answer["expired"], answer["left"]) == ("OK", 1, 2)
    (mail,) = world.mails()
    assert mail["Subject"] == "[CHECK] EBS day backup, eu-west-1: 1 created, 1 expired, 2 left for later"


def test_with_report_problems_a_volume_that_lost_its_tag_speaks(world: World) -> None:
    world.set(report="problems")
    world.volume()
    lost = world.volume()
    world.invoke({"period": "day", "time": "2026-11-22T01:30:00Z"})
    world.ec2.delete_tags(Resources=[lost], Tags=[{"Key": "Backup"}])

    answer = world.invoke(RULE)

    assert answer["status"] == "OK"
    (mail,) = world.mails()
    assert mail["Subject"].endswith(": 1 created, 0 expired, 1 no longer selected")


def test_nothing_selected_fails_loudly_but_returns_for_a_retry_would_not_help(world: World) -> None:
    world.volume(Backup="no")

    answer = world.invoke(RULE)

    assert (answer["status"], answer["failures"][0]["code"]) == ("FAILED", "NothingSelected")
    (mail,) = world.mails()
    assert mail["Subject"].startswith("[FAILED] EBS day backup, eu-west-1: nothing selected")


def test_a_broken_listing_mails_then_raises(world: World) -> None:
    world.volume()
    world.refuse("DescribeVolumes", "UnauthorizedOperation")

    with pytest.raises(ClientError):
        world.invoke(RULE)

    (mail,) = world.mails()
    assert mail["Subject"] == "[FAILED] EBS day backup, eu-west-1: the run broke: UnauthorizedOperation"
    assert "To do: The role may not do this." in mail["Message"]
    assert world.runs() == []


def test_a_bad_environment_mails_then_raises(world: World) -> None:
    world.volume()
    world.env.setenv("EBS_BACKUP_KEEP_DAY", "0")

    with pytest.raises(InvalidSettingsError):
        world.invoke(RULE)

    (mail,) = world.mails()
    assert mail["Subject"] == "[FAILED] EBS day backup, eu-west-1: the run broke: InvalidSettings"
    assert "keep_day must be a whole number from 1 to 1000, got 0" in mail["Message"]
    assert "Correct it in cdk.json and run `cdk deploy`." in mail["Message"]
    assert world.calls == []


def test_a_fault_of_our_own_mails_then_raises(world: World) -> None:
    def fault(*_: object) -> None:
        message = "no such thing"
        raise LookupError(message)

    world.env.setattr(module, "execute", fault)

    with pytest.raises(LookupError):
        world.invoke(RULE)

    (mail,) = world.mails()
    assert mail["Subject"].endswith("the run broke: LookupError")
    assert "This is a fault of ebs-backup itself" in mail["Message"]


def test_a_broken_dry_run_raises_and_mails_nothing(world: World) -> None:
    world.refuse("DescribeVolumes", "UnauthorizedOperation")

    with pytest.raises(ClientError):
        world.invoke({"period": "day", "dry_run": True})

    assert world.mails() == []
    assert world.metrics() == []


def test_a_broken_run_that_cannot_be_mailed_raises_what_broke_it(world: World) -> None:
    world.refuse("DescribeVolumes", "UnauthorizedOperation")
    world.env.delenv("EBS_BACKUP_TOPIC_ARN")

    with pytest.raises(InvalidSettingsError, match="topic_arn"):
        world.invoke(RULE)

    assert "the broken run could not be mailed" in [line["message"] for line in world.logged()]


def test_a_mail_that_cannot_be_sent_fails_the_invocation_and_the_retry_only_mails(world: World) -> None:
    world.volume()
    subscription = world.sns.list_subscriptions()["Subscriptions"][0]["Endpoint"]
    world.sns.delete_topic(TopicArn=world.topic)
    with pytest.raises(ClientError):
        world.invoke(RULE)
    world.sns.create_topic(Name="backups")
    world.sns.subscribe(TopicArn=world.topic, Protocol="sqs", Endpoint=subscription)

    world.invoke(RULE)

    assert world.runs() == [RUN]
    (mail,) = world.mails()
    assert "1 already there" in mail["Subject"]


@pytest.mark.parametrize(
    "event", [None, [], {"period": "hour"}, {"period": "day", "time": "today"}, {"period": "day", "keep": 1}]
)
def test_a_bad_event_raises_one_line_and_does_nothing_at_all(world: World, event: object) -> None:
    world.volume()

    with pytest.raises(InvalidEventError) as refusal:
        world.invoke(event)

    assert "\n" not in str(refusal.value)
    assert world.calls == []
    assert world.mails() == []
    assert world.metrics() == []


def test_metrics_count_by_set_and_period_alone(world: World) -> None:
    world.set(backup_set="web")
    refused, _ = world.volume(), world.volume("web-1")
    world.refuse("CreateSnapshot", "UnauthorizedOperation", VolumeId=refused)

    world.invoke(RULE)

    of_the_day, of_the_week, of_the_month, of_the_set = map(measured, world.metrics())
    assert 0 <= of_the_day.pop("RunSeconds") < 60
    assert of_the_day == {
        "set": "web",
        "period": "day",
        "VolumesSelected": 2,
        "SnapshotsCreated": 1,
        "SnapshotsExpired": 0,
        "Failures": 1,
        "VolumesOverdue": 0,
    }
    assert of_the_week == {"set": "web", "period": "week", "VolumesOverdue": 0}
    assert of_the_month == {"set": "web", "period": "month", "VolumesOverdue": 0}
    assert of_the_set == {"set": "web", "RunCompleted": 1}


def measured(line: dict[str, Any]) -> dict[str, Any]:
    """Give the dimensions and values of one line in CloudWatch's embedded metric format."""
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    (dimensions,) = directive["Dimensions"]
    assert directive["Namespace"] == "EbsBackup"
    values = {metric["Name"]: line[metric["Name"]][0] for metric in directive["Metrics"]}
    return {name: line[name] for name in dimensions} | values


def test_every_run_counts_the_overdue_volumes_of_every_period(world: World) -> None:
    """So a month rule that somebody disabled shows in the next day's mail, and on the dashboard."""
    world.created(datetime(2026, 10, 1, tzinfo=UTC), world.volume())
    world.volume("young")

    world.invoke(RULE)

    overdue = {each["period"]: each["VolumesOverdue"] for each in map(measured, world.metrics()[:3])}
    assert overdue == {"day": 0, "week": 1, "month": 1}
    (mail,) = world.mails()
    assert (
        mail["Subject"] == "[PROBLEM] EBS day backup, eu-west-1: 1 of 2 volumes overdue, 2 created, 0 expired"
    )


def test_a_run_whose_mail_was_lost_sends_no_heartbeat(world: World) -> None:
    world.volume()
    world.sns.delete_topic(TopicArn=world.topic)

    with pytest.raises(ClientError):
        world.invoke(RULE)

    assert not [line for line in world.metrics() if "RunCompleted" in line]


def test_metrics_of_one_run_never_leak_into_the_next(world: World) -> None:
    world.volume()
    world.invoke(RULE)
    world.metrics()

    world.invoke({"period": "week", "time": "2026-11-28T02:30:00Z"})

    lines = [measured(line) for line in world.metrics()]
    (of_the_run,) = [each for each in lines if "SnapshotsCreated" in each]
    assert (of_the_run["period"], of_the_run["VolumesSelected"], of_the_run["SnapshotsCreated"]) == (
        "week",
        1,
        1,
    )
    assert len(lines) == 4


def test_a_broken_run_counts_as_one_failure(world: World) -> None:
    world.refuse("DescribeVolumes", "UnauthorizedOperation")

    with pytest.raises(ClientError):
        world.invoke(RULE)

    (line,) = world.metrics()
    assert measured(line) == {"set": "default", "period": "day", "Failures": 1}


SHORT = 34  # seconds of the function's time: 30 are the report's, and no limit of EC2's is waited for in the other 4


def cut_short(world: World) -> tuple[str, str]:
    """Make two volumes, of which EC2 once wants the first to wait; gives their ids."""
    waiting, other = world.volume("db-1"), world.volume("web-1")
    world.refuse("CreateSnapshot", "PendingSnapshotLimitExceeded", times=1, VolumeId=waiting)
    return waiting, other


def test_a_run_that_time_cuts_short_goes_on_in_a_further_invocation_and_tells_nobody_yet(
    world: World,
) -> None:
    cut_short(world)
    world.hear_invocations()

    answer = world.invoke(RULE, seconds=SHORT)

    (event,) = world.queued
    assert answer["goes_on_in"] == 2
    assert (event["period"], event["time"]) == ("day", "2026-11-23T01:30:00+00:00")
    assert (event["continued"]["run"], event["continued"]["invocation"]) == (RUN, 2)
    assert world.mails() == []
    assert world.metrics() == []


def test_the_last_invocation_mails_answers_and_measures_the_whole_run(world: World) -> None:
    cut_short(world)
    world.hear_invocations()
    world.invoke(RULE, seconds=SHORT)

    answer = world.invoke(world.queued[0], request_id="another")

    assert world.runs() == [RUN, RUN]
    assert (answer["status"], answer["created"], answer["found"], answer["failures"]) == ("OK", 2, 0, [])
    (mail,) = world.mails()
    assert mail["Subject"] == "[OK] EBS day backup, eu-west-1: 2 created, 0 expired"
    assert "in 2 invocations" in mail["Message"]
    of_the_day, *_, of_the_set = map(measured, world.metrics())
    assert (of_the_day["SnapshotsCreated"], of_the_day["Failures"], of_the_set["RunCompleted"]) == (2, 0, 1)


def test_a_further_invocation_of_a_run_by_hand_is_still_that_run(world: World) -> None:
    cut_short(world)
    world.hear_invocations()
    world.invoke({"period": "week"}, request_id="by-hand", seconds=SHORT)

    answer = world.invoke(world.queued[0], request_id="of-lambda")

    assert (answer["run"], answer["created"]) == ("by-hand", 2)
    assert world.runs() == ["by-hand", "by-hand"]


def test_what_an_earlier_delivery_made_is_not_told_as_created_by_the_run_that_goes_on(world: World) -> None:
    there = world.volume("there")
    world.invoke({"period": "day", "time": RUN})
    (old,) = world.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    backend = ec2_backends["123456789012"]["eu-west-1"].snapshots[old["SnapshotId"]]
    backend.start_time -= timedelta(minutes=5)
    cut_short(world)
    world.hear_invocations()
    world.invoke(RULE, seconds=SHORT)

    answer = world.invoke(world.queued[0])

    assert old["VolumeId"] == there
    assert (answer["created"], answer["found"]) == (2, 1)


def test_a_run_that_cannot_invoke_itself_mails_what_is_not_done_and_raises_so_that_lambda_goes_on(
    world: World,
) -> None:
    waiting, _ = cut_short(world)
    world.hear_invocations(refusal="AccessDeniedException")

    with pytest.raises(ClientError):
        world.invoke(RULE, seconds=SHORT)

    (mail,) = world.mails()
    assert mail["Subject"] == "[PROBLEM] EBS day backup, eu-west-1: 1 of 2 volumes failed"
    assert "NOT FINISHED  1 volume" in mail["Message"]
    assert "AccessDeniedException" in mail["Message"]
    assert waiting in mail["Message"]


def test_an_answer_that_is_not_lambdas_counts_as_none_for_nobody_may_have_queued_the_rest(
    world: World,
) -> None:
    cut_short(world)
    world.hear_invocations(status=200)

    with pytest.raises(ResponseParserError, match="not Lambda's: its status is 200"):
        world.invoke(RULE, seconds=SHORT)

    (mail,) = world.mails()
    assert "NOT FINISHED  1 volume" in mail["Message"]


def test_lambdas_retry_of_a_run_that_could_not_invoke_itself_does_the_rest(world: World) -> None:
    cut_short(world)
    world.hear_invocations(refusal="TooManyRequestsException")
    with pytest.raises(ClientError):
        world.invoke(RULE, seconds=SHORT)

    answer = world.invoke(RULE)

    assert (answer["status"], answer["created"], answer["found"]) == ("OK", 1, 1)
    assert world.runs() == [RUN, RUN]


def test_the_twelfth_invocation_is_the_last_and_mails_what_is_left_with_advice(world: World) -> None:
    waiting, _ = cut_short(world)
    world.hear_invocations()
    continued = {"run": RUN, "began": RUN, "invocation": 12, "expired": 7}

    answer = world.invoke(RULE | {"continued": continued}, seconds=SHORT)

    assert world.queued == []
    assert (answer["status"], answer["expired"]) == ("PARTIAL", 7)
    (mail,) = world.mails()
    assert mail["Subject"] == "[PROBLEM] EBS day backup, eu-west-1: 1 of 2 volumes failed"
    assert waiting in mail["Message"]
    assert "To do:" in mail["Message"]
    assert "EXPIRED  7 snapshots, 7 of them by earlier invocations of this run" in mail["Message"]


def test_a_run_that_finishes_never_makes_a_client_for_lambda(world: World) -> None:
    world.volume()

    world.invoke(RULE)

    assert module._lambda.cache_info().currsize == 0


def test_what_only_time_left_undone_is_no_error_in_the_log(world: World) -> None:
    cut_short(world)
    world.hear_invocations()

    world.invoke(RULE, seconds=SHORT)

    assert "ERROR" not in {line["level"] for line in world.logged()}
    assert "not done in time" in [line["message"] for line in world.logged()]


def test_every_log_line_is_json_and_names_run_set_and_period(world: World) -> None:
    refused, _ = world.volume(), world.volume("web-1")
    world.refuse("CreateSnapshot", "UnauthorizedOperation", VolumeId=refused)

    world.invoke(RULE)

    lines = world.logged()
    assert {(line["run"], line["set"], line["period"]) for line in lines} == {(RUN, "default", "day")}
    messages = [line["message"] for line in lines]
    assert {
        "volumes selected",
        "snapshot created",
        "failed",
        "volume done",
        "report mailed",
        "run done",
    } <= set(messages)


def test_the_log_tells_of_every_volume_what_a_mail_or_an_answer_that_was_cut_lacks(world: World) -> None:
    old, skipped = world.volume("old"), world.volume("skipped", **{"ebs-backup:skip": "true"})
    bad, near, gone = (
        world.volume("bad", **{"ebs-backup:skip": "ja"}),
        world.volume(Backup="True"),
        world.volume(),
    )
    world.created(datetime(2020, 1, 1, tzinfo=UTC), old)
    world.invoke(RULE)
    world.ec2.delete_volume(VolumeId=gone)
    before = len(world.logged())

    world.invoke({"period": "week", "time": "2026-11-28T02:30:00Z"})

    lines = {line["volume"]: line for line in world.logged()[before:] if "volume" in line}
    assert lines[old]["overdue"]["month"] == "it has none"
    assert lines[skipped]["skipped"] == "until the tag is removed"
    assert lines[bad]["bad_tags"][0].endswith("got ja")
    assert (lines[near]["message"], lines[near]["why"]) == ("near miss", "its tag is 'Backup'='True'")
    assert (lines[gone]["message"], lines[gone]["snapshots"]) == ("no longer backed up", 1)


def test_the_log_of_a_dry_run_tells_a_plan_and_claims_no_deed(world: World) -> None:
    world.volume()

    world.invoke({"period": "day", "dry_run": True})

    messages = {line["message"] for line in world.logged()}
    assert "volume planned" in messages
    assert not messages & {"snapshot created", "volume done"}


def test_the_log_of_one_run_never_names_the_one_before(world: World) -> None:
    world.volume()
    world.invoke(RULE)
    before = len(world.logged())

    world.invoke({"period": "week", "time": "2026-11-28T02:30:00Z"})

    runs = {(line["run"], line["period"]) for line in world.logged()[before:]}
    assert runs == {("2026-11-28T02:30:00Z", "week")}


def test_neither_log_nor_answer_holds_a_secret_or_an_address(world: World) -> None:
    world.env.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    world.set(alert_email="ops@example.com", copy_tags=True)
    refused = world.volume(Password="in-a-tag")
    world.volume(Password="in-a-tag")
    world.refuse("CreateSnapshot", "UnauthorizedOperation", VolumeId=refused)

    answers = world.invoke(RULE), world.invoke(RULE | {"dry_run": True})

    told = world.log.getvalue() + json.dumps(answers) + str(world.mails())
    assert refused in told
    assert not [each for each in ("hush-hush", "in-a-tag", "@example.com") if each in told]


HOSTILE = (
    "web\n[OK] EBS day backup\n\nCREATED  9 snapshots",
    "\r\n\t[31m\u2028\u0085\u200b",  # XML takes no other control characters
    "<script>alert(1)</script> & \"quoted\" 'too' {} $(rm -rf) `id`",
    "日次バックアップ" * 32,
    "\u202eesrever",
)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_name_cannot_break_subject_log_or_layout(world: World, name: str) -> None:
    """Tags are written by whoever may tag a volume: of its name no line may begin, and no field may end."""
    backed_up = world.volume(name)
    refused, near = world.volume(name), world.volume(name, Backup="TRUE")
    world.refuse("CreateSnapshot", "UnauthorizedOperation", VolumeId=refused)

    world.invoke(RULE)

    (mail,) = world.mails()
    lines = mail["Message"].splitlines()
    assert all(line.isprintable() for line in lines)
    assert not [line for line in lines if line.startswith(("[OK]", "CREATED  9", "<script"))]
    assert mail["Subject"] == "[PROBLEM] EBS day backup, eu-west-1: 1 of 2 volumes failed"
    assert {backed_up, refused, near} <= set(" ".join(lines).split())
    assert all(line.isprintable() for line in world.log.getvalue().splitlines())
    assert json.loads(mail["Data"])["failures"][0]["resource"] == refused
    assert {entry["run"] for entry in world.logged()} == {RUN}


def test_clients_are_made_once_for_all_invocations(world: World) -> None:
    world.volume()
    world.invoke(RULE)
    first = module._ec2()

    world.invoke(RULE)

    assert module._ec2() is first
    assert module._sns.cache_info().misses == 1


def test_no_test_reaches_beyond_this_machine() -> None:
    with socket.socket() as outside, pytest.raises(AssertionError, match="a unit test tried to reach"):
        outside.connect(("192.0.2.1", 443))
