"""`ebs-backup restore`: new volumes as the old ones were, and nothing else touched."""

from pathlib import Path

import pytest

from tests.cli.backups import KINDS, Backups, backups
from tests.cli.conftest import Command
from tests.cli.restored import restored

__all__ = ["backups"]  # a fixture


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
