"""The border with EC2: what is sent, what is read, and what becomes of an answer that is lost."""

import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from boto3.session import Session
from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from botocore.parsers import ResponseParserError

from ebs_backup.ec2 import Created, Ec2, connect
from ebs_backup.faults import AwsError, Kind, advice
from ebs_backup.labels import Labels, labels
from ebs_backup.model import Instance
from ebs_backup.pace import PAUSE, RATE
from ebs_backup.steps import Step
from tests.unit.account import Account, an_account
from tests.unit.builders import a_run, a_snapshot, a_volume, settings

STARTED = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
OK, BAD = SimpleNamespace(status_code=200), SimpleNamespace(status_code=400)


@pytest.fixture
def account() -> Iterator[Account]:
    with an_account() as account:  # others share its client: what is registered here stays here
        alone = Account(client=account.client, function=connect(Session()))
        alone.forget()
        yield alone


class Script:
    """Answers each of the function's calls from a list; what is an exception is raised."""

    def __init__(self, account: Account, **answers: list[Any]) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.answers = answers
        for call in answers:
            account.function.meta.events.register(f"before-call.ec2.{call}", self._answerer(call))

    def _answerer(self, call: str) -> Callable[..., Any]:
        def answer(params: dict[str, Any], **_: object) -> tuple[SimpleNamespace, Any]:
            self.sent.append((call, dict(params["body"])))
            answer = self.answers[call].pop(0)
            if isinstance(answer, Exception):
                raise answer
            return (BAD if "Error" in answer else OK), answer

        return answer

    def calls(self) -> list[str]:
        """Give the names of the calls, in order."""
        return [call for call, _ in self.sent]


def made(snapshot: str = "snap-new") -> dict[str, Any]:
    return {
        "SnapshotId": snapshot,
        "VolumeId": "vol-1",
        "State": "pending",
        "StartTime": STARTED,
        "VolumeSize": 8,
        "Tags": [{"Key": "ebs-backup:source", "Value": "volume=vol-1 zone=eu-west-1a"}],
    }


RAW_VOLUME = {
    "VolumeId": "vol-1",
    "CreateTime": STARTED,
    "AvailabilityZone": "eu-west-1a",
    "VolumeType": "io2",
    "State": "in-use",
    "Size": 8,
}


def refused(code: str) -> dict[str, Any]:
    return {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 400}}


def listed(*snapshots: dict[str, Any]) -> dict[str, Any]:
    return {"Snapshots": list(snapshots)}


LOST = ReadTimeoutError(endpoint_url="http://127.0.0.1")


class Clock:
    """Stands still but for the pauses that a step asks for."""

    now = 0.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


CLOCK = Clock()


def an_ec2(account: Account, *, deadline: float = 1e9, rested: bool = True) -> Ec2:
    CLOCK.now = 0.0
    return Ec2(account.function, deadline=deadline, rested=rested, clock=CLOCK)


def create(
    account: Account, ec2: Ec2 | None = None, *, seen: float = 0.0, blocked: bool = False
) -> Step[Created]:
    """Make the run's snapshot of `vol-1`; `seen` is when the run listed what there is."""
    run, volume, ec2 = a_run(), a_volume(id="vol-1"), ec2 or an_ec2(account)

    def label(at: datetime) -> Labels:
        return labels(volume, run, settings(), at=at, older=3)

    return ec2.create(volume, label, ec2.lookout(run, ["vol-1"], seen=seen), blocked=blocked)


def delete(account: Account, ec2: Ec2 | None = None) -> Step[bool]:
    return (ec2 or an_ec2(account)).delete(a_snapshot(id="snap-old"))


def finish(step: Step[Any]) -> tuple[Any, list[float]]:
    """Run a step to its end without waiting; give its result and the pauses that it asked for."""
    pauses = []
    while True:
        try:
            pauses.append(next(step))
            CLOCK.now += pauses[-1]
        except StopIteration as end:
            return end.value, pauses


def test_a_lost_answer_is_settled_by_listing_and_nothing_is_made_twice(account: Account) -> None:
    script = Script(account, CreateSnapshot=[LOST], DescribeSnapshots=[listed(made("snap-first"))])

    created, pauses = finish(create(account))
    snapshot = created.snapshot

    assert snapshot.id == "snap-first"
    assert script.calls() == ["CreateSnapshot", "DescribeSnapshots"]
    assert pauses[0] >= 5


def reply(account: Account, call: str, status: int, page: bytes) -> list[object]:
    """Answer the function's requests with this page; gives those that came."""
    sent: list[object] = []

    def answer(request: object, **_: object) -> Any:  # noqa: ANN401 - botocore's stubs say that handlers return nothing
        sent.append(request)
        return AWSResponse("", status, HTTPHeaders(), SimpleNamespace(stream=lambda: [page]))

    account.function.meta.events.register_first(f"before-send.ec2.{call}", answer)
    return sent


def test_another_servers_page_is_no_answer_to_a_delete(account: Account) -> None:
    reply(account, "DeleteSnapshot", 200, b"<html>Please log in</html>")

    pause = next(delete(account))

    assert pause >= 5


def test_a_listing_is_not_tried_again_when_the_pause_would_pass_the_deadline(account: Account) -> None:
    sent = reply(account, "DescribeSnapshots", 503, b"")

    with pytest.raises(AwsError):
        Ec2(account.function, deadline=10, clock=lambda: 0.0).snapshots("default")

    assert len(sent) == 1


def test_a_lost_answer_whose_snapshot_never_shows_is_tried_again_after_looking(account: Account) -> None:
    script = Script(account, CreateSnapshot=[LOST, made()], DescribeSnapshots=[listed()])

    created, _ = finish(create(account))
    snapshot = created.snapshot

    assert snapshot.id == "snap-new"
    assert script.calls() == ["CreateSnapshot", "DescribeSnapshots", "CreateSnapshot"]


def test_a_refusal_by_rate_after_a_lost_answer_makes_it_look_again(account: Account) -> None:
    """EC2's listings lag behind: the first snapshot is there although the first listing lacks it."""
    rate = refused("SnapshotCreationPerVolumeRateExceeded")
    script = Script(
        account, CreateSnapshot=[LOST, rate], DescribeSnapshots=[listed(), listed(made("snap-first"))]
    )

    created, _ = finish(create(account))
    snapshot = created.snapshot

    assert snapshot.id == "snap-first"
    assert script.calls().count("CreateSnapshot") == 2


def test_a_listing_that_fails_while_settling_never_leads_to_a_second_create(account: Account) -> None:
    throttled = refused("RequestLimitExceeded")
    script = Script(account, CreateSnapshot=[LOST], DescribeSnapshots=[throttled, listed(made("snap-first"))])

    created, _ = finish(create(account))
    snapshot = created.snapshot

    assert snapshot.id == "snap-first"
    assert script.calls().count("CreateSnapshot") == 1


@pytest.mark.parametrize("answer", [{}, {"SnapshotId": "snap-1"}, ResponseParserError("not XML")])
def test_an_unreadable_answer_counts_as_lost(account: Account, answer: Any) -> None:  # noqa: ANN401 - any answer
    Script(account, CreateSnapshot=[answer], DescribeSnapshots=[listed(made("snap-first"))])

    created, _ = finish(create(account))
    snapshot = created.snapshot

    assert snapshot.id == "snap-first"


@pytest.mark.parametrize(
    "code",
    [
        "RequestLimitExceeded",
        "ThrottlingException",
        "ConcurrentSnapshotLimitExceeded",
        "PendingSnapshotLimitExceeded",
    ],
)
def test_what_was_certainly_not_done_is_tried_again_without_a_listing(account: Account, code: str) -> None:
    script = Script(account, CreateSnapshot=[refused(code)] * 9 + [made()])

    created, pauses = finish(create(account))
    snapshot = created.snapshot

    assert snapshot.id == "snap-new"
    assert len(pauses) == 9
    assert set(script.calls()) == {"CreateSnapshot"}


@pytest.mark.parametrize("code", ["RequestLimitExceeded", "PendingSnapshotLimitExceeded"])
def test_when_waiting_would_pass_the_deadline_the_last_error_is_raised(account: Account, code: str) -> None:
    Script(account, CreateSnapshot=[refused(code)])

    with pytest.raises(AwsError, match=code):
        finish(create(account, an_ec2(account, deadline=1.0)))


def test_when_time_is_up_nothing_new_is_begun(account: Account) -> None:
    script = Script(account, CreateSnapshot=[made()], DeleteSnapshot=[{}])
    ec2 = an_ec2(account, deadline=0.0)

    for step in (create(account, ec2), delete(account, ec2)):
        with pytest.raises(AwsError, match="OutOfTime"):
            finish(step)

    assert script.calls() == []


def test_a_turn_that_comes_after_the_deadline_is_not_waited_for(account: Account) -> None:
    ec2 = an_ec2(account, deadline=0.1, rested=False)

    with pytest.raises(AwsError, match="OutOfTime"):
        next(create(account, ec2))

    assert CLOCK.now == 0.0


def test_a_throttled_call_comes_again_and_holds_up_its_own_action_alone(account: Account) -> None:
    script = Script(account, CreateSnapshot=[refused("RequestLimitExceeded"), made()], DeleteSnapshot=[{}])
    ec2 = an_ec2(account)
    create_ = create(account, ec2)

    assert next(create_) == PAUSE
    finish(delete(account, ec2))
    finish(create_)

    assert script.calls() == ["CreateSnapshot", "DeleteSnapshot", "CreateSnapshot"]


def test_a_throttled_call_makes_all_others_of_its_action_wait(account: Account) -> None:
    Script(account, DeleteSnapshot=[refused("Throttling"), {}, {}])
    ec2 = an_ec2(account)
    throttled = delete(account, ec2)
    next(throttled)

    wait = next(delete(account, ec2))

    assert wait == pytest.approx(PAUSE + 1 / RATE, abs=0.001)


def test_an_unknown_refusal_is_raised_at_once(account: Account) -> None:
    script = Script(account, CreateSnapshot=[refused("SomethingOf2030")])

    with pytest.raises(AwsError) as caught:
        finish(create(account))

    assert caught.value.kind is Kind.REFUSED
    assert script.calls() == ["CreateSnapshot"]


def test_a_delete_whose_answer_was_lost_may_have_been_done_though_ec2_refuses_the_next(
    account: Account,
) -> None:
    Script(account, DeleteSnapshot=[LOST, refused("UnauthorizedOperation")])

    with pytest.raises(AwsError) as error:
        finish(delete(account))

    assert (error.value.kind, error.value.code) == (Kind.UNSURE, "UnauthorizedOperation")


def test_a_delete_whose_answer_was_lost_is_sent_again_and_not_found_means_gone(account: Account) -> None:
    Script(account, DeleteSnapshot=[LOST, refused("InvalidSnapshot.NotFound")])

    was_there, _ = finish(delete(account))

    assert was_there is False


def test_botocore_sends_a_write_once(account: Account) -> None:
    """CreateSnapshot has no client token: a request sent again is a second snapshot."""
    sent: list[str] = []

    def unavailable(request: Any, **_: object) -> None:  # noqa: ANN401 - botocore's request
        sent.append(request.url)
        raise LOST

    for call in ("CreateSnapshot", "DeleteSnapshot"):
        account.function.meta.events.register_first(f"before-send.ec2.{call}", unavailable)

    with pytest.raises(ReadTimeoutError):
        account.function.create_snapshot(VolumeId="vol-1")
    with pytest.raises(ReadTimeoutError):
        account.function.delete_snapshot(SnapshotId="snap-1")

    assert len(sent) == 2


def test_cloudtrail_tells_the_function_from_whatever_else_calls_ec2(account: Account) -> None:
    sent: list[Any] = []

    def hear(request: Any, **_: object) -> None:  # noqa: ANN401 - botocore's request
        sent.append(request)
        raise LOST

    account.function.meta.events.register_first("before-send.ec2.DeleteSnapshot", hear)

    with pytest.raises(ReadTimeoutError):
        account.function.delete_snapshot(SnapshotId="snap-1")

    (agent,) = [request.headers["User-Agent"] for request in sent]
    assert agent.decode().startswith("ebs-backup")


def test_wildcards_in_a_filter_are_escaped(account: Account) -> None:
    script = Script(account, DescribeTags=[{"Tags": []}], DescribeSnapshots=[listed()])
    ec2 = Ec2(account.function, deadline=1e9)

    ec2.instances("Back*?\\up")
    list(ec2.snapshots("web"))

    assert script.sent[0][1]["Filter.2.Value.2"] == "Back\\*\\?\\\\up"


def test_instances_are_known_by_their_names_and_by_the_tag_that_selects(account: Account) -> None:
    pages = [
        {"Tags": [_tag("i-1", "Name", "web\n1"), _tag("i-2", "Backup", "true")], "NextToken": "more"},
        {"Tags": [_tag("i-1", "Backup", "no")]},
    ]
    script = Script(account, DescribeTags=pages)

    instances = Ec2(account.function, deadline=1e9).instances("Backup")

    assert instances == {"i-1": Instance(name="web 1", tag="no"), "i-2": Instance(name="", tag="true")}
    assert script.sent[1][1]["NextToken"] == "more"


def test_looking_up_instances_never_takes_the_time_that_the_backups_need(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function has 900 s: EC2's silence, tried again eight times on each page, would eat them."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    ec2 = an_ec2(account, deadline=870.0)

    def silent(**_: object) -> Any:  # noqa: ANN401 - as in `reply`
        CLOCK.now += 15.0
        return AWSResponse("", 503, HTTPHeaders(), SimpleNamespace(stream=lambda: [b""]))

    account.function.meta.events.register_first("before-send.ec2.DescribeTags", silent)

    with pytest.raises(AwsError):
        ec2.instances("Backup")

    assert CLOCK.now <= 60.0


def test_slow_pages_of_instances_are_not_all_waited_for(account: Account) -> None:
    ec2 = an_ec2(account, deadline=870.0)
    script = Script(account, DescribeTags=[{"Tags": [], "NextToken": str(page)} for page in range(50)])

    def slow(**_: object) -> None:
        CLOCK.now += 14.0

    account.function.meta.events.register_first("before-call.ec2.DescribeTags", slow)

    with pytest.raises(AwsError) as error:
        ec2.instances("Backup")

    assert len(script.sent) == 5
    assert error.value.code == "SlowListing"
    assert "backups need the time" in advice(error.value)


def _tag(instance: str, key: str, value: str) -> dict[str, str]:
    return {"ResourceId": instance, "ResourceType": "instance", "Key": key, "Value": value}


def test_a_volume_is_named_with_the_instance_that_it_is_attached_to(account: Account) -> None:
    attached = account.volume("data")
    instance = account.attach(attached)

    (root, volume) = sorted(
        Ec2(account.function, deadline=1e9).volumes({instance: Instance(name="db-1")}),
        key=lambda each: each.id == attached,
    )

    assert str(volume) == f"{attached} data (on {instance} db-1, /dev/xvdf)"
    assert root.instance_name == "db-1"


@pytest.mark.parametrize("lacks", ["SnapshotId", "VolumeId", "StartTime", "State", "VolumeSize"])
def test_an_answer_to_a_create_that_lacks_anything_is_looked_up_in_the_listing(
    account: Account, lacks: str
) -> None:
    half = {key: value for key, value in made().items() if key != lacks}
    Script(account, CreateSnapshot=[half], DescribeSnapshots=[listed(made("snap-1"))])

    created, _ = finish(create(account))
    snapshot = created.snapshot

    assert snapshot.id == "snap-1"


def test_a_volume_on_several_instances_stands_with_the_one_that_carries_the_tag(account: Account) -> None:
    attached = [{"InstanceId": each, "Device": "/dev/sdf"} for each in ("i-1", "i-2", "i-3")]
    Script(account, DescribeVolumes=[{"Volumes": [RAW_VOLUME | {"Attachments": attached}]}] * 2)
    ec2 = Ec2(account.function, deadline=1e9)

    (volume,) = ec2.volumes({"i-1": Instance(name="a"), "i-2": Instance(name="b", tag="true")})
    (other,) = ec2.volumes({})

    assert (volume.instance, volume.instance_name) == ("i-2", "b")
    assert other.instance == "i-1"


def test_a_snapshot_that_shifting_pages_list_twice_is_one_as_it_was_seen_last(account: Account) -> None:
    first = listed(made("snap-1"), made("snap-2")) | {"NextToken": "more"}
    Script(account, DescribeSnapshots=[first, listed(made("snap-2") | {"State": "completed"})])

    snapshots = Ec2(account.function, deadline=1e9).snapshots("default")

    assert [(each.id, each.state) for each in snapshots] == [("snap-1", "pending"), ("snap-2", "completed")]


def test_a_snapshot_knows_the_volumes_name_of_its_day_and_its_full_size_where_ec2_tells_it(
    account: Account,
) -> None:
    tags = [{"Key": "Name", "Value": "web-1 data day 2026-11-23 01:30Z"}]
    Script(account, DescribeSnapshots=[listed(made() | {"Tags": tags, "FullSnapshotSizeInBytes": 512})])

    (snapshot,) = Ec2(account.function, deadline=1e9).snapshots("default")

    assert (snapshot.name, snapshot.full_bytes) == ("web-1 data", 512)


def test_every_page_of_a_listing_is_read(account: Account) -> None:
    first = {"Snapshots": [made("snap-1")], "NextToken": "more"}
    script = Script(account, DescribeSnapshots=[first, listed(made("snap-2"))])

    snapshots = Ec2(account.function, deadline=1e9).snapshots("default")

    assert [each.id for each in snapshots] == ["snap-1", "snap-2"]
    assert script.sent[0][1]["MaxResults"] == 1000
    assert script.sent[1][1]["NextToken"] == "more"


@pytest.mark.parametrize(
    ("text", "older"),
    [("3", 3), ("0", 0), ("", None), ("-1", None), ("3.5", None), ("many", None), ("1" * 7, None)],
)
def test_the_number_of_older_occasions_says_nothing_where_it_was_changed_by_hand(
    account: Account, text: str, older: int | None
) -> None:
    tags = [{"Key": "ebs-backup:older", "Value": text}]
    Script(account, DescribeSnapshots=[listed(made() | {"Tags": tags})])

    (snapshot,) = Ec2(account.function, deadline=1e9).snapshots("default")

    assert snapshot.older == older


def test_a_snapshot_is_ours_only_if_its_source_is_its_own_volume(account: Account) -> None:
    texts = (
        "volume=vol-1 zone=a",
        "volume=vol-1",
        "volume=vol-12",
        "volume=vol-2 volume=vol-1",
        "zone=a",
        "",
    )
    tagged = [
        made(f"snap-{number}") | {"Tags": [{"Key": "ebs-backup:source", "Value": text}]}
        for number, text in enumerate(texts)
    ]
    Script(account, DescribeSnapshots=[listed(*tagged, made("snap-9") | {"Tags": []})])

    found = Ec2(account.function, deadline=1e9).snapshots("default")

    assert [snapshot.id for snapshot in found if snapshot.ours] == ["snap-0", "snap-1"]


def test_a_hold_and_ec2s_reason_for_a_failure_are_read(account: Account) -> None:
    tags = [{"Key": "ebs-backup:hold", "Value": "2026-12-24"}]
    raw = made() | {"Tags": tags, "State": "error", "StateMessage": "Given key ID\nis not accessible"}
    Script(account, DescribeSnapshots=[listed(raw)])

    (snapshot,) = Ec2(account.function, deadline=1e9).snapshots("default")

    assert (snapshot.hold, snapshot.message) == ("2026-12-24", "Given key ID is not accessible")


def test_a_create_that_rests_on_old_knowledge_looks_first_and_makes_no_second_snapshot(
    account: Account,
) -> None:
    script = Script(account, DescribeSnapshots=[listed(made("snap-first"))])

    created, _ = finish(create(account, seen=-10.1))

    assert (created.snapshot.id, created.labels) == ("snap-first", None)
    assert script.calls() == ["DescribeSnapshots"]


def test_a_create_that_rests_on_fresh_knowledge_does_not_look(account: Account) -> None:
    script = Script(account, CreateSnapshot=[made()])

    created, _ = finish(create(account, seen=-9.9))

    assert created.labels is not None
    assert script.calls() == ["CreateSnapshot"]


def test_a_look_that_is_refused_is_raised_and_nothing_is_made(account: Account) -> None:
    script = Script(account, DescribeSnapshots=[refused("UnauthorizedOperation")])

    with pytest.raises(AwsError, match="UnauthorizedOperation"):
        finish(create(account, seen=-60.0))

    assert script.calls() == ["DescribeSnapshots"]


def test_a_volume_that_is_blocked_by_its_own_snapshots_does_not_wait(account: Account) -> None:
    Script(account, CreateSnapshot=[refused("ConcurrentSnapshotLimitExceeded")])

    with pytest.raises(AwsError) as error:
        finish(create(account, blocked=True))

    assert (error.value.kind, error.value.unfinished) == (Kind.REFUSED, False)


def test_a_volume_that_others_keep_busy_is_not_left_to_a_further_invocation(account: Account) -> None:
    Script(account, CreateSnapshot=[refused("ConcurrentSnapshotLimitExceeded")] * 9)

    with pytest.raises(AwsError) as error:
        finish(create(account, an_ec2(account, deadline=30.0)))

    assert error.value.unfinished is False


@pytest.mark.parametrize("call", ["DescribeSnapshots", "DescribeVolumes", "DescribeTags"])
def test_a_page_of_megabytes_that_cannot_be_read_gets_into_no_error(account: Account, call: str) -> None:
    reply(account, call, 200, b"<html>" + b"x" * 5_000_000)
    ec2 = Ec2(account.function, deadline=0.0)
    listing: dict[str, Callable[[], object]] = {
        "DescribeSnapshots": lambda: ec2.snapshots("default"),
        "DescribeVolumes": lambda: list(ec2.volumes({})),
        "DescribeTags": lambda: ec2.instances("Backup"),
    }

    with pytest.raises(AwsError) as error:
        listing[call]()

    assert len("".join(traceback.format_exception(error.value))) < 20_000


def test_a_name_with_line_breaks_and_control_characters_stands_on_one_line(account: Account) -> None:
    account.volume("web\n\troot\u2028")

    (volume,) = Ec2(account.function, deadline=1e9).volumes({})

    assert volume.name.isprintable()
    assert volume.name.startswith("web")
