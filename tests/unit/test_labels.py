"""What a snapshot is called: its tags in full, its name, its description, and EC2's limits on them."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from ebs_backup.labels import labels, minute
from ebs_backup.model import Expiry
from ebs_backup.settings import Period
from tests.unit.builders import a_run, a_volume

OURS = {"ebs-backup:set", "ebs-backup:period", "ebs-backup:run", "ebs-backup:source", "Name"}


def test_a_snapshot_carries_our_tags_and_then_the_volumes_own() -> None:
    volume = a_volume(tags={"Backup": "true", "Name": "web-1 data", "team": "shop"})

    label = labels(volume, a_run(backup_set="web"), copy_tags=True)

    assert label.tags == {
        "ebs-backup:set": "web",
        "ebs-backup:period": "day",
        "ebs-backup:run": "2026-11-23T01:30:00Z",
        "ebs-backup:source": "zone=eu-west-1a type=gp3 size=100 iops=3000 throughput=125 device=/dev/xvdf instance=i-07aa",
        "Name": "web-1 data day 2026-11-23 01:30Z",
        "Backup": "true",
        "team": "shop",
    }
    assert label.left_off == ()


def test_how_far_the_run_rotates_is_tagged_where_it_rotates() -> None:
    expiry = Expiry(until=datetime(2026, 11, 17, 1, 30, tzinfo=UTC), leaving=2)

    label = labels(a_volume(), a_run(), copy_tags=True, expires_until=expiry)

    assert label.tags["ebs-backup:expires-until"] == "2026-11-17T01:30:00+00:00 leaving 2"
    assert Expiry.parse(label.tags["ebs-backup:expires-until"]) == expiry


def test_without_copy_tags_the_snapshot_carries_our_tags_alone() -> None:
    label = labels(a_volume(tags={"team": "shop"}), a_run(), copy_tags=False)

    assert label.tags.keys() == OURS
    assert label.left_off == ()


def test_aws_own_tags_are_never_copied() -> None:
    volume = a_volume(tags={"aws:cloudformation:stack-name": "web", "AWS:x": "y", "awsome": "yes"})

    label = labels(volume, a_run(), copy_tags=True)

    assert label.tags.keys() - OURS == {"awsome"}
    assert label.left_off == ()


def test_our_tags_win_over_the_volumes() -> None:
    """A volume restored from one of our snapshots carries the tags of that snapshot."""
    volume = a_volume(tags={"ebs-backup:set": "other", "ebs-backup:run": "2020", "Name": "web-1 data"})

    label = labels(volume, a_run(), copy_tags=True)

    assert label.tags["ebs-backup:set"] == "default"
    assert label.tags["ebs-backup:run"] == "2026-11-23T01:30:00Z"
    assert label.tags["Name"] == "web-1 data day 2026-11-23 01:30Z"


def test_a_restored_volumes_old_rotation_mark_is_never_taken_for_this_runs() -> None:
    volume = a_volume(
        tags={"ebs-backup:expires-until": "2020-01-01T00:00:00+00:00 leaving 2", "team": "shop"}
    )

    label = labels(volume, a_run(), copy_tags=True)

    assert label.tags.keys() == OURS | {"team"}
    assert label.left_off == ()


def test_there_are_50_tags_at_most_and_what_was_left_off_is_said() -> None:
    volume = a_volume(tags={f"key-{number:02}": "x" for number in range(50)})

    label = labels(volume, a_run(), copy_tags=True)

    assert len(label.tags) == 50
    assert label.tags.keys() >= OURS
    assert label.left_off == ("key-45", "key-46", "key-47", "key-48", "key-49")


def test_a_volume_without_a_name_gives_its_id() -> None:
    label = labels(a_volume(id="vol-0dead1", name=""), a_run(period=Period.MONTH), copy_tags=True)

    assert label.tags["Name"] == "vol-0dead1 month 2026-11-23 01:30Z"


def test_a_long_name_is_cut_so_that_period_and_time_stay() -> None:
    label = labels(a_volume(name="n" * 256), a_run(), copy_tags=True)

    assert len(label.tags["Name"]) == 256
    assert label.tags["Name"].endswith("nnn day 2026-11-23 01:30Z")


def test_a_name_in_another_script_stays_as_it_is_in_the_name_tag() -> None:
    label = labels(a_volume(name="データ"), a_run(), copy_tags=True)

    assert label.tags["Name"] == "データ day 2026-11-23 01:30Z"


def test_the_source_tag_leaves_out_what_the_volume_has_not() -> None:
    volume = a_volume(type="st1", size=500, iops=None, throughput=None, device="", instance="")

    label = labels(volume, a_run(), copy_tags=True)

    assert label.tags["ebs-backup:source"] == "zone=eu-west-1a type=st1 size=500"


def test_the_description_is_one_readable_sentence() -> None:
    label = labels(a_volume(), a_run(backup_set="web"), copy_tags=True)

    assert label.description == (
        "The day backup of vol-0a web-1 data (on i-07aa, /dev/xvdf) by backup set web, run 2026-11-23T01:30:00Z."
    )


def test_the_description_is_ascii_whatever_the_name() -> None:
    label = labels(a_volume(name="データ"), a_run(), copy_tags=True)

    assert label.description.startswith("The day backup of vol-0a ??? (on i-07aa")


def test_a_minute_is_written_in_utc() -> None:
    assert minute(datetime(2026, 11, 3, 1, 5, 59, tzinfo=UTC)) == "2026-11-03 01:05Z"


texts = st.text(max_size=300)


@given(
    tags=st.dictionaries(st.text(min_size=1, max_size=128), st.text(max_size=256), max_size=60),
    name=texts,
    device=texts,
    copy_tags=st.booleans(),
)
def test_whatever_the_volume_holds_ec2s_limits_are_kept(
    *, tags: dict[str, str], name: str, device: str, copy_tags: bool
) -> None:
    volume = a_volume(tags=tags, name=name, device=device)

    label = labels(volume, a_run(backup_set="s" * 64), copy_tags=copy_tags)

    assert label.tags.keys() >= OURS
    assert len(label.tags) <= 50
    assert max(map(len, label.tags.values())) <= 256
    assert len(label.description) <= 255
    assert label.description.isascii()
    assert not any(key.lower().startswith("aws:") for key in label.tags)
    copied = {key: value for key, value in label.tags.items() if key not in OURS}
    assert copied.items() <= tags.items()
