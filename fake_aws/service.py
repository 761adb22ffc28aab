"""One request in, one answer out: looks up the call's fault, does the call, writes the answer."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from fake_aws import answers, recycle_bin
from fake_aws.account import FakeAccount
from fake_aws.limits import TAGS_A_PAGE
from fake_aws.query import Pages, Params, filters, numbered, selected
from fake_aws.records import RefusalError, SnapshotRecord, VolumeRecord
from fake_aws.wire import Fault, Plan, Reply

KNOWN = {  # what a parameter's name may begin with: an unknown one is refused, never ignored
    "DescribeVolumes": ("Filter.", "MaxResults", "NextToken"),
    "DescribeSnapshots": ("Filter.", "Owner.1", "MaxResults", "NextToken"),
    "DescribeTags": ("Filter.", "MaxResults", "NextToken"),
    "CreateSnapshot": ("VolumeId", "Description", "TagSpecification.", "DryRun"),
    "CreateVolume": (
        *(
            "SnapshotId",
            "AvailabilityZone",
            "VolumeType",
            "Size",
            "Iops",
            "Throughput",
            "Encrypted",
            "KmsKeyId",
        ),
        *("ClientToken", "TagSpecification."),
    ),
    "Publish": ("TopicArn", "Subject", "Message", "MessageStructure", "MessageAttributes."),
    **recycle_bin.KNOWN,
    "GetTopicAttributes": ("TopicArn",),
}
OF_SNS = ("Publish", "GetTopicAttributes")
CALLER = "x-caller"  # a header that names the delivery which calls


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedCall:
    """A call as it came: the `index`-th of its action; `code` is the error that the caller got, if any.

    `of` names the delivery that made it, where the caller says so, `at` is the time.
    """

    action: str
    of: str
    at: float
    index: int
    params: Params
    fault: Fault | None
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer: `reply` says how much of it arrives, `after` in how many seconds."""

    body: bytes
    status: int = 200
    kind: str = "text/xml"
    reply: Reply = Reply.WHOLE
    after: float = 0


@dataclass(slots=True, kw_only=True)
class Service:
    """EC2, SNS and Lambda over one account.

    `plan` are the faults to come, `meanwhile` is what others do just before the n-th call of an action, `latency` are
    the seconds that an action takes. `killed` are the callers that a fault has killed.
    """

    account: FakeAccount
    plan: Plan = field(default_factory=dict)
    latency: Callable[[str], float] = lambda _: 0
    meanwhile: Mapping[tuple[str, int], Callable[[], None]] = field(default_factory=dict)
    keep_calls: bool = True
    calls: list[ReceivedCall] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    killed: set[str] = field(default_factory=set)
    _pages: Pages = field(default_factory=Pages)

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Answer one HTTP request."""
        if method == "POST" and path.startswith("/2015-03-31/functions/"):
            return self._handled("Invoke", {"Path": path, **headers}, body, headers.get(CALLER, ""))
        params = dict(parse_qsl(body.decode(), keep_blank_values=True))
        return self._handled(params.pop("Action", "?"), params, body, headers.get(CALLER, ""))

    def _handled(self, action: str, params: Params, body: bytes, caller: str) -> Answer:
        index = self.counts[action]
        self.counts[action] += 1
        if act := self.meanwhile.get((action, index)):
            act()
        fault = self.plan.get((action, index))
        answer = self._answer(action, params, body, fault)
        code = (fault.code or fault.name) if fault else ("" if answer.status < 300 else _code(answer.body))
        if self.keep_calls:
            self.calls.append(
                ReceivedCall(
                    action=action,
                    of=caller,
                    at=self.account.clock(),
                    index=index,
                    params=params,
                    fault=fault,
                    code=code,
                )
            )
        if fault and fault.kills:
            self.killed.add(caller)
        return answer

    def _answer(self, action: str, params: Params, body: bytes, fault: Fault | None) -> Answer:
        error = answers.sns_error if action in OF_SNS else answers.ec2_error
        try:
            text, status = ("", 200) if fault and not fault.done else self._do(action, params, body)
        except RefusalError as refusal:
            text, status = error(refusal.code, refusal.message), refusal.status
        if fault and fault.code:
            text, status = error(fault.code, fault.message or "An internal error has occurred"), fault.status
        elif fault and fault.page is not None:
            text, status = fault.page, fault.status
        return Answer(
            body=text.encode(),
            status=status,
            kind="application/json" if action == "Invoke" else "text/xml",
            reply=fault.reply if fault else Reply.WHOLE,
            after=self.latency(action),
        )

    def _do(self, action: str, params: Params, body: bytes) -> tuple[str, int]:
        if action == "Invoke" and params.get("x-amz-invocation-type") == "DryRun":
            return "", 204
        if action == "Invoke":
            self.account.queued.append(body)
            return "", 202
        _check_known(action, params)
        self.account.throttle(action)
        if action == "GetTopicAttributes":
            return answers.sns_topic(self.account.topic(params["TopicArn"])), 200
        if action == "Publish":
            if params.get("MessageStructure") != "json":
                raise RefusalError("InvalidParameter", "This topic is sent a text for each protocol")
            self.account.publish(
                params["TopicArn"], params.get("Subject", ""), params["Message"], _attributes(params)
            )
            return answers.sns_published(), 200
        return answers.ec2(action, self._ec2(action, params)), 200

    def _ec2(self, action: str, params: Params) -> str:
        account = self.account
        if params.get("DryRun") == "true":
            raise RefusalError("DryRunOperation", "It would have succeeded, but DryRun is set.", status=412)
        if action == "DescribeVolumes":
            volumes = self._pages.page(params, lambda: self._volumes(params), at_most=account.volumes_a_page)
            return answers.volumes(*volumes)
        if action == "DescribeSnapshots":
            snapshots = self._pages.page(
                params, lambda: self._snapshots(params), at_most=account.snapshots_a_page
            )
            return answers.snapshots(*snapshots)
        if action == "DescribeTags":
            return answers.tags(*self._pages.page(params, lambda: self._tags(params), at_most=TAGS_A_PAGE))
        if action == "CreateSnapshot":
            made = account.create_snapshot(
                params["VolumeId"], _tags_to_be(params), params.get("Description", "")
            )
            return answers.snapshot(made, made.state(made.started))
        if action == "CreateVolume":
            tags = _tags_to_be(params, of="volume")
            return answers.volume(
                account.create_volume(params["ClientToken"], params["SnapshotId"], params["VolumeType"], tags)
            )
        return recycle_bin.answer(account, self._pages, action, params)

    def _volumes(self, params: Params) -> list[VolumeRecord]:
        wanted = filters(params)
        found = selected(self.account.volumes.values(), wanted, _volume_values)
        return [volume for volume in found if "volume-id" in wanted or volume.id not in self.account.unlisted]

    def _tags(self, params: Params) -> list[tuple[str, str, str]]:
        tags = (
            (instance, key, value)
            for instance, held in self.account.instances.items()
            for key, value in held.items()
        )
        return selected(tags, filters(params), _tag_fields)

    def _snapshots(self, params: Params) -> list[tuple[SnapshotRecord, str]]:
        if params.get("Owner.1") != "self":
            raise RefusalError("InvalidParameterValue", "This account lists its own snapshots only")
        return selected(self.account.visible(), filters(params), _snapshot_values)


def _tag_fields(tag: tuple[str, str, str], name: str) -> Iterable[str]:
    instance, key, value = tag
    fields = {"resource-type": "instance", "resource-id": instance, "key": key, "value": value}
    if name not in fields:
        raise RefusalError("InvalidParameterValue", f"The filter '{name}' is invalid")
    return (fields[name],)


def _volume_values(volume: VolumeRecord, name: str) -> Iterable[str]:
    return _tag_values(volume.tags, name, {"status": volume.state, "volume-id": volume.id})


def _snapshot_values(item: tuple[SnapshotRecord, str], name: str) -> Iterable[str]:
    snapshot, state = item
    return _tag_values(
        snapshot.tags,
        name,
        {"status": state, "volume-id": snapshot.volume_id, "snapshot-id": snapshot.id},
    )


def _tag_values(tags: dict[str, str], name: str, others: dict[str, str]) -> Iterable[str]:
    if name.startswith("tag:"):
        return (tags[key],) if (key := name.removeprefix("tag:")) in tags else ()
    if name == "tag-key":
        return tags
    if name not in others:
        raise RefusalError("InvalidParameterValue", f"The filter '{name}' is invalid")
    return (others[name],)


def _attributes(params: Params) -> dict[str, str]:
    """Return the attributes of a message."""
    entry = "MessageAttributes.entry"
    names = numbered(params, f"{entry}.{{}}.Name")
    return dict(zip(names, numbered(params, f"{entry}.{{}}.Value.StringValue"), strict=True))


def _tags_to_be(params: Params, *, of: str = "snapshot") -> dict[str, str]:
    prefix = "TagSpecification.1"
    if params.get(f"{prefix}.ResourceType", of) != of:
        raise RefusalError("InvalidParameterValue", f"The tags of a {of} are for a {of}")
    keys = numbered(params, f"{prefix}.Tag.{{}}.Key")
    return dict(zip(keys, numbered(params, f"{prefix}.Tag.{{}}.Value"), strict=True))


def _check_known(action: str, params: Params) -> None:
    if action not in KNOWN:
        raise RefusalError("InvalidAction", f"The action {action} is not valid for this web service.")
    strange = [key for key in params if key != "Version" and not key.startswith(KNOWN[action])]
    if strange:
        raise RefusalError("UnknownParameter", f"The parameter {strange[0]} is not recognized")


def _code(body: bytes) -> str:
    return body.partition(b"<Code>")[2].partition(b"</Code>")[0].decode()
