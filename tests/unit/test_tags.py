"""What a snapshot is called: its tags in full, its name, its description, and EC2's limits on them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ebs_backup.aws.convert import printable
from ebs_backup.model import Older, Run, Volume
from ebs_backup.names import Period
from ebs_backup.tags import Described, Tagging, described, minute, named_after, names_source, tagging
from tests.unit.builders import NIGHT, a_run, a_volume, settings

OURS = {
    "ebs-backup:set",
    "ebs-backup:period",
    "ebs-backup:run",
    "ebs-backup:source",
    "ebs-backup:older",
    "Name",
}


def of(
    volume: Volume, run: Run | None = None, *, at: datetime = NIGHT, copy: bool = True, **given: object
) -> Tagging:
    """Label a snapshot of the volume, taken at NIGHT in the default set's day run, with these changed settings."""
    return tagging(volume, run or a_run(), settings(**given), at=at, older=Older(stay=3), copy=copy)


def test_a_snapshot_carries_our_tags_and_then_the_volumes_own() -> None:
    volume = a_volume(tags={"Backup": "true", "Name": "web-1 data", "team": "shop"})

    label = of(volume, a_run(backup_set="web"))

    assert label.tags == {
        "ebs-backup:set": "web",
        "ebs-backup:period": "day",
        "ebs-backup:run": "2026-11-23T01:30:00Z",
        "ebs-backup:source": "volume=vol-0a zone=eu-west-1a type=gp3 size=100 iops=3000 throughput=125"
        " device=/dev/xvdf instance=i-07aa",
        "ebs-backup:older": "3",
        "Name": "web-1 data day 2026-11-23 01:30Z",
        "Backup": "true",
        "team": "shop",
    }
    assert (label.copied, label.not_copied) == (("Backup", "team"), ())


def test_without_copy_tags_the_snapshot_carries_our_tags_alone() -> None:
    label = of(a_volume(tags={"team": "shop"}), copy_tags=False)

    assert label.tags.keys() == OURS
    assert (label.copied, label.not_copied) == ((), ())


def test_copy_tags_as_a_list_copies_these_keys_and_no_others() -> None:
    volume = a_volume(tags={"team": "shop", "Team": "SHOP", "owner": "ann"})

    label = of(volume, copy_tags=["team", "cost"])

    assert label.tags.keys() == OURS | {"team"}
    assert (label.copied, label.not_copied) == (("team",), ())


def test_a_second_try_after_a_refusal_copies_nothing_and_keeps_the_extra_tags() -> None:
    label = of(a_volume(tags={"team": "shop"}), copy=False, extra_tags={"cost": "42"})

    assert label.tags.keys() == OURS | {"cost"}
    assert (label.copied, label.not_copied) == ((), ())


def test_extra_tags_are_on_every_snapshot_and_win_over_the_volumes_own() -> None:
    volume = a_volume(tags={"cost": "old", "team": "shop"})

    label = of(volume, extra_tags={"cost": "42"})

    assert label.tags["cost"] == "42"
    assert label.copied == ("team",)


@pytest.mark.parametrize(
    "key",
    [
        "aws:cloudformation:stack-name",
        "AWS:x",
        "ebs-backup:skip",
        "EBS-Backup:note",
        "kubernetes.io/cluster/shop",
        "Kubernetes.IO/cluster/shop",
        "sigs.k8s.io/cluster-api-provider-aws/cluster/shop-x7kqz",
        "openshiftClusterID",
    ],
)
def test_some_tags_are_never_copied(key: str) -> None:
    """`openshift-install destroy` deletes whatever says that its cluster owns it: the backups, too."""
    label = of(a_volume(tags={key: "owned", "awsome": "yes"}))

    assert label.tags.keys() - OURS == {"awsome"}
    assert label.not_copied == ()


def test_a_clusters_tag_is_not_copied_though_the_settings_list_it() -> None:
    label = of(
        a_volume(tags={"kubernetes.io/cluster/shop": "owned"}), copy_tags=["kubernetes.io/cluster/shop"]
    )

    assert label.tags.keys() == OURS


def test_our_tags_win_over_those_of_a_volume_that_was_restored_with_a_snapshots_tags() -> None:
    volume = a_volume(
        tags={
            "ebs-backup:set": "other",
            "ebs-backup:run": "2020",
            "ebs-backup:older": "0",
            "ebs-backup:hold": "true",
            "Name": "web-1 data",
        }
    )

    label = of(volume)

    assert label.tags.keys() == OURS
    assert label.tags["ebs-backup:set"] == "default"
    assert label.tags["ebs-backup:run"] == "2026-11-23T01:30:00Z"
    assert label.tags["ebs-backup:older"] == "3"
    assert label.tags["Name"] == "web-1 data day 2026-11-23 01:30Z"


def test_there_are_50_tags_at_most_and_what_was_left_off_is_said() -> None:
    volume = a_volume(tags={f"key-{number:02}": "x" for number in range(50)})

    label = of(volume, extra_tags={"cost": "42"})

    assert len(label.tags) == 50
    assert label.tags.keys() >= OURS | {"cost"}
    assert label.not_copied == ("key-43", "key-44", "key-45", "key-46", "key-47", "key-48", "key-49")


def test_the_name_says_when_the_snapshot_was_taken_not_when_its_event_was_due() -> None:
    """A replayed event may be days late: what it takes is of today."""
    label = of(a_volume(), a_run(time=NIGHT), at=NIGHT + timedelta(days=4, minutes=7))

    assert label.tags["Name"] == "web-1 data day 2026-11-27 01:37Z"
    assert label.tags["ebs-backup:run"] == "2026-11-23T01:30:00Z"


def test_a_volume_without_a_name_gives_its_id() -> None:
    label = of(a_volume(id="vol-0dead1", name=""), a_run(period=Period.MONTH))

    assert label.tags["Name"] == "vol-0dead1 month 2026-11-23 01:30Z"


def test_a_long_name_is_cut_so_that_period_and_time_stay() -> None:
    label = of(a_volume(name="n" * 256))

    assert len(label.tags["Name"]) == 256
    assert label.tags["Name"].endswith("nnn day 2026-11-23 01:30Z")


@pytest.mark.parametrize("name", ["web-1 data", "data", "データ 1", "a day 2026-11-23 01:30Z"])
def test_the_volumes_name_is_read_back_from_a_snapshots(name: str) -> None:
    label = of(a_volume(name=name))

    assert named_after(label.tags["Name"]) == name


def test_the_source_tag_tells_what_an_encrypted_volume_needs() -> None:
    key = "arn:aws:kms:eu-west-1:111122223333:key/0123"

    label = of(replace(a_volume(), encrypted=True, kms_key=key))

    assert label.tags["ebs-backup:source"].endswith(
        f" encrypted=true device=/dev/xvdf instance=i-07aa key={key}"
    )


def test_the_source_tag_leaves_out_what_the_volume_does_not_have() -> None:
    volume = a_volume(type="st1", size=500, iops=None, throughput=None, device="", instance="")

    label = of(volume)

    assert label.tags["ebs-backup:source"] == "volume=vol-0a zone=eu-west-1a type=st1 size=500"


def test_the_source_tag_leaves_out_whole_parts_where_there_is_no_room_for_them() -> None:
    """Half an instance id, or half a key, would lead a restore astray."""
    label = of(replace(a_volume(device="d" * 250), encrypted=True, kms_key="k" * 100))

    source = label.tags["ebs-backup:source"]
    assert "device=" not in source
    assert source.endswith(f" instance=i-07aa key={'k' * 100}")


@pytest.mark.parametrize(
    ("source", "ours"),
    [
        ("volume=vol-0a", True),
        ("volume=vol-0a zone=eu-west-1a", True),
        ("volume=vol-0ab zone=eu-west-1a", False),
        ("volume=vol-0b", False),
        ("zone=eu-west-1a volume=vol-0a", False),
        ("vol-0a", False),
        ("", False),
    ],
)
def test_a_snapshot_is_our_own_only_if_its_source_begins_with_its_own_volume(
    source: str, *, ours: bool
) -> None:
    assert names_source(source, "vol-0a") is ours


def test_the_description_is_one_readable_sentence() -> None:
    label = of(a_volume(), a_run(backup_set="web"))

    assert label.description == (
        "The day backup of vol-0a web-1 data (on i-07aa, /dev/xvdf) by backup set web, run 2026-11-23T01:30:00Z."
    )


def test_the_description_is_ascii_and_the_name_tag_is_in_the_volumes_own_script() -> None:
    label = of(a_volume(name="データ"))

    assert label.description.startswith("The day backup of vol-0a ??? (on i-07aa")
    assert label.tags["Name"] == "データ day 2026-11-23 01:30Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Created by CreateImage(i-07aa) for ami-0c from vol-0a",
        "The day backup of the database by backup set web, run 1.",
        "The day backup of vol-0a by backup set web, run 1",
        "day_snapshot vol-0a_day_Mon by snapshot script at 23-11-2026 01:30:00",
    ],
)
def test_another_tools_description_says_nothing(text: str) -> None:
    assert described(text) is None


def test_a_name_that_reads_like_our_description_does_not_mislead() -> None:
    label = of(a_volume(name="x by backup set y, run z."), a_run(backup_set="web", id="r-1"))

    assert described(label.description) == Described(
        volume_id="vol-0a", name="x by backup set y, run z.", period="day", backup_set="web", run="r-1"
    )


def test_a_minute_is_written_in_utc() -> None:
    assert minute(datetime(2026, 11, 3, 1, 5, 59, tzinfo=UTC)) == "2026-11-03 01:05Z"


texts = st.text(max_size=300)
keys = st.text(min_size=1, max_size=128)


@example(tags={}, name="", device="\n", key="", copy_tags=True, extra={})
@given(
    tags=st.dictionaries(keys, st.text(max_size=256), max_size=60),
    name=texts,
    device=texts,
    key=texts,
    copy_tags=st.booleans() | st.just(["a", "b"]),
    extra=st.dictionaries(st.from_regex(r"[a-m]{1,9}", fullmatch=True), st.just("x"), max_size=20),
)
@example(tags={}, name="", device="\n", key="", copy_tags=True, extra={})  # a description of two lines
def test_whatever_the_volume_holds_ec2s_limits_are_kept(
    *,
    tags: dict[str, str],
    name: str,
    device: str,
    key: str,
    copy_tags: bool | list[str],
    extra: dict[str, str],
) -> None:
    volume = replace(a_volume(tags=tags, name=name, device=device), encrypted=True, kms_key=key)
    run = a_run(backup_set="s" * 64, id="r" * 100)

    label = of(volume, run, copy_tags=copy_tags, extra_tags=extra)

    assert label.tags.keys() >= OURS | extra.keys()
    assert len(label.tags) <= 50
    assert max(map(len, label.tags.values())) <= 256
    assert label.tags["ebs-backup:source"].startswith("volume=vol-0a zone=eu-west-1a type=gp3 size=100")
    assert len(label.description) <= 255
    assert label.description.isascii()
    assert not any(key.lower().startswith(("aws:", "kubernetes.io/cluster/")) for key in label.tags)
    told = described(label.description)
    assert told
    assert (told.volume_id, told.period, told.backup_set, told.run) == (
        volume.id,
        "day",
        run.backup_set,
        run.id,
    )
    copied = {key: label.tags[key] for key in label.copied}
    assert copied.items() <= tags.items()
    assert label.tags.keys() == OURS | extra.keys() | copied.keys()


# A name that a volume can have here: one printable line, without spaces at its ends; not what stands behind a name.
names = st.text(max_size=100).filter(lambda name: name == printable(name) and " (on i-" not in f" {name}")


@given(
    volume_id=st.from_regex(r"vol-[0-9a-f]{8,17}", fullmatch=True),
    name=names,
    instance=st.sampled_from(["", "i-0aa", "i-0123456789abcdef0"]),
    instance_name=names,
    period=st.sampled_from(list(Period)),
    backup_set=st.from_regex(r"[a-z0-9-]{1,64}", fullmatch=True),
    run_id=st.from_regex(r"[!-~]{1,60}", fullmatch=True),
)
@example(
    volume_id="vol-0a",
    name="x by backup set y, run z.",
    instance="i-0aa",
    instance_name="(on i-0bb, /dev/xvdf)",
    period=Period.DAY,
    backup_set="by-backup-set",
    run_id="run.",
)
def test_a_description_says_again_whose_snapshot_it_is(
    *,
    volume_id: str,
    name: str,
    instance: str,
    instance_name: str,
    period: Period,
    backup_set: str,
    run_id: str,
) -> None:
    volume = a_volume(id=volume_id, name=name, instance=instance, instance_name=instance_name)

    label = of(volume, a_run(period=period, backup_set=backup_set, id=run_id))

    told = described(label.description)
    assert told
    ascii_name = name.encode("ascii", "replace").decode()
    assert ascii_name.startswith(told.name)
    assert told.name == ascii_name or len(label.description) == 255
    assert (told.volume_id, told.period, told.backup_set, told.run) == (
        volume_id,
        period,
        backup_set,
        run_id,
    )
