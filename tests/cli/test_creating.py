"""A volume is made only once, even if EC2's answers are lost, and the wait ends only when its fate is certain."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from boto3.session import Session

from ebs_backup.aws.connection import connect
from ebs_backup.aws.errors import AwsError, Kind
from ebs_backup_cli.restore import creating
from ebs_backup_cli.restore.restoring import NewVolume
from fake_aws.account import FakeAccount
from fake_aws.records import SnapshotRecord
from fake_aws.server import Endpoint
from fake_aws.service import Service
from fake_aws.wire import THROTTLES, WIRE, Fault, refused

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

VOLUME = NewVolume(snapshot="snap-0a", zone="eu-west-1a", type="gp3", size=8, tags={"Name": "web (restored)"})
NO_TIME: Callable[[float], None] = lambda _: None  # noqa: E731 - a clock that does not run


@pytest.fixture
def service() -> Service:
    account = FakeAccount(clock=lambda: 1000.0)
    account.add(SnapshotRecord(id="snap-0a", volume_id="vol-0a", started=0, tags={}))
    return Service(account=account)


@pytest.fixture
def client(service: Service, monkeypatch: pytest.MonkeyPatch) -> "Iterator[EC2Client]":
    monkeypatch.setattr("time.sleep", NO_TIME)  # botocore's pauses
    with Endpoint(service) as endpoint:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_ENDPOINT_URL": endpoint.url,
        }.items():
            monkeypatch.setenv(name, value)
        connected = connect(Session(region_name="eu-west-1"))
        yield connected
        connected.close()


@pytest.mark.parametrize("fault", [*WIRE, *THROTTLES], ids=str)
@pytest.mark.parametrize("times", [1, 2])
def test_a_lost_answer_never_makes_a_second_volume(
    service: Service, client: "EC2Client", fault: Fault, times: int
) -> None:
    service.plan = {("CreateVolume", index): fault for index in range(times)}

    made = creating.create(client, VOLUME, "token", sleep=NO_TIME)

    assert list(service.account.volumes) == [made]
    assert service.account.volumes[made].tags == {"Name": "web (restored)"}
    assert {call.params["ClientToken"] for call in service.calls} == {"token"}
    assert len(service.calls) > times


def test_a_refusal_is_told_at_once(service: Service, client: "EC2Client") -> None:
    service.plan = {("CreateVolume", 0): refused("VolumeLimitExceeded")}

    with pytest.raises(AwsError, match="VolumeLimitExceeded") as error:
        creating.create(client, VOLUME, "token", sleep=NO_TIME)

    assert len(service.calls) == 1
    assert not service.account.volumes
    assert "Ask AWS to raise the region's quota" in creating.told(error.value, VOLUME).advice


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("InvalidKMSKey.InvalidState", "it must be enabled"),
        ("TagPolicyViolation", "--dry-run prints the command"),
        ("UnauthorizedOperation", "docs/permissions.md"),
        ("SomethingNew", ""),
    ],
)
def test_a_refusal_has_the_advice_that_fits_it(code: str, advice: str) -> None:
    error = AwsError(kind=Kind.REJECTED, code=code, message="No.")

    assert advice in creating.told(error, VOLUME).advice


def test_an_answer_that_never_comes_is_given_up_and_said_to_be_unclear(
    service: Service, client: "EC2Client"
) -> None:
    service.plan = {("CreateVolume", index): WIRE[1] for index in range(200)}

    with pytest.raises(AwsError) as error:
        creating.create(client, VOLUME, "token", sleep=NO_TIME)

    assert len(service.account.volumes) == 1
    assert "It may have been made anyway" in creating.told(error.value, VOLUME).advice


def test_a_snapshot_that_has_expired_meanwhile_is_said_to_be_gone(
    service: Service, client: "EC2Client"
) -> None:
    service.account.lose("snap-0a")

    with pytest.raises(AwsError) as error:
        creating.create(client, VOLUME, "token", sleep=NO_TIME)

    assert creating.told(error.value, VOLUME).message == "snap-0a is gone: it has expired in the meantime."


def becoming(service: Service, *states: str) -> Callable[[float], None]:
    """Return a pause in which the new volume takes the next of these states; `` is gone."""
    to_come = list(states)

    def sleep(_: float) -> None:
        if not to_come:
            return
        (volume,) = service.account.made.values()
        volume.state = to_come.pop(0)
        if not volume.state:
            service.account.volumes.pop(volume.id, None)

    return sleep


def test_it_waits_until_the_volume_is_available(service: Service, client: "EC2Client") -> None:
    made = creating.create(client, VOLUME, "token", sleep=NO_TIME)
    seen: list[str] = []

    ended = creating.wait(client, [made], seen=seen.append, sleep=becoming(service, "creating", "available"))

    assert (ended, seen) == ({}, [made])


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (("creating", ""), "was made, and then vanished."),
        (("error",), "was made, and is in state error."),
        (("in-use",), "is in-use: somebody else already uses it."),
        (("creating",), "is still being made after an hour."),
    ],
)
def test_a_volume_that_comes_to_nothing_is_told_with_what_to_look_at(
    service: Service, client: "EC2Client", states: tuple[str, ...], words: str
) -> None:
    made = creating.create(client, VOLUME, "token", sleep=NO_TIME)

    ended = creating.wait(client, [made], sleep=becoming(service, *states))

    assert ended[made].message == f"{made} {words}"
    assert ("KMS key" in ended[made].advice) == ("was made" in words)


def test_a_listing_that_lags_behind_is_not_taken_for_a_volume_that_vanished(
    service: Service, client: "EC2Client"
) -> None:
    made = creating.create(client, VOLUME, "token", sleep=NO_TIME)
    record = service.account.volumes.pop(made)
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            service.account.volumes[made] = record
            record.state = "available"

    assert creating.wait(client, [made], sleep=sleep) == {}


def test_a_volume_that_no_listing_ever_shows_is_gone(service: Service, client: "EC2Client") -> None:
    made = creating.create(client, VOLUME, "token", sleep=NO_TIME)
    service.account.volumes.clear()

    ended = creating.wait(client, [made], sleep=NO_TIME)

    assert ended[made].message == f"{made} was made, and then vanished."


def test_zones_that_cannot_be_listed_are_an_error_of_awss(client: "EC2Client") -> None:
    with pytest.raises(AwsError, match="InvalidAction"):
        creating.zones(client)
