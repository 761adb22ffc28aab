"""Which stacks are built: every backup set in every region, or a refusal in one line that says where it stands."""

import re

import pytest

from infra.settings.source import OF_THE_CLI, SettingsError, Source
from infra.settings.targets import targets
from tests.infra.conftest import ROOT, planned


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

    assert [(target.name, target.region) for target in found] == [
        ("ebs-backup-a", "eu-west-1"),
        ("ebs-backup-a", "us-gov-west-1"),
        ("ebs-backup-b", "eu-west-1"),
        ("ebs-backup-b", "us-gov-west-1"),
    ]
    assert len({target.id for target in found}) == 4


@pytest.mark.parametrize(
    ("context", "words"),
    [
        (
            {"backup_sets": {"web": {"keep_day": 0}}},
            "backup_sets['web']: keep_day must be a whole number from 1 to 1000, got 0 (-c)",
        ),
        (
            {"backup_sets": {"web": {"keep_dya": 1}}},
            "backup_sets['web']: keep_dya is not a setting of one set: did you mean keep_day? Got 1 (-c)",
        ),
        ({"backup_sets": {"We b": {}}}, "backup_sets['We b']: backup_set must be 1 to 64 of a-z, 0-9 and -"),
        ({"backup_sets": {"a\nb": {}}}, r"backup_sets['a\nb']: backup_set must be"),
        (
            {"backup_sets": {"web": {"backup_set": "x"}}},
            "backup_sets['web']: backup_set must not be set here: the set's name is the name of its table (-c)",
        ),
        (
            {"backup_sets": {"web": {"regions": "x"}}},
            "backup_sets['web']: regions is not a setting of one set. Got x (-c); the settings are tag_name, tag_value,",
        ),
        ({"backup_sets": '{"web": '}, "backup_sets must be a table [backup_sets.NAME] for each set"),
        ({"backup_sets": ["web"]}, "backup_sets must be a table [backup_sets.NAME] for each set"),
        ({"backup_sets": {"web": 7}}, "backup_sets must be a table [backup_sets.NAME] for each set"),
        (
            {"regions": "Ireland"},
            "regions must be regions such as eu-west-1 (a list, or comma-separated), or empty, got Ireland (-c)",
        ),
        ({"regions": ["eu-west-1", 1]}, "regions must be regions such as eu-west-1"),
        ({"regions": '["eu-west-1"'}, "regions must be regions"),
        ({"regions": 1}, "regions must be regions such as eu-west-1"),
        (
            {"regions": "eu-west-1,eu-west-2", "topic_arn": "arn:aws:sns:eu-west-1:111122223333:t"},
            "topic_arn must be the ARN of a topic in eu-west-2, where the stack is",
        ),
        (
            {"alarm_topic_arn": "arn:aws:sns:us-east-1:111122223333:t"},
            "alarm_topic_arn must be the ARN of a topic in eu-west-1, where the stack is",
        ),
        (
            {"kms_key_arn": "arn:aws:kms:us-east-1:111122223333:key/k"},
            "kms_key_arn must be the ARN of a key in eu-west-1, where the stack is",
        ),
        (
            {"max_age_day": 3},
            "max_age_day must be more than 3 days, the longest pause of schedule_day (30 1 ? * MON-FRI *), got 3 (-c)",
        ),
        (
            {"backup_sets": {"web": {"schedule_month": "0 4 1 */3 ? *"}}},
            "backup_sets['web']: max_age_month must be more than 92 days, the longest pause of schedule_month (0 4 1 */3 ? *)",
        ),
    ],
)
def test_a_bad_set_or_region_is_one_line_that_names_it(context: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError) as refused:
        planned(**context)

    assert str(refused.value).startswith(words)
    assert "\n" not in str(refused.value)


def test_what_the_cdk_cli_keeps_in_the_context_is_no_setting() -> None:
    (target,) = planned(**{"acknowledged-issue-numbers": [16603], "cli-telemetry": False})

    assert target.settings == planned()[0].settings


def test_those_are_all_that_the_pinned_cli_reads_or_writes() -> None:
    """No setting has a `:` or a `/` in its name, so keys with one are certainly the CLI's."""
    source = (ROOT / "node_modules" / "aws-cdk" / "lib" / "index.js").read_text(encoding="utf-8")

    used = set(re.findall(r"""\bcontext\.(?:get|set|has|unset)\(\s*\[?["']([^"']+)["']""", source))
    written = set(re.findall(r"""\bcontext\[["']([^"']+)["']\]\s*=\s*true""", source))

    assert {key for key in used | written if not {":", "/"} & set(key)} == OF_THE_CLI
    assert "@aws-cdk/core:bootstrapQualifier" in used
    assert "aws:cdk:disable-version-reporting" in written


@pytest.mark.parametrize(
    ("name", "guess"),
    [
        ("keep_dya", "did you mean keep_day?"),
        ("Keep-Day", "did you mean keep_day?"),
        ("region", "did you mean regions?"),
        ("backup_sts", "did you mean backup_sets?"),
        ("email", "did you mean alert_email?"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_known_one_and_all_of_them(name: str, guess: str) -> None:
    with pytest.raises(SettingsError) as refused:
        planned(**{name: 3})

    line = str(refused.value)
    shown = name if name.isidentifier() else repr(name)
    assert line.startswith(f"{shown} is not a setting: {guess} Got 3 (-c); the settings are backup_set, ")
    assert line.endswith("backup_sets, regions")


def test_an_unknown_name_that_is_like_none_is_refused_without_a_guess() -> None:
    with pytest.raises(SettingsError, match=r"^'a\\nb' is not a setting\. Got 1 \("):
        targets(Source(options={"a\nb": 1}))


def test_a_default_that_does_not_go_with_what_was_set_is_said_to_be_the_default() -> None:
    with pytest.raises(SettingsError, match=r"got 33 \(the default\)$"):
        planned(schedule_month="0 4 1 */3 ? *")
