"""Listings: every page is read, all of it becomes data, and none of what cannot be read goes any further."""

import traceback
from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest

from ebs_backup.aws.ec2 import Ec2
from ebs_backup.aws.errors import AwsError, Kind, advice
from ebs_backup.model import Instance, Older, Snapshot
from tests.unit.builders import NIGHT, a_run
from tests.unit.script import Script, listed, made, refused

RAW_VOLUME = {
    "VolumeId": "vol-1",
    "CreateTime": NIGHT,
    "AvailabilityZone": "eu-west-1a",
    "VolumeType": "io2",
    "State": "in-use",
    "Size": 8,
}
LISTINGS: dict[str, Callable[[Ec2], object]] = {
    "DescribeTags": lambda ec2: ec2.instances("Backup"),
    "DescribeVolumes": lambda ec2: list(ec2.volumes({})),
    "DescribeSnapshots": lambda ec2: ec2.snapshots("default"),
}
listings = pytest.mark.parametrize("call", LISTINGS)


def volumes(*raw: dict[str, Any]) -> dict[str, Any]:
    return {"Volumes": list(raw)}


def snapshot_of(**changed: object) -> Snapshot:
    """List one snapshot with these changes; tags are a table."""
    tags = changed.pop("tags", {})
    assert isinstance(tags, dict)
    (snapshot,) = Script(DescribeSnapshots=[listed(made(**tags) | changed)]).ec2().snapshots("default")
    return snapshot


def test_every_page_of_a_listing_is_read() -> None:
    first = listed(made("snap-1")) | {"NextToken": "more"}
    script = Script(DescribeSnapshots=[first, listed(made("snap-2"))])

    snapshots = script.ec2().snapshots("default")

    assert [snapshot.id for snapshot in snapshots] == ["snap-1", "snap-2"]
    assert script.sent[0][1]["MaxResults"] == 1000
    assert script.sent[1][1]["NextToken"] == "more"


def test_a_snapshot_that_shifting_pages_list_twice_is_one_as_it_was_seen_last() -> None:
    first = listed(made("snap-1"), made("snap-2")) | {"NextToken": "more"}
    script = Script(DescribeSnapshots=[first, listed(made("snap-2") | {"State": "completed"})])

    snapshots = script.ec2().snapshots("default")

    assert [(snapshot.id, snapshot.state) for snapshot in snapshots] == [
        ("snap-1", "pending"),
        ("snap-2", "completed"),
    ]


def test_the_sets_snapshots_are_listed_whole_or_those_of_one_volume() -> None:
    script = Script(DescribeSnapshots=[listed(), listed()])
    ec2 = script.ec2()

    ec2.snapshots("web")
    ec2.snapshots("web", volume_id="vol-1")

    of_set = {"tag:ebs-backup:set": ["web"]}
    assert script.filters == [of_set, of_set | {"volume-id": ["vol-1"]}]
    assert {body["Owner.1"] for _, body in script.sent} == {"self"}


def test_wildcards_in_a_filter_are_taken_for_what_they_are() -> None:
    script = Script(DescribeTags=[{"Tags": []}], DescribeSnapshots=[listed()])
    ec2 = script.ec2()

    ec2.instances("Back*?\\up")
    ec2.lookout(a_run(id="a*?\\b"), ["vol-1"], seen=-60.0).made("vol-1")

    assert script.filters[0]["key"] == ["Name", "Back\\*\\?\\\\up"]
    assert script.filters[1]["tag:ebs-backup:run"] == ["a\\*\\?\\\\b"]


def test_one_look_is_one_call_within_the_200_values_that_ec2_takes() -> None:
    script = Script(DescribeSnapshots=[listed()])
    ids = [f"vol-{number}" for number in range(300)]

    script.ec2().lookout(a_run(), ids, seen=-60.0).made("vol-0")

    (filters,) = script.filters
    assert len(list(chain.from_iterable(filters.values()))) <= 200
    assert filters["volume-id"] == ids[:100]


def test_a_snapshot_knows_the_volumes_name_of_its_day_and_its_full_size_where_ec2_tells_it() -> None:
    snapshot = snapshot_of(tags={"Name": "web-1 data day 2026-11-23 01:30Z"}, FullSnapshotSizeInBytes=512)

    assert (snapshot.name, snapshot.full_bytes) == ("web-1 data", 512)


@pytest.mark.parametrize(
    ("text", "older"),
    [
        ("3", Older(stay=3)),
        ("0", Older(stay=0)),
        ("3 pending=1", Older(stay=3, pending=1)),
        ("3 vanished=2", Older(stay=3, vanished=2)),
        ("3 pending=1 vanished=2", Older(stay=3, pending=1, vanished=2)),
        *(
            (text, None)
            for text in ("", "-1", "3.5", " 3", "3\n", "many", "٣", "1" * 7, "3 vanished=x", "3 ")
        ),
    ],
)
def test_the_number_of_older_occasions_is_a_whole_number_or_says_nothing(
    text: str, older: Older | None
) -> None:
    assert snapshot_of(tags={"ebs-backup:older": text}).older == older


@pytest.mark.parametrize(
    ("source", "ours"),
    [("volume=vol-1 zone=a", True), ("volume=vol-12", False), ("zone=a", False), ("", False)],
)
def test_a_snapshot_is_ours_only_if_its_source_is_its_own_volume(source: str, *, ours: bool) -> None:
    assert snapshot_of(tags={"ebs-backup:source": source}).ours is ours


def test_a_snapshot_without_any_of_our_tags_is_read_all_the_same() -> None:
    snapshot = snapshot_of(Tags=[])

    assert (snapshot.ours, snapshot.period, snapshot.run, snapshot.hold) == (False, "", "", None)


def test_ec2s_reason_for_a_failure_is_one_line_of_at_most_300_characters() -> None:
    short = snapshot_of(State="error", StateMessage="Given key ID\nis not accessible")
    long = snapshot_of(State="error", StateMessage="x" * 999)

    assert short.message == "Given key ID is not accessible"
    assert len(long.message) == 300


@pytest.mark.parametrize("value", ["true", "2026-12-24", ""])
def test_a_hold_is_read_as_it_stands(value: str) -> None:
    assert snapshot_of(tags={"ebs-backup:hold": value}).hold == value


def test_instances_are_known_by_their_names_and_by_the_tag_that_selects() -> None:
    first = {"Tags": [a_tag("i-1", "Name", "web\n1"), a_tag("i-2", "Backup", "true")], "NextToken": "more"}
    script = Script(DescribeTags=[first, {"Tags": [a_tag("i-1", "Backup", "no")]}])

    instances = script.ec2().instances("Backup")

    assert instances == {"i-1": Instance(name="web 1", tag="no"), "i-2": Instance(name="", tag="true")}
    assert script.sent[1][1]["NextToken"] == "more"


def test_every_page_of_volumes_is_read_but_for_those_that_only_come_or_go() -> None:
    first = volumes(RAW_VOLUME) | {"NextToken": "more"}
    script = Script(DescribeVolumes=[first, volumes(RAW_VOLUME | {"VolumeId": "vol-2"})])

    found = list(script.ec2().volumes({}))

    assert [volume.id for volume in found] == ["vol-1", "vol-2"]
    assert script.filters[0] == {"status": ["available", "in-use", "error"]}


def test_a_volume_is_named_with_the_instance_that_it_is_attached_to() -> None:
    attached = [{"InstanceId": "i-1", "Device": "/dev/xvdf"}]
    tags = [{"Key": "Name", "Value": "web\n\troot\u2028"}]
    script = Script(DescribeVolumes=[volumes(RAW_VOLUME | {"Attachments": attached, "Tags": tags})])

    (volume,) = script.ec2().volumes({"i-1": Instance(name="db-1")})

    assert str(volume) == "vol-1 web  root (on i-1 db-1, /dev/xvdf)"


def test_a_volume_on_several_instances_stands_with_the_one_that_carries_the_tag() -> None:
    attached = [{"InstanceId": instance, "Device": "/dev/sdf"} for instance in ("i-1", "i-2", "i-3")]
    script = Script(DescribeVolumes=[volumes(RAW_VOLUME | {"Attachments": attached})] * 2)
    ec2 = script.ec2()

    (volume,) = ec2.volumes({"i-1": Instance(name="a"), "i-2": Instance(name="b", tag="true")})
    (other,) = ec2.volumes({})

    assert (volume.instance, volume.instance_name) == ("i-2", "b")
    assert other.instance == "i-1"


def test_volumes_are_asked_for_by_their_ids_in_whatever_state_190_a_call() -> None:
    ids = [f"vol-{number}" for number in range(250)]
    script = Script(DescribeVolumes=[volumes(RAW_VOLUME | {"State": "deleting"}), volumes()])

    known = script.ec2().known(ids)

    assert known == {"vol-1"}
    assert script.filters == [{"volume-id": ids[:190]}, {"volume-id": ids[190:]}]


@listings
def test_a_listing_that_is_refused_is_an_aws_error(call: str) -> None:
    script = Script(**{call: [refused("UnauthorizedOperation")]})

    with pytest.raises(AwsError, match="UnauthorizedOperation"):
        LISTINGS[call](script.ec2())


ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "DescribeTags": ("Tags", {"ResourceId": "i-1", "Key": "Name", "Value": "web"}),
    "DescribeVolumes": ("Volumes", RAW_VOLUME),
    "DescribeSnapshots": ("Snapshots", made()),
}
LACKING = [
    (call, field)
    for call, (_, row) in ROWS.items()
    for field in row
    if (call, field) != ("DescribeSnapshots", "Tags")
]


@pytest.mark.parametrize(("call", "field"), LACKING)
def test_a_listing_with_a_row_that_lacks_a_field_is_unreadable_as_a_whole(call: str, field: str) -> None:
    name, row = ROWS[call]
    damaged = {key: value for key, value in row.items() if key != field}
    script = Script(**{call: [{name: [row, damaged]}]})

    with pytest.raises(AwsError) as error:
        LISTINGS[call](script.ec2())

    assert (error.value.kind, error.value.code) == (Kind.UNKNOWN_OUTCOME, "UnreadableAnswer")
    assert error.value.message == f"EC2's list of {name} lacks '{field}'"


@listings
def test_an_answer_that_lists_nothing_at_all_is_unreadable_too(call: str) -> None:
    with pytest.raises(AwsError, match=f"lacks '{ROWS[call][0]}'"):
        LISTINGS[call](Script(**{call: [{}]}).ec2())


@listings
def test_megabytes_that_cannot_be_read_get_into_no_text_of_the_error(
    call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    script = Script()
    script.page(call, 200, b"<html>" + b"garbage" * 750_000)

    with pytest.raises(AwsError) as error:
        LISTINGS[call](script.ec2())

    told = "".join(traceback.format_exception(error.value))
    assert len(f"{error.value}{error.value.args}{error.value.message}") < 1000
    assert told.count("garbage") <= 3 * 300
    assert len(told) < 5000


@listings
def test_a_listing_is_not_tried_again_when_the_pause_would_pass_the_deadline(call: str) -> None:
    script = Script()
    requests = script.page(call, 503, b"")

    with pytest.raises(AwsError):
        LISTINGS[call](script.ec2(deadline=10.0))

    assert len(requests) == 1


def test_looking_up_instances_never_takes_the_time_that_the_backups_need(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A function has 900 s: EC2's silence, tried again eight times on each page, would eat them."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    script = Script()
    script.page("DescribeTags", 503, b"", seconds=15.0)

    with pytest.raises(AwsError):
        script.ec2(deadline=870.0).instances("Backup")

    assert script.now <= 60.0


def test_slow_pages_of_instances_are_not_all_waited_for() -> None:
    script = Script(DescribeTags=[{"Tags": [], "NextToken": str(page)} for page in range(50)])

    def slow(**_: object) -> None:
        script.now += 14.0

    script.on("before-call.ec2.DescribeTags", slow)

    with pytest.raises(AwsError) as error:
        script.ec2(deadline=870.0).instances("Backup")

    assert len(script.sent) == 5
    assert error.value.code == "SlowListing"
    assert "to leave time for the backups" in advice(error.value)


def a_tag(instance: str, key: str, value: str) -> dict[str, str]:
    return {"ResourceId": instance, "ResourceType": "instance", "Key": key, "Value": value}
