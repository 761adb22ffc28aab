"""Calls as the requests that boto3 would send, for the emulator's judge: nothing is sent."""

from collections.abc import Mapping
from typing import Any, NoReturn

from boto3.session import Session
from botocore.awsrequest import AWSPreparedRequest

from emulator import judge
from tests.infra.calls import ELSEWHERE, HOME, SNAPSHOTS, SNAPSHOTS_ELSEWHERE, VOLUMES, Call
from tests.infra.documents import ACCOUNT, Policy

NOWHERE = "http://127.0.0.1:1"
KEY = f"arn:aws:kms:{HOME}:{ACCOUNT}:key/00000000-0000-0000-0000-00000000000a"
_VOLUMES = {name: f"vol-{number:017x}" for number, name in enumerate(VOLUMES)}
_SNAPSHOTS = {name: f"snap-{number:017x}" for number, name in enumerate([*SNAPSHOTS, *SNAPSHOTS_ELSEWHERE])}
TAGS: judge.Tags = {
    HOME: {
        **{_VOLUMES[name]: tags for name, tags in VOLUMES.items()},
        **{_SNAPSHOTS[name]: tags for name, tags in SNAPSHOTS.items()},
    },
    ELSEWHERE: {_SNAPSHOTS[name]: tags for name, tags in SNAPSHOTS_ELSEWHERE.items()},
}


NAMING = (
    *("MailTheReport", "WriteTheLog", "KeepFailedRuns", "TakeFailedSnapshots", "GoOnInAFurtherInvocation"),
)


def ids(policy: Policy) -> dict[str, str]:
    """Return what each name in a call's parameters stands for: what the policy names, and others beside it."""
    topic, log, queue, snapshots, function = (policy[sid]["Resource"][0] for sid in NAMING)
    return {
        **_VOLUMES,
        **_SNAPSHOTS,
        "topic": topic,
        "another topic": f"{topic}-of-another",
        "log group": log.split(":")[6],
        "another log": "another",
        "failures": f"{NOWHERE}/{ACCOUNT}/{queue.split(':')[5]}",
        "failed snapshots": f"{NOWHERE}/{ACCOUNT}/{snapshots.split(':')[5]}",
        "another queue": f"{NOWHERE}/{ACCOUNT}/another",
        "function": function,
        "another function": "another",
        "key": KEY,
        "another key": f"{KEY[:-1]}b",
        "bucket": "bucket",
        "role": judge.ROLE,
    }


def requests(calls: Mapping[str, Call], names: Mapping[str, str]) -> dict[str, judge.Request]:
    """Write every call's request, with the judge's key."""
    session = Session(judge.KEY, "secret", "token", HOME)
    return {what: _request(session, call, names) for what, call in calls.items()}


class _SentError(Exception):
    """What would have been sent."""

    def __init__(self, request: AWSPreparedRequest) -> None:
        super().__init__(request.url)
        self.request = request


def _request(session: Session, call: Call, names: Mapping[str, str]) -> judge.Request:
    any_service: Any = session.client  # the stubs know services by literal names alone
    client = any_service(call.service, region_name=call.region, endpoint_url=NOWHERE)
    client.meta.events.register("before-send", _catch)
    try:
        getattr(client, call.operation)(**call.filled(names))
    except _SentError as sent:
        request = sent.request
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        body = _text(request.body or "")
        return {
            "method": request.method,
            "url": request.url,
            "headers": headers,
            "body": body,
            "keys": call.keys,
        }
    raise AssertionError(f"{call.what} was not sent")


def _catch(request: AWSPreparedRequest, **_: object) -> NoReturn:
    raise _SentError(request)


def _text(value: Any) -> str:  # noqa: ANN401 - botocore's bytes or text
    return value if isinstance(value, str) else value.decode()
