"""What a run creates, and for which volumes."""

from datetime import timedelta

from ebs_backup.model import Fate
from ebs_backup.outcome import Status
from ebs_backup.volume_outcome import Made
from tests.unit.account import MotoAccount, nightly
from tests.unit.builders import NIGHT, a_run, settings


def test_every_tagged_volume_gets_one_snapshot_tagged_in_the_create_call(account: MotoAccount) -> None:
    volumes = [account.volume("web"), account.volume("db")]
    account.volume("scratch", Backup="no")

    outcome = account.run(settings(), a_run(id="2026-11-23T01:30:00Z"))

    assert outcome.status is Status.OK
    assert sorted(snapshot["VolumeId"] for snapshot in account.snapshots()) == sorted(volumes)
    assert "CreateTags" not in account.calls
    (snapshot,) = account.ids(volumes[0])
    tags = account.tags(snapshot)
    assert tags.pop("ebs-backup:source").startswith(f"volume={volumes[0]} zone=eu-west-1a type=")
    assert tags == {
        "ebs-backup:set": "default",
        "ebs-backup:period": "day",
        "ebs-backup:run": "2026-11-23T01:30:00Z",
        "ebs-backup:older": "0",
        "Name": "web day 2026-11-23 01:30Z",
        "Backup": "true",
    }


def test_a_snapshot_is_named_after_when_it_was_taken_not_after_when_it_was_due(account: MotoAccount) -> None:
    """An event that was queued for a day must not give its snapshot yesterday's date."""
    volume = account.volume("web")
    account.now = NIGHT + timedelta(days=1, hours=5)

    account.run(settings(), a_run())

    (snapshot,) = account.ids(volume)
    assert account.tags(snapshot)["Name"] == "web day 2026-11-24 06:30Z"


def test_the_tags_that_the_settings_add_are_on_every_snapshot_and_win_over_copied_ones(
    account: MotoAccount,
) -> None:
    volume = account.volume(**{"cost-centre": "unknown", "owner": "db team"})

    account.run(settings(extra_tags={"cost-centre": "4711"}), a_run())

    (snapshot,) = account.ids(volume)
    tags = account.tags(snapshot)
    assert (tags["cost-centre"], tags["owner"]) == ("4711", "db team")


def test_tags_that_another_tool_acts_on_are_not_copied(account: MotoAccount) -> None:
    """`openshift-install destroy` deletes whatever carries the cluster's tag: the backups, too."""
    volume = account.volume(**{"kubernetes.io/cluster/prod": "owned", "owner": "db team"})

    account.run(settings(), a_run())

    (snapshot,) = account.ids(volume)
    assert "kubernetes.io/cluster/prod" not in account.tags(snapshot)
    assert account.tags(snapshot)["owner"] == "db team"


def test_tags_for_which_there_is_no_room_are_noted(account: MotoAccount) -> None:
    account.volume(**{f"tag-{number}": "x" for number in range(48)})

    outcome = account.run(settings(), a_run())

    (note,) = outcome.volumes[0].notes
    assert note.startswith("no room for its tags tag-")
    assert outcome.status is Status.OK


def test_another_run_of_the_same_night_makes_another_snapshot(account: MotoAccount) -> None:
    volume = account.volume()
    account.run(settings(), a_run(id="one"))

    account.run(settings(), a_run(id="two"))

    assert len(account.ids(volume)) == 2


def test_a_volume_deleted_before_its_turn_is_no_failure(account: MotoAccount) -> None:
    gone, there = account.volume("gone"), account.volume("there")
    account.refuse("CreateSnapshot", "InvalidVolume.NotFound", VolumeId=gone)

    outcome = account.run(settings(), a_run())

    assert outcome.status is Status.OK
    assert len(account.ids(there)) == 1
    (told,) = (volume for volume in outcome.volumes if volume.gone)
    assert told.volume.id == gone
    assert told.notes == ("was deleted before its snapshot was made",)


def test_a_tag_that_differs_by_case_is_not_selected_but_a_near_miss(account: MotoAccount) -> None:
    account.volume()
    shouting = account.volume("shouting", Backup="TRUE ")
    account.volume("left out on purpose", Backup="false")

    outcome = account.run(settings(), a_run())

    (miss,) = outcome.near_misses
    assert (miss.volume.id, miss.why) == (shouting, "its tag is 'Backup'='TRUE '")
    assert outcome.created == 1
    assert outcome.status is Status.OK


def test_a_volume_without_the_tag_on_an_instance_that_carries_it_is_a_near_miss(account: MotoAccount) -> None:
    tagged, forgotten = account.volume(), account.volume("forgotten")
    account.client.delete_tags(Resources=[forgotten], Tags=[{"Key": "Backup"}])
    instance = account.attach(forgotten, "db-1", Backup="true")

    outcome = account.run(settings(), a_run())

    misses = {miss.volume.id: miss.why for miss in outcome.near_misses}
    assert misses[forgotten] == f"the tag is on its instance db-1 ({instance}), not on the volume"
    assert tagged not in misses


def test_without_the_names_of_the_instances_volumes_are_backed_up_and_the_report_says_what_it_lacks(
    account: MotoAccount,
) -> None:
    volume = account.volume()
    account.refuse("DescribeTags", "UnauthorizedOperation")

    outcome = account.run(settings(), a_run())

    assert len(account.ids(volume)) == 1
    assert outcome.status is Status.CHECK
    assert [check.action for check in outcome.checks] == ["list the tags of the instances"]


def test_a_volumes_own_keep_count_holds_for_it_alone(account: MotoAccount) -> None:
    own, other = account.volume("own", **{"ebs-backup:keep-day": "2"}), account.volume("other")
    for volume in (own, other):
        account.history(volume, 4)

    outcome = account.run(nightly(), a_run())

    assert (len(account.ids(own)), len(account.ids(other))) == (2, 4)
    reasons = {decision.reason for decision in outcome.of(Fate.EXPIRED) if decision.snapshot.volume_id == own}
    assert reasons == {"beyond its tag ebs-backup:keep-day=2"}


def test_a_tag_that_cannot_be_read_asks_for_a_look_and_the_sets_own_setting_holds(
    account: MotoAccount,
) -> None:
    volume = account.volume(**{"ebs-backup:keep-day": "0"})
    account.history(volume, 4)

    outcome = account.run(nightly(), a_run())

    assert outcome.status is Status.CHECK
    assert [check.code for check in outcome.checks] == ["InvalidTag"]
    assert len(account.ids(volume)) == 4


def test_a_skipped_volume_is_left_alone_and_counted(account: MotoAccount) -> None:
    volume, other = account.volume(**{"ebs-backup:skip": "2026-12-24"}), account.volume()
    old = account.history(volume, 9)

    outcome = account.run(nightly(keep_day=1), a_run())

    assert sorted(account.ids(volume)) == sorted(old)
    assert len(account.ids(other)) == 1
    (skipped,) = (volume for volume in outcome.volumes if volume.skipped)
    assert (skipped.skipped, len(skipped.of(Fate.KEPT))) == ("until 2026-12-24", 9)
    assert outcome.status is Status.OK


def test_where_every_volume_is_skipped_the_run_has_failed(account: MotoAccount) -> None:
    account.volume(**{"ebs-backup:skip": "true"})

    outcome = account.run(settings(), a_run())

    assert outcome.status is Status.FAILED
    assert [failure.code for failure in outcome.failures] == ["EverythingSkipped"]


def test_selecting_nothing_is_a_failure_and_deletes_nothing(account: MotoAccount) -> None:
    """Makesnapshots mails success; ec2-automate-backup still purges to zero."""
    volume = account.volume(Backup="false")
    old = account.history(volume, 9)

    outcome = account.run(nightly(keep_day=1), a_run())

    assert outcome.status is Status.FAILED
    assert outcome.failures[0].code == "NothingSelected"
    assert sorted(account.ids()) == sorted(old)


def test_a_run_limited_to_some_volumes_leaves_the_others_alone_and_names_those_it_does_not_know(
    account: MotoAccount,
) -> None:
    named, other, unselected = account.volume(), account.volume(), account.volume(Backup="no")
    run = a_run(only=(named, unselected, "vol-0badc0de"))

    outcome = account.run(settings(), run)

    assert [volume.volume.id for volume in outcome.volumes] == [named]
    assert (len(account.ids(named)), len(account.ids(other))) == (1, 0)
    assert outcome.missing == (unselected, "vol-0badc0de")
    assert outcome.status is Status.CHECK


def test_a_run_limited_to_volumes_of_which_none_is_selected_has_selected_nothing(
    account: MotoAccount,
) -> None:
    account.volume()

    outcome = account.run(settings(), a_run(only=("vol-0badc0de",)))

    assert outcome.status is Status.FAILED
    (failure,) = outcome.failures
    assert failure.code == "NothingSelected"
    assert "none of the volumes that the event names" in failure.message
    assert account.ids() == []


def test_a_run_with_the_time_of_another_redoes_that_one_for_the_volumes_it_names(
    account: MotoAccount,
) -> None:
    missed, done = account.volume("missed"), account.volume("done")
    allow = account.refuse("CreateSnapshot", "UnauthorizedOperation", VolumeId=missed)
    account.run(settings(), a_run())
    allow()

    outcome = account.run(settings(), a_run(only=(missed, done)))

    made = {volume.volume.id: volume.when for volume in outcome.volumes}
    assert made == {missed: Made.NOW, done: Made.BEFORE}
    assert len(account.ids()) == 2


def test_a_run_makes_one_call_a_volume_beside_its_listings(account: MotoAccount) -> None:
    for number in range(5):
        account.volume(f"web-{number}")

    account.run(settings(), a_run())

    assert account.calls == ["DescribeTags", "DescribeVolumes", "DescribeSnapshots", *["CreateSnapshot"] * 5]
