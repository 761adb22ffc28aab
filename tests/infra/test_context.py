"""Which stacks are built: every backup set in every region, or a refusal in one line."""

import json
import re
from typing import Any

import pytest

from ebs_backup.settings import InvalidSettingsError
from infra.context import OF_THE_CLI, Target, targets
from tests.infra.conftest import ROOT

DEFAULTS: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]


def planned(**context: object) -> tuple[Target, ...]:
    return targets(DEFAULTS | context, region="eu-west-1")


def test_without_sets_and_regions_it_is_one_stack_in_the_region_of_the_cli() -> None:
    (only,) = planned()

    assert (only.id, only.name, only.region) == ("ebs-backup-default",) * 2 + ("eu-west-1",)


@pytest.mark.parametrize("sets", [{"web": {"keep_day": 7}, "db": {}}, '{"web": {"keep_day": "7"}, "db": {}}'])
def test_each_set_is_a_stack_with_the_shared_settings_and_its_own(sets: object) -> None:
    web, db = planned(backup_sets=sets, keep_week=2)

    assert (web.id, web.settings.keep_day, web.settings.keep_week) == ("ebs-backup-web", 7, 2)
    assert (db.id, db.settings.keep_day, db.settings.keep_week) == ("ebs-backup-db", 4, 2)


@pytest.mark.parametrize("regions", [["eu-west-1", "us-gov-west-1"], "eu-west-1, us-gov-west-1,eu-west-1"])
def test_each_set_is_in_each_region_under_one_name(regions: object) -> None:
    found = planned(backup_sets={"a": {}, "b": {}}, regions=regions)

    assert [(each.name, each.region) for each in found] == [
        ("ebs-backup-a", "eu-west-1"),
        ("ebs-backup-a", "us-gov-west-1"),
        ("ebs-backup-b", "eu-west-1"),
        ("ebs-backup-b", "us-gov-west-1"),
    ]
    assert len({each.id for each in found}) == 4


@pytest.mark.parametrize(
    ("context", "words"),
    [
        (
            {"backup_sets": {"web": {"keep_day": 0}}},
            "backup_sets['web']: keep_day must be a whole number from 1",
        ),
        (
            {"backup_sets": {"web": {"keep_dya": 1}}},
            "backup_sets['web']: keep_dya must be one of the settings",
        ),
        ({"backup_sets": {"We b": {}}}, "backup_sets['We b']: backup_set must be 1 to 64 of a-z, 0-9 and -"),
        ({"backup_sets": {"a\nb": {}}}, r"backup_sets['a\nb']: backup_set must be"),
        ({"backup_sets": {"web": {"backup_set": "x"}}}, "backup_sets must be without a backup_set inside"),
        (
            {"backup_sets": {"web": {"regions": "x"}}},
            "backup_sets['web']: regions must be one of the settings",
        ),
        ({"backup_sets": '{"web": '}, "backup_sets must be an object of set names and overrides"),
        ({"backup_sets": ["web"]}, "backup_sets must be an object of set names and overrides"),
        ({"backup_sets": {"web": 7}}, "backup_sets must be an object of set names and overrides"),
        (
            {"regions": "Ireland"},
            "regions must be regions such as eu-west-1, comma-separated, or empty, got Ireland",
        ),
        ({"regions": ["eu-west-1", 1]}, "regions must be regions such as eu-west-1"),
        ({"regions": 1}, "regions must be regions such as eu-west-1"),
        (
            {"regions": "eu-west-1,eu-west-2", "topic_arn": "arn:aws:sns:eu-west-1:111122223333:t"},
            "topic_arn must be the ARN of a topic in eu-west-2, where the stack is",
        ),
        (
            {"kms_key_arn": "arn:aws:kms:us-east-1:111122223333:key/k"},
            "kms_key_arn must be the ARN of a key in eu-west-1, where the stack is",
        ),
        (
            {"max_age_day": 3},
            "max_age_day must be more than 3, the days that schedule_day (30 1 ? * MON-FRI *) pauses, got 3",
        ),
        (
            {"backup_sets": {"web": {"schedule_month": "0 4 1 */3 ? *"}}},
            "backup_sets['web']: max_age_month must be more than 92, the days that schedule_month (0 4 1 */3 ? *)",
        ),
    ],
)
def test_a_bad_set_or_region_is_one_line_that_names_it(context: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidSettingsError) as refused:
        planned(**context)

    assert str(refused.value).startswith(words)
    assert "\n" not in str(refused.value)


def test_what_the_cdk_cli_keeps_in_the_context_is_no_setting() -> None:
    (target,) = planned(**{"acknowledged-issue-numbers": [16603], "cli-telemetry": False})

    assert target.settings == planned()[0].settings


def test_those_are_all_that_the_pinned_cli_reads_or_writes() -> None:
    """Keys with a `:` or a `/` are told from settings by that alone."""
    source = (ROOT / "node_modules" / "aws-cdk" / "lib" / "index.js").read_text(encoding="utf-8")

    used = set(re.findall(r"""\bcontext\.(?:get|set|has|unset)\(\s*\[?["']([^"']+)["']""", source))
    written = set(re.findall(r"""\bcontext\[["']([^"']+)["']\]\s*=\s*true""", source))

    assert {key for key in used | written if not {":", "/"} & set(key)} == OF_THE_CLI
    assert "@aws-cdk/core:bootstrapQualifier" in used
    assert "aws:cdk:disable-version-reporting" in written
