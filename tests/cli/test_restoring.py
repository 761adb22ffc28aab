"""The volume that a restore makes from a snapshot: its properties, its name, its tags, and where it is attached."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebs_backup.model import Older, Volume
from ebs_backup.tags import tagging
from ebs_backup_cli.backups import points
from ebs_backup_cli.backups.points import Point
from ebs_backup_cli.errors import CommandError
from ebs_backup_cli.restore import aws_commands
from ebs_backup_cli.restore.restoring import Changes, NewVolume, new_volume, tags_of
from tests.unit.builders import NIGHT, a_run, a_volume, settings

ZONES = ("eu-west-1a", "eu-west-1b")
SELECTOR = ("Backup", "true")
TEXT = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc", "Cn", "Co"]), max_size=256)
KEYS = TEXT.map(lambda key: key[:128]).filter(bool)


def a_point(tags: dict[str, str], *, size: int = 100, **more: Any) -> Point:  # noqa: ANN401 - as EC2 lists it
    """Return a restore point as EC2 lists it, with these tags beside our own."""
    source = "volume=vol-0a zone=eu-west-1a type=gp3 size=100 iops=4000 throughput=250 device=/dev/sdf instance=i-07"
    ours = {
        "ebs-backup:set": "default",
        "ebs-backup:period": "day",
        "ebs-backup:run": "r",
        "ebs-backup:source": source,
    }
    raw = {
        "SnapshotId": "snap-0a",
        "VolumeId": "vol-0a",
        "State": "completed",
        "StartTime": datetime(2026, 11, 23, 1, 30, tzinfo=UTC),
        "VolumeSize": size,
        "Tags": [{"Key": key, "Value": value} for key, value in (ours | tags).items()],
        **more,
    }
    return points._point(raw)


def named(name: str) -> Point:
    """Return a restore point of a volume of this name, named as the function does it."""
    volume = a_volume(name=name, tags={"Name": name} if name else {})
    tags = tagging(volume, a_run(), settings(), at=NIGHT, older=Older(stay=0)).tags
    return a_point({"Name": tags["Name"]})


@pytest.mark.parametrize(
    ("name", "live", "restored"),
    [
        ("db-1 data", None, "db-1 data (restored)"),
        ("db-1 data (restored)", None, "db-1 data (restored)"),
        ("", None, "vol-0a (restored)"),
        ("a" * 256, None, "a" * 234 + " (restored)"),
        ("a" * 256, "a" * 256, "a" * 245 + " (restored)"),
        ("old name", "new name", "old name (restored)"),
        ("a" * 245 + " (restored)", "a" * 245 + " (restored)", "a" * 245 + " (restored)"),
    ],
)
def test_the_name_is_the_volumes_with_one_word_behind_it(name: str, live: str | None, restored: str) -> None:
    there = None if live is None else a_volume(name=live)

    found = tags_of(named(name), there, selector=SELECTOR, backed_up=True)["Name"]

    assert found == restored
    assert len(found) <= 256


@pytest.mark.parametrize("edited", ["keep this one please", "before the upgrade", "", "web day 2026-11-23"])
def test_a_snapshot_that_somebody_named_otherwise_says_nothing_of_the_volumes_name(edited: str) -> None:
    point = a_point({"Name": edited})

    gone = tags_of(point, None, selector=SELECTOR, backed_up=True)
    there = tags_of(point, a_volume(name="web"), selector=SELECTOR, backed_up=True)

    assert (gone["Name"], there["Name"]) == ("vol-0a (restored)", "web (restored)")


@given(tags=st.dictionaries(KEYS, TEXT, max_size=46), backed_up=st.booleans(), name=TEXT)
def test_the_tags_are_the_volumes_own_and_never_ours_and_ec2_takes_them(
    tags: dict[str, str], name: str, *, backed_up: bool
) -> None:
    point = a_point(tags | {"Name": f"{name[:230]} day 2026-11-23 01:30Z"})

    found = tags_of(point, None, selector=SELECTOR, backed_up=backed_up)

    assert len(found) <= 50
    assert all(len(key) <= 128 and len(value) <= 256 for key, value in found.items())
    ours = [key for key in found if key.lower().startswith(("aws:", "ebs-backup:"))]
    assert ours == ["ebs-backup:restored-from"]
    assert found["ebs-backup:restored-from"] == "snap-0a"
    assert ("Backup" in found) is backed_up
    left = {key: value for key, value in found.items() if key not in ("Name", "Backup", *ours)}
    assert left.items() <= tags.items()


def test_labels_in_any_case_are_left_off() -> None:
    point = a_point({"EBS-Backup:skip": "true", "AWS:createdBy": "me", "Team": "blue"})

    found = tags_of(point, None, selector=SELECTOR, backed_up=False)

    assert set(found) == {"Name", "ebs-backup:restored-from", "Team"}


def test_the_selectors_tag_that_was_copied_is_left_off_where_it_is_not_backed_up() -> None:
    point = a_point({"Backup": "true"})

    assert "Backup" not in tags_of(point, None, selector=SELECTOR, backed_up=False)
    assert tags_of(point, None, selector=SELECTOR, backed_up=True)["Backup"] == "true"


def test_a_volume_is_never_smaller_than_its_snapshot() -> None:
    point = a_point({"ebs-backup:source": "volume=vol-0a zone=eu-west-1a type=gp3 size=50"}, size=100)

    assert new_volume(point, None, Changes(), zones=ZONES, tags={}).size == 100


def test_the_key_is_the_snapshots_where_the_source_has_no_room_for_it() -> None:
    key = "arn:aws:kms:eu-west-1:111122223333:key/1"
    point = a_point({}, Encrypted=True, KmsKeyId=key)

    volume = new_volume(point, None, Changes(), zones=ZONES, tags={})

    assert (volume.encrypted, volume.key) == (True, key)


@pytest.mark.parametrize(
    ("source", "changes", "message"),
    [
        ("volume=vol-0a type=gp3 size=100", Changes(), "snap-0a does not say its volume's zone."),
        ("volume=vol-0a zone=eu-west-1a size=100", Changes(), "snap-0a does not say the type of its volume"),
        ("volume=vol-0a zone=eu-west-1a type=io2 size=100", Changes(), "A volume of type io2 needs IOPS"),
        (
            "volume=vol-0a zone=eu-west-1a type=st1 size=500",
            Changes(type="io1"),
            "A volume of type io1 needs IOPS",
        ),
    ],
)
def test_what_nobody_tells_is_asked_for(source: str, changes: Changes, message: str) -> None:
    with pytest.raises(CommandError) as refused:
        new_volume(a_point({"ebs-backup:source": source}), None, changes, zones=ZONES, tags={})

    assert refused.value.message.startswith(message)
    assert "--" in refused.value.advice


@pytest.mark.parametrize(
    ("was", "wanted", "iops", "throughput"),
    [
        ("type=gp2 size=100 iops=300", "gp3", None, None),  # 300 are too few for a gp3
        ("type=gp2 size=100 iops=300", "io2", 300, None),
        ("type=io2 size=100 iops=64000", "gp3", None, None),  # too many
        ("type=gp3 size=100 iops=4000 throughput=250", "io1", 4000, None),
        ("type=gp3 size=200 iops=4000 throughput=250", "st1", None, None),
        ("type=gp3 size=100", "", None, None),
    ],
)
def test_another_type_gets_what_it_can_have(
    was: str, wanted: str, iops: int | None, throughput: int | None
) -> None:
    point = a_point({"ebs-backup:source": f"volume=vol-0a zone=eu-west-1a {was}"})

    volume = new_volume(point, None, Changes(type=wanted), zones=ZONES, tags={})

    assert (volume.iops, volume.throughput) == (iops, throughput)


def on(instance: str, device: str, zone: str = "eu-west-1a") -> Volume:
    return a_volume(id="vol-0b", instance=instance, device=device, zone=zone)


@pytest.mark.parametrize(
    ("device", "taken", "zone", "expected"),
    [
        ("/dev/sdf", [], "eu-west-1a", ("i-07", "/dev/sdf")),
        ("/dev/sdf", ["/dev/sdf"], "eu-west-1a", ("i-07", "/dev/sdg")),
        ("/dev/xvdh", ["/dev/sdh"], "eu-west-1a", ("i-07", "/dev/sdf")),  # one device by two names
        ("/dev/xvda", [], "eu-west-1a", ("i-07", "/dev/sdf")),
        ("/dev/sdf", [], "eu-west-1b", ("INSTANCE_ID", "/dev/sdf")),  # another zone: another instance
        ("/dev/sdf", [f"/dev/sd{letter}" for letter in "fghijklmnop"], "eu-west-1a", ("i-07", "DEVICE")),
    ],
)
def test_it_is_attached_by_a_device_that_is_free(
    device: str, taken: list[str], zone: str, expected: tuple[str, str]
) -> None:
    source = f"volume=vol-0a zone=eu-west-1a type=gp3 size=100 device={device} instance=i-07"
    volume = NewVolume(snapshot="snap-0a", zone=zone, type="gp3", size=100, tags={})
    there = {str(number): on("i-07", name) for number, name in enumerate(taken)}

    assert aws_commands.place(a_point({"ebs-backup:source": source}), volume, there) == expected


def test_where_the_instance_is_not_known_any_in_the_zone_is_named() -> None:
    point = a_point({"ebs-backup:source": "volume=vol-0a zone=eu-west-1a type=gp3 size=100 device=/dev/xvda"})
    volume = NewVolume(snapshot="snap-0a", zone="eu-west-1b", type="gp3", size=100, tags={})

    told = list(aws_commands.hints("vol-0c", point, volume, {}, "eu-west-1"))

    assert "Attach it to an instance in eu-west-1b:" in told
    assert any(line.endswith("--instance-id INSTANCE_ID --snapshot-id snap-0a") for line in told)
