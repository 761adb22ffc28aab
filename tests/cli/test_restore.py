"""`ebs-backup restore`: new volumes as the old ones were, and nothing else touched."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ebs_backup.aws.errors import AwsError, Kind
from ebs_backup.names import Period
from ebs_backup_cli.restore import creating
from tests.cli.backups import Backups
from tests.cli.conftest import REGION, Command, Done
from tests.cli.schemas import assert_conforms
from tests.unit.builders import NIGHT
from tests.unit.commands import check

DAY = timedelta(days=1)
KINDS: dict[str, dict[str, Any]] = {
    "gp3": {
        "VolumeType": "gp3",
        "Size": 100,
        "Iops": 4000,
        "Throughput": 250,
        "AvailabilityZone": f"{REGION}b",
    },
    "gp2": {"VolumeType": "gp2", "Size": 33},
    "io2": {"VolumeType": "io2", "Size": 40, "Iops": 2000},
    "st1": {"VolumeType": "st1", "Size": 125},
    "encrypted": {"Encrypted": True},
}


@pytest.fixture
def backups(command: Command) -> Backups:
    command.deploy()
    return Backups(command)


def restored(done: Done) -> str:
    """Return the id of the one volume that was made."""
    assert done.status == 0, done.err
    assert_conforms(done.json, "restore")
    (volume,) = done.json["volumes"]
    return str(volume["volume"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_volume_that_is_gone_comes_back_as_it_was(command: Command, backups: Backups, kind: str) -> None:
    old = backups.make("db-1 data", **KINDS[kind])
    was = backups.volume(old)
    made = backups.run()
    backups.lose(old)

    new = restored(command("restore", old, "--yes", "--json"))

    assert backups.volume(new) == was
    assert backups.tags(new) == {
        "Name": "db-1 data (restored)",
        "Team": "blue",
        "Backup": "true",
        "ebs-backup:restored-from": made[old],
    }


def test_what_is_there_is_left_as_it_is(command: Command, backups: Backups) -> None:
    old = backups.make("db-1 data")
    backups.run()
    before, tags = command.ec2.describe_volumes()["Volumes"], backups.tags(old)
    snapshots = command.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]

    new = restored(command("restore", "db-1 data", "--yes", "--json"))

    after = command.ec2.describe_volumes()["Volumes"]
    assert [volume for volume in after if volume["VolumeId"] != new] == before
    assert backups.tags(old) == tags
    assert command.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == snapshots


@pytest.mark.parametrize(
    ("arguments", "night"),
    [
        ((), 2),
        (("--at", "2026-11-24"), 1),
        (("--at", "20261123"), 0),
        (("--at", "2026-11-24T01:29Z"), 0),
        (("--at", "2026-11-24T01:30"), 1),
        (("--at", "2026-11-24T02:30+02:00"), 0),
        (("--period", "day"), 1),
        (("--period", "week"), 2),
        (("--at", "2026-11-24 12:00", "--period", "day"), 1),
    ],
)
def test_the_restore_point_is_the_newest_that_is_meant(
    command: Command, backups: Backups, arguments: tuple[str, ...], night: int
) -> None:
    old = backups.make("web")
    nights = [
        backups.run(NIGHT),
        backups.run(NIGHT + DAY),
        backups.run(NIGHT + 2 * DAY, Period.WEEK),
    ]

    done = command("restore", "web", *arguments, "--yes", "--json")

    assert done.json["volumes"][0]["snapshot"] == nights[night][old]


def test_one_restore_point_can_be_named(command: Command, backups: Backups) -> None:
    old = backups.make("web")
    first = backups.run(NIGHT)[old]
    backups.run(NIGHT + DAY)

    done = command("restore", old, "--snapshot", first, "--yes", "--json")

    assert done.json["volumes"][0]["snapshot"] == first


def test_a_restore_point_of_another_volume_is_refused(command: Command, backups: Backups) -> None:
    old, other = backups.make("web"), backups.make("db")
    made = backups.run()

    done = command("restore", old, "--snapshot", made[other], "--yes")

    assert done.status == 2
    assert done.err.splitlines()[0] == f"ebs-backup: {made[other]} is of {other}, not of {old}."
    assert backups.ids() == {old, other}


def test_a_snapshot_that_is_none_of_the_set_is_refused(command: Command, backups: Backups) -> None:
    old = backups.make("web")
    backups.run()
    foreign = command.ec2.create_snapshot(VolumeId=old)["SnapshotId"]

    done = command("restore", old, "--snapshot", foreign, "--yes")

    assert (done.status, done.err.splitlines()[0]) == (
        2,
        f"ebs-backup: {foreign} is not a restore point of this set.",
    )


@pytest.mark.parametrize("state", ["pending", "error"])
def test_only_a_completed_restore_point_is_restored(command: Command, backups: Backups, state: str) -> None:
    old = backups.make("web")
    first, second = backups.run(NIGHT)[old], backups.run(NIGHT + DAY)[old]
    backups.alter(second, status=state)

    newest = command("restore", old, "--dry-run", "--json")
    assert_conforms(newest.json, "restore")
    named = command("restore", old, "--snapshot", second, "--yes")
    backups.alter(first, status=state)
    none = command("restore", old, "--yes")

    assert newest.json["volumes"][0]["snapshot"] == first
    assert newest.json["notes"][0] == f"A newer one, {second} of 2026-11-24 01:30Z, is {state}."
    assert f"{second} is {state}, not completed." in named.err
    assert (none.status, none.err.splitlines()[0]) == (
        2,
        f"ebs-backup: {old} has no completed restore point: {first} is {state}, {second} is {state}.",
    )


def test_a_name_that_several_volumes_have_or_had_is_refused_with_their_ids(
    command: Command, backups: Backups
) -> None:
    gone, renamed, there = backups.make("web"), backups.make("web"), backups.make("web")
    backups.run()
    backups.lose(gone)
    backups.tag(renamed, Name="old web")

    done = command("restore", "web", "--yes")

    assert done.status == 2
    assert done.err.startswith("ebs-backup: 3 volumes have or had the name 'web': ")
    assert all(id_ in done.err for id_ in (gone, renamed, there))
    assert f"{gone} (gone, newest 2026-11-23 01:30Z)" in done.err


def test_a_name_that_nobody_has_is_refused_with_the_nearest(command: Command, backups: Backups) -> None:
    backups.make("db-1 data")
    backups.run()

    done = command("restore", "db-1 dta", "--yes")

    assert done.status == 2
    assert "db-1 data" in done.err.splitlines()[1]


@pytest.mark.parametrize(
    ("flags", "tag", "said"),
    [
        (("--backed-up",), "true", "Backed up by set 'default': with the tag Backup=true."),
        (("--not-backed-up",), None, "Not backed up: without the tag Backup=true."),
        ((), "true", "Backed up by set 'default': with the tag Backup=true, which is the default"),
    ],
)
def test_whether_it_is_backed_up_is_as_the_operator_says(
    command: Command, backups: Backups, flags: tuple[str, ...], tag: str | None, said: str
) -> None:
    backups.make("web")
    backups.run()

    done = command("restore", "web", "--yes", "--json", *flags)

    assert backups.tags(restored(done)).get("Backup") == tag
    assert done.json["notes"][0].startswith(said)
    assert done.json["backed_up"] is (tag == "true")


def test_without_a_terminal_it_refuses_to_guess(command: Command, backups: Backups) -> None:
    old = backups.make("web")
    backups.run()

    undecided, unsure = command("restore", "web"), command("restore", "web", "--backed-up")

    assert (undecided.status, unsure.status) == (2, 2)
    assert undecided.err.splitlines()[-1] == "Add --backed-up or --not-backed-up, and --yes."
    assert "Make 1 volume? This needs an answer, and there is no terminal." in unsure.err
    assert backups.ids() == {old}


def answering(monkeypatch: pytest.MonkeyPatch, *answers: bool) -> list[str]:
    """Sit at a terminal and give these answers; return what was asked."""
    asked: list[str] = []
    to_come = list(answers)

    def confirm(question: str, **_: object) -> bool:
        asked.append(question)
        return to_come.pop(0)

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("typer.confirm", confirm)
    return asked


def test_at_a_terminal_it_asks_for_both(
    command: Command, backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = backups.make("web")
    backups.run()
    asked = answering(monkeypatch, False, True)

    done = command("restore", "web", "--json")

    assert "Backup" not in backups.tags(restored(done))
    assert asked == ["Shall set 'default' back up the new volumes (tag Backup=true)?", "Make 1 volume?"]
    assert "in state" not in done.err
    assert old in done.err  # what it is going to do was shown before


def test_a_no_changes_nothing(command: Command, backups: Backups, monkeypatch: pytest.MonkeyPatch) -> None:
    old = backups.make("web")
    backups.run()
    answering(monkeypatch, False)

    done = command("restore", "web", "--backed-up")

    assert (done.status, done.err.strip()) == (2, "ebs-backup: Nothing was changed.")
    assert backups.ids() == {old}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--zone", f"{REGION}c"), {"zone": f"{REGION}c"}),
        (("--size", "200"), {"size_gib": 200, "iops": 4000}),
        (("--type", "gp2"), {"type": "gp2", "iops": None, "throughput": None}),
        (("--type", "st1", "--size", "125"), {"type": "st1", "iops": None, "size_gib": 125}),
        (("--type", "io2"), {"type": "io2", "iops": 4000, "throughput": None}),
        (("--iops", "5000", "--throughput", "300"), {"iops": 5000, "throughput": 300}),
    ],
)
def test_options_change_what_is_made(
    command: Command, backups: Backups, arguments: tuple[str, ...], expected: dict[str, object]
) -> None:
    backups.make("web", **KINDS["gp3"])
    backups.run()

    (volume,) = command("restore", "web", "--yes", "--json", *arguments).json["volumes"]

    assert {key: volume[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--zone", f"{REGION}z"), f"There is no zone '{REGION}z' here."),
        (("--size", "99"), "has at least 100 GiB, got --size 99."),
        (("--type", "gp5"), "There is no volume type 'gp5'."),
        (("--type", "st1"), "A volume of type st1 has at least 125 GiB, this one would have 100."),
        (("--type", "gp2", "--iops", "5000"), "A volume of type gp2 takes no IOPS."),
        (("--type", "io2", "--throughput", "300"), "A volume of type io2 takes no throughput."),
        (
            ("--type", "st1", "--size", "125", "--throughput", "300"),
            "A volume of type st1 takes no throughput.",
        ),
        (("--at", "yesterday"), "--at must be a day such as 2026-11-20"),
        (("--at", "2026-11-31"), "--at must be a day such as 2026-11-20"),
        (("--at", "2026-11-20"), "has no completed restore point that began before 2026-11-21 00:00Z"),
        (("--period", "month"), "has no completed restore point of period month."),
        (("--snapshot", "snap-1", "--period", "day"), "--snapshot names one restore point"),
        (("--mix",), "--mix is for --instance"),
        (("--instance", "i-1"), "Both a volume and --instance are named."),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(
    command: Command, backups: Backups, arguments: tuple[str, ...], said: str
) -> None:
    old = backups.make("web", **KINDS["gp3"])
    backups.run()

    done = command("restore", "web", "--yes", *arguments)

    assert done.status == 2
    assert said in done.err
    assert backups.ids() == {old}


def test_a_zone_that_is_gone_is_asked_for_with_those_that_there_are(
    command: Command, backups: Backups
) -> None:
    old = backups.make("web")
    made = backups.run()
    backups.tag(made[old], **{"ebs-backup:source": f"volume={old} zone={REGION}z type=gp3 size=8"})

    done = command("restore", "web", "--yes")

    assert done.err.splitlines() == [
        f"ebs-backup: There is no zone '{REGION}z' here.",
        f"Add --zone with one of {REGION}a, {REGION}b, {REGION}c: that of the instance that it will be on.",
    ]


def test_what_the_source_tag_lacks_is_taken_from_the_volume(command: Command, backups: Backups) -> None:
    old = backups.make("web", **KINDS["gp3"])
    was, made = backups.volume(old), backups.run()
    backups.tag(made[old], **{"ebs-backup:source": f"volume={old}"})

    there = command("restore", "web", "--yes", "--json")
    backups.lose(old)
    gone = command("restore", old, "--yes")

    assert backups.volume(restored(there)) == was
    assert "does not say the type of its volume, which is gone." in gone.err


def test_no_stack_is_needed_where_the_settings_stand_in_a_file(command: Command, tmp_path: Path) -> None:
    backups = Backups(command)
    backups.make("web")
    backups.run()
    (tmp_path / "settings.toml").write_text("keep_day = 7\n", encoding="utf-8")

    done = command("restore", "web", "--settings", str(tmp_path / "settings.toml"), "--yes", "--json")

    assert backups.tags(restored(done))["Name"] == "web (restored)"


def test_an_archived_snapshot_is_said_to_need_its_own_restore_first(
    command: Command, backups: Backups
) -> None:
    old = backups.make("web")
    made = backups.run()
    backups.alter(made[old], storage_tier="archive")

    done = command("restore", "web", "--yes")

    assert done.status == 2
    message, advice = done.err.splitlines()
    assert message.startswith(f"ebs-backup: {made[old]} is in EBS's archive.")
    assert advice.startswith(f"aws ec2 restore-snapshot-tier --region {REGION} --snapshot-id {made[old]} ")
    check(advice)


def test_a_snapshot_that_was_brought_back_from_the_archive_for_some_days_is_restored(
    command: Command, backups: Backups
) -> None:
    old = backups.make("web")
    made = backups.run()
    backups.alter(made[old], storage_tier="archive", restore_expiry_time=NIGHT + 7 * DAY)

    assert command("restore", "web", "--yes").status == 0


def test_a_dry_run_prints_commands_that_the_aws_cli_takes_and_makes_nothing(
    command: Command, backups: Backups
) -> None:
    old = backups.make("it's $(mine), \u202e[x]", **KINDS["gp3"])
    backups.run()

    done = command("restore", old, "--dry-run")

    commands = [line for line in done.out.splitlines() if not line.startswith("# ")]
    assert [line.split()[2] for line in commands] == ["create-volume", "wait"]
    for line in commands:
        check(line)
        assert line.isprintable()
    assert "--client-token" in commands[0]
    assert backups.ids() == {old}


def test_a_restore_says_what_it_made_and_how_it_is_mounted(
    command: Command, backups: Backups, golden: Callable[[str, str], None]
) -> None:
    old = backups.make("db-1 data", **KINDS["gp3"], attach=(backups.instance("db-1"), "/dev/sdf"))
    made = backups.run()
    (instance,) = {volume["Attachments"][0]["InstanceId"] for volume in volumes(command, old)}
    backups.lose(old)

    done = command("restore", old, "--yes")

    (new,) = backups.ids()
    text = "\n".join(line.rstrip() for line in done.out.splitlines()) + "\n"
    for id_, word in {made[old]: "SNAPSHOT", old: "OLD", new: "NEW", instance: "INSTANCE"}.items():
        text = text.replace(id_, word).replace(id_.replace("-", ""), f"{word}_WITHOUT_HYPHEN")
    golden("restore.txt", text)
    for line in done.out.splitlines():
        if line.strip().startswith("aws "):
            check(line.strip())


def volumes(command: Command, *ids: str) -> list[dict[str, Any]]:
    """List these volumes."""
    listed: list[dict[str, Any]] = command.ec2.describe_volumes(VolumeIds=list(ids))["Volumes"]
    return listed


def test_a_volume_that_comes_to_nothing_is_a_problem_and_its_id_is_told(
    command: Command, backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    backups.make("web")
    backups.run()
    ended = creating.Ended(message="It is gone again.", advice="Look at the key.")
    monkeypatch.setattr(creating, "wait", lambda _, ids: dict.fromkeys(ids, ended))

    told, document = command("restore", "web", "--yes"), command("restore", "web", "--yes", "--json")

    assert (told.status, document.status) == (1, 1)
    assert told.out.splitlines()[-2:] == ["It is gone again.", "Look at the key."]
    assert document.json["volumes"][0]["error"] == "It is gone again."
    assert document.json["volumes"][0]["volume"] in document.err
    assert_conforms(document.json, "restore")


def test_where_no_volume_can_be_made_it_says_why(
    command: Command, backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    backups.make("web")
    backups.run()

    def refuse(*_: object) -> str:
        raise AwsError(kind=Kind.REJECTED, code="VolumeLimitExceeded", message="No room.")

    monkeypatch.setattr(creating, "create", refuse)

    done = command("restore", "web", "--yes")

    assert done.status == 2
    assert "VolumeLimitExceeded: No room." in done.err


def test_a_root_volume_can_also_take_the_place_of_the_one_that_is_there(
    command: Command, backups: Backups
) -> None:
    instance = backups.instance("db-1")
    backups.make("db-1 root", attach=(instance, "/dev/xvda"))
    made = backups.run()

    done = command("restore", "db-1 root", "--yes")

    (task,) = [line.strip() for line in done.out.splitlines() if "create-replace-root-volume-task" in line]
    (attach,) = [line.strip() for line in done.out.splitlines() if "attach-volume" in line]
    assert task.endswith(f"--instance-id {instance} --snapshot-id {next(iter(made.values()))}")
    assert attach.endswith(f"--instance-id {instance} --device /dev/sdf")
    check(task)
