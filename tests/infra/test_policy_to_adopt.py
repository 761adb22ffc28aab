"""The policy to adopt: enough for `ebs-backup adopt --yes` beside that to see, and only for the tags that it sets."""

from ebs_backup_cli.adopt.adoption import OWN_TAGS
from tests.cli.backups import Backups, backups
from tests.cli.conftest import command
from tests.cli.tools import makesnapshots_4
from tests.infra.operators import (
    ADOPT,
    SEE,
    SNAPSHOT,
    VOLUME,
    Calls,
    actions,
    asker,
    calls,
    request_keys,
    unnoticed,
    wrong,
)

__all__ = ["backups", "calls", "command"]  # fixtures


def test_it_is_what_adopt_calls_beside_the_policy_to_see(
    backups: Backups,
    calls: Calls,
) -> None:
    volume = backups.make("web")
    backups.command.ec2.create_snapshot(VolumeId=volume, Description=makesnapshots_4("day", volume=volume))
    calls.every.clear()

    done = backups.command("adopt", "--yes")

    assert done.status == 0
    assert calls.actions - actions(SEE) == actions(ADOPT)


TAGS = dict.fromkeys(OWN_TAGS, "x")
ask = asker(SEE, ADOPT)
NEEDED = [
    ask("ec2:CreateTags", SNAPSHOT, request_keys(TAGS)),
    *(ask("ec2:CreateTags", SNAPSHOT, request_keys({key: "x"})) for key in OWN_TAGS),
]
REFUSED = [
    ask("ec2:CreateTags", SNAPSHOT, request_keys(TAGS | {"Team": "blue"})),
    ask("ec2:CreateTags", SNAPSHOT, request_keys({"ebs-backup:hold": "true"})),
    ask("ec2:CreateTags", SNAPSHOT, {}),
    ask("ec2:CreateTags", VOLUME, request_keys(TAGS)),
    ask("ec2:CreateTags", SNAPSHOT.replace("eu-west-1", "us-east-2"), request_keys(TAGS)),
    ask("ec2:DeleteTags", SNAPSHOT, {"aws:TagKeys": list(TAGS)}),
]


def test_it_allows_these_tags_on_snapshots_and_nothing_else() -> None:
    assert list(wrong(NEEDED, REFUSED)) == []


def test_no_part_of_it_is_idle_or_wider_than_it_must_be() -> None:
    # `Null` asks whether there are tags: AWS's answers would be the same.
    assert unnoticed(ADOPT, [SEE], NEEDED, REFUSED) <= {
        "AdoptSnapshots: aws:TagKeys asked only where it is given"
    }
