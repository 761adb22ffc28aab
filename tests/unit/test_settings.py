"""The function's settings: read from its environment, and checked again before anything is made or deleted."""

import re
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebs_backup.names import Period
from ebs_backup.settings import InvalidSettingsError, Settings
from tests.unit.builders import TOPIC, settings

NAMES = [field.name for field in fields(Settings)]
COUNT = "a whole number from 1 to 1000"
CRON = "the six fields of an EventBridge cron expression, or off"
COPY = "true, false, or a list of tag keys"
EXTRA = "a table of tags, none of them Name, aws: or ebs-backup:"


def environment(**texts: str) -> dict[str, str]:
    """Return the default environment with these changes."""
    return settings().to_env(topic_arn=TOPIC) | {
        f"EBS_BACKUP_{name.upper()}": text for name, text in texts.items()
    }


def refusal(**texts: str) -> str:
    """Return the line with which this environment is refused."""
    with pytest.raises(InvalidSettingsError) as caught:
        Settings.from_env(environment(**texts))
    return str(caught.value)


def test_the_environment_is_plain_text() -> None:
    assert settings().to_env(topic_arn=TOPIC) == {
        "EBS_BACKUP_BACKUP_SET": "default",
        "EBS_BACKUP_TAG_NAME": "Backup",
        "EBS_BACKUP_TAG_VALUE": "true",
        "EBS_BACKUP_KEEP_DAY": "4",
        "EBS_BACKUP_KEEP_WEEK": "4",
        "EBS_BACKUP_KEEP_MONTH": "3",
        "EBS_BACKUP_MAX_AGE_DAY": "4",
        "EBS_BACKUP_MAX_AGE_WEEK": "9",
        "EBS_BACKUP_MAX_AGE_MONTH": "33",
        "EBS_BACKUP_SCHEDULE_DAY": "30 1 ? * MON-FRI *",
        "EBS_BACKUP_SCHEDULE_WEEK": "30 2 ? * SAT *",
        "EBS_BACKUP_SCHEDULE_MONTH": "30 3 1 * ? *",
        "EBS_BACKUP_TOPIC_ARN": TOPIC,
        "EBS_BACKUP_REPORT": "always",
        "EBS_BACKUP_COPY_TAGS": "true",
        "EBS_BACKUP_EXTRA_TAGS": "{}",
        "EBS_BACKUP_EXPIRE_GONE_AFTER_DAYS": "off",
        "EBS_BACKUP_MAX_EXPIRED_PER_VOLUME": "3",
    }


def test_other_variables_of_the_environment_are_none_of_ours() -> None:
    env = environment() | {
        "AWS_REGION": "eu-west-1",
        "PATH": "/usr/bin",
        "EBS_BACKUP_OF_A_LATER_VERSION": "1",
    }

    assert Settings.from_env(env) == settings()


@pytest.mark.parametrize(
    ("name", "text", "allowed", "shown"),
    [
        ("backup_set", "", "1 to 64 of a-z, 0-9 and -", "''"),
        ("backup_set", "Web", "1 to 64 of a-z, 0-9 and -", "Web"),
        ("tag_name", "", "1 to 128 characters", "''"),
        ("tag_value", "v" * 257, "at most 256 characters", "v" * 97 + "..."),
        ("keep_day", "0", COUNT, "0"),
        ("keep_week", "1001", COUNT, "1001"),
        ("keep_month", "four", COUNT, "four"),
        ("max_age_day", "", COUNT, "''"),
        ("max_expired_per_volume", "4.0", COUNT, "'4.0'"),
        ("schedule_day", "30 1 * * 1-5", CRON, "'30 1 * * 1-5'"),
        ("schedule_day", "30 1 * * * *", CRON, "'30 1 * * * *'"),
        ("schedule_week", "30 25 ? * SAT *", CRON, "'30 25 ? * SAT *'"),
        ("schedule_month", "nonsense", CRON, "nonsense"),
        ("schedule_month", "0 1 1 * ? " + "9" * 5000, CRON, "'0 1 1 * ? " + "9" * 86 + "..."),
        ("topic_arn", "", "the ARN of a topic", "''"),
        ("topic_arn", "backups", "the ARN of a topic", "backups"),
        ("report", "never", "always or problems", "never"),
        ("copy_tags", "yes", COPY, "yes"),
        ("copy_tags", "[1]", COPY, "'[1]'"),
        ("copy_tags", "[" * 100_000, COPY, "'" + "[" * 96 + "..."),
        ("extra_tags", "[]", EXTRA, "'[]'"),
        ("extra_tags", '{"a": 1}', EXTRA, """'{"a": 1}'"""),
        ("extra_tags", '{"Ebs-Backup:set": "other"}', EXTRA, """'{"Ebs-Backup:set": "other"}'"""),
        ("extra_tags", '{"aws:a": "b"}', EXTRA, """'{"aws:a": "b"}'"""),
        ("extra_tags", '{"name": "b"}', EXTRA, """'{"name": "b"}'"""),
        ("expire_gone_after_days", "0", "off, or a whole number from 1 to 3650", "0"),
    ],
)
def test_an_environment_that_was_edited_by_hand_is_refused_in_one_line(
    name: str, text: str, allowed: str, shown: str
) -> None:
    assert refusal(**{name: text}) == f"{name} must be {allowed}, got {shown}"


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_variable_is_refused_by_name(name: str) -> None:
    env = environment()
    del env[f"EBS_BACKUP_{name.upper()}"]

    with pytest.raises(InvalidSettingsError, match=f"^{name} must be in the environment as EBS_BACKUP_"):
        Settings.from_env(env)


def test_at_least_one_period_runs() -> None:
    off = dict.fromkeys(("schedule_day", "schedule_week", "schedule_month"), "off")

    assert settings(**off | {"schedule_month": "0 1 1 * ? *"}).periods == (Period.MONTH,)
    assert refusal(**off) == (
        "schedule_day must be a cron expression, because schedule_week and schedule_month are off too, "
        "and one period must run, got off"
    )


@given(st.sampled_from(NAMES), st.text(max_size=300))
def test_any_text_is_taken_or_refused_in_one_readable_line(name: str, text: str) -> None:
    try:
        Settings.from_env(environment(**{name: text}))
    except InvalidSettingsError as refused:
        line = str(refused)
        assert line.startswith(f"{name} must be ")
        assert len(line.splitlines()) == 1
        assert len(line) < 300


def test_a_value_that_python_cannot_write_is_still_one_line() -> None:
    nested: Any = []
    for _ in range(100_000):
        nested = [nested]

    for value in (nested, 16**10_000):
        with pytest.raises(InvalidSettingsError, match=r"^keep_day must be .*, got a value that is too long"):
            settings(keep_day=value)


def test_each_period_has_its_own_keep_age_and_schedule() -> None:
    checked = settings(keep_day=1, keep_week=2, keep_month=3)

    assert [checked.keep(period) for period in Period] == [1, 2, 3]
    assert [checked.max_age(period) for period in Period] == [4, 9, 33]
    assert checked.schedule(Period.WEEK) == "30 2 ? * SAT *"


def test_settings_cannot_be_changed_once_checked() -> None:
    checked = settings()

    with pytest.raises(FrozenInstanceError):
        checked.keep_day = 0  # type: ignore[misc]


def test_a_copy_with_a_bad_value_is_refused_too() -> None:
    with pytest.raises(
        InvalidSettingsError, match=re.escape("keep_day must be a whole number from 1 to 1000, got 0")
    ):
        replace(settings(), keep_day=0)
