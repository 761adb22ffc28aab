"""The account around the function, and what comes out of it: answers, mails, metrics and log."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.client import BaseClient
from moto.sns.models import sns_backends

from ebs_backup import handler as module
from ebs_backup.aws.ec2 import Ec2
from ebs_backup.aws.trial import Trial
from ebs_backup.handler import handler
from ebs_backup.settings import Settings
from tests.unit.account import MotoAccount, nightly

if TYPE_CHECKING:
    from types_boto3_sns import SNSClient

RULE = {"period": "day", "time": "2026-11-23T01:30:00Z"}
RUN = "2026-11-23T01:30:00Z"
SHORT = 34  # seconds of the function's time: 30 are kept for the report, and 4 are too few to wait for any limit of EC2


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
        """Return all of Lambda's 900 s, or fewer."""
        return int(self.seconds * 1000)


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A mail that SNS took: `text` is what an address gets, `data` what machines get."""

    subject: str
    text: str
    data: dict[str, Any]

    @property
    def told(self) -> str:
        """Return the text with its lines joined."""
        return " ".join(self.text.split())


@dataclass(kw_only=True)
class HandlerWorld:
    """An empty account with a topic, whose clock is the function's."""

    account: MotoAccount
    sns: "SNSClient"
    topic: str
    log: io.StringIO
    stdout: Callable[[], str]
    env: pytest.MonkeyPatch
    queued: list[dict[str, Any]] = field(default_factory=list)
    _sending: list[dict[str, Any]] = field(default_factory=list)
    _sent: list[Sent] = field(default_factory=list)
    _hooks: list[tuple[BaseClient, str, Callable[..., Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        account = self.account
        clock = SimpleNamespace(time=self._seconds, monotonic=account.clock)
        self.env.setattr(module, "time", clock)
        self.env.setattr(module, "Ec2", partial(Ec2, clock=account.clock))
        self.env.setattr(module, "Trial", partial(Trial, clock=account.clock))
        self.set(nightly())
        mail = module._sns(self.topic)
        self.on(mail, "provide-client-params.sns.Publish", lambda params, **_: self._sending.append(params))
        self.on(mail, "after-call.sns.Publish", self._took)

    def _seconds(self) -> float:
        return self.account.now.timestamp()

    def on(self, client: BaseClient, moment: str, act: Callable[..., Any]) -> None:
        """Do something at a moment of one of the function's clients, which are made once for all tests."""
        client.meta.events.register(moment, act)
        self._hooks.append((client, moment, act))

    def forget(self) -> None:
        """Leave the clients as they were."""
        for client, moment, act in self._hooks:
            client.meta.events.unregister(moment, act)

    def _took(self, parsed: dict[str, Any], **_: object) -> None:
        if "MessageId" in parsed:
            params = self._sending[-1]
            texts = json.loads(params["Message"])
            mail = Sent(subject=params["Subject"], text=texts["email"], data=json.loads(texts["default"]))
            self._sent.append(mail)

    def invoke(
        self, event: object, *, request_id: str = Context.aws_request_id, seconds: float = 900
    ) -> dict[str, Any]:
        """Call the function as Lambda does."""
        context = Context(aws_request_id=request_id, seconds=seconds)
        with self.account.in_no_time():
            return handler(event, cast("LambdaContext", context))

    def set(self, settings: Settings) -> None:
        """Set the function's environment as the stack writes it."""
        for name, value in settings.to_env(topic_arn=self.topic).items():
            self.env.setenv(name, value)

    def confirm(self, subscriptions: int) -> None:
        """Let so many subscriptions of the topic be confirmed; moto itself counts none."""
        _, _, _, region, account, _ = self.topic.split(":")
        sns_backends[account][region].topics[self.topic].subscriptions_confimed = subscriptions

    def runs(self) -> list[str]:
        """Return the run of every snapshot in the account."""
        return sorted(self.account.tags(snapshot)["ebs-backup:run"] for snapshot in self.account.ids())

    def mails(self) -> list[Sent]:
        """Take the mails that SNS took since the last look."""
        mails, self._sent = self._sent, []
        return mails

    def logged(self) -> list[dict[str, Any]]:
        """Return every line of the function's log."""
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    def metrics(self) -> list[dict[str, Any]]:
        """Take the metrics that were emitted since the last look: each line's dimensions and values."""
        return [_measured(json.loads(line)) for line in self.stdout().splitlines()]

    def refuse_count(self, code: str) -> None:
        """Let SNS refuse to say how many subscriptions there are, with this code."""
        error = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
        client = module._quick_sns(self.topic)
        self.on(
            client,
            "before-call.sns.GetTopicAttributes",
            lambda **_: (SimpleNamespace(status_code=403), error),
        )

    def refuse_mail(self, code: str = "InternalError", message: str = "no", *, times: int = 1) -> None:
        """Let SNS refuse the function's next mails with this code."""
        error = {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": 400},
        }
        left = iter(range(times))

        def answer(**_: object) -> tuple[Any, dict[str, Any]] | None:
            refused = next(left, None) is not None
            return (SimpleNamespace(status_code=400), error) if refused else None

        self.on(module._sns(self.topic), "before-call.sns.Publish", answer)

    def hear_invocations(self, refusal: str = "", *, status: int = 202) -> None:
        """Queue the function's events to itself, or refuse them with a code, or answer as no Lambda does."""
        error = {"Error": {"Code": refusal, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 403}}

        def answer(params: dict[str, Any], **_: object) -> tuple[Any, dict[str, Any]]:
            assert params["url_path"].endswith("/functions/ebs-backup-default/invocations")
            assert params["headers"]["X-Amz-Invocation-Type"] == "Event"
            if refusal:
                return SimpleNamespace(status_code=403), error
            self.queued.append(json.loads(params["body"]))
            payload = {"StatusCode": status, "Payload": io.BytesIO()}
            return SimpleNamespace(status_code=202), payload

        self.on(module._lambda(), "before-call.lambda.Invoke", answer)

    def cut_short(self) -> tuple[str, str]:
        """Make two volumes, of which EC2 once wants the first to wait; return their ids."""
        waiting, other = self.account.volume("db-1"), self.account.volume("web-1")
        self.account.refuse("CreateSnapshot", "PendingSnapshotLimitExceeded", times=1, VolumeId=waiting)
        return waiting, other


def _measured(line: dict[str, Any]) -> dict[str, Any]:
    """Return the dimensions and values of one line in CloudWatch's embedded metric format."""
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    (dimensions,) = directive["Dimensions"]
    assert directive["Namespace"] == "EbsBackup"
    values = {metric["Name"]: line[metric["Name"]][0] for metric in directive["Metrics"]}
    return {name: line[name] for name in dimensions} | values
