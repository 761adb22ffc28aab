"""The policy to adopt: enough for `ebs-backup adopt --yes` beside that to see, and for no tag but those that it sets."""

import json
from collections.abc import Mapping

import pytest

from ebs_backup_cli.adopt.adoption import OWN_TAGS
from tests.cli.backups import Backups
from tests.cli.conftest import command
from tests.cli.tools import makesnapshots_4
from tests.infra.simulator import Question, allowed
from tests.infra.test_operators_policies import (
    ADOPT,
    HERE,
    NO_PERMISSION_NEEDED,
    OPERATOR,
    SEE,
    SNAPSHOT,
    VOLUME,
    actions,
    backups,
    calls,
    request,
)

__all__ = ["backups", "calls", "command"]  # fixtures


def test_it_is_what_adopt_calls_beside_the_policy_to_see(
    backups: Backups,
    calls: set[str],
) -> None:
    volume = backups.make("web")
    backups.command.ec2.create_snapshot(VolumeId=volume, Description=makesnapshots_4("day", volume=volume))
    calls.clear()

    done = backups.command("adopt", "--yes")

    assert done.status == 0
    assert calls - NO_PERMISSION_NEEDED - actions(SEE) == actions(ADOPT)


TAGS = dict.fromkeys(OWN_TAGS, "x")


@pytest.mark.parametrize(
    ("resource", "tags", "passes"),
    [
        (SNAPSHOT, TAGS, True),
        (SNAPSHOT, {"ebs-backup:set": "default"}, True),
        (SNAPSHOT, TAGS | {"Team": "blue"}, False),
        (SNAPSHOT, {"ebs-backup:hold": "true"}, False),
        (SNAPSHOT, {}, False),
        (VOLUME, TAGS, False),
    ],
)
def test_it_allows_these_tags_on_snapshots_and_nothing_else(
    resource: str, tags: Mapping[str, str], *, passes: bool
) -> None:
    question = Question(
        principal=OPERATOR,
        action="ec2:CreateTags",
        resource=resource,
        context={**HERE, **(request(tags) if tags else {})},
        identity=[json.loads(ADOPT)],
    )

    assert allowed([question]) == [passes]
