"""Settings: the defaults, and every kind of value that is taken."""

from dataclasses import fields

import pytest

from ebs_backup.names import Period
from infra.settings.defaults import OF_ONE_STACK
from infra.settings.stack_settings import StackSettings


def settings(**overrides: object) -> StackSettings:
    """Return the default settings with these changes."""
    return StackSettings(**{**OF_ONE_STACK, **overrides})  # type: ignore[arg-type] # checked at run time


TOPIC = "arn:aws:sns:eu-west-1:111122223333:backups"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/0000-1111"


def test_the_defaults_are_those_of_the_table() -> None:
    assert settings() == StackSettings(
        backup_set="default",
        tag_name="Backup",
        tag_value="true",
        keep_day=4,
        keep_week=4,
        keep_month=3,
        schedule_day="30 1 ? * MON-FRI *",
        schedule_week="30 2 ? * SAT *",
        schedule_month="30 3 1 * ? *",
        alert_email=(),
        topic_arn="",
        alarm_topic_arn="",
        kms_key_arn="",
        report="always",
        copy_tags=True,
        extra_tags={},
        expire_gone_after_days=None,
        max_age_day=4,
        max_age_week=9,
        max_age_month=33,
        max_expired_per_volume=3,
        dashboard=True,
        recycle_days=None,
    )


def test_every_setting_of_a_stack_has_a_default_and_no_other_has() -> None:
    assert set(OF_ONE_STACK) == {field.name for field in fields(StackSettings)}


@pytest.mark.parametrize(
    ("name", "given_value", "value"),
    [
        ("backup_set", "a", "a"),
        ("backup_set", "web-2", "web-2"),
        ("backup_set", "s" * 64, "s" * 64),
        ("tag_name", "Backup", "Backup"),
        ("tag_name", "backup plan: data/täglich ÿ\xa0", "backup plan: data/täglich ÿ\xa0"),
        ("tag_name", "ebs-backups", "ebs-backups"),
        ("tag_name", "k" * 128, "k" * 128),
        ("tag_name", "aws", "aws"),
        ("tag_name", "$", "$"),
        ("tag_value", "", ""),
        ("tag_value", "*", "*"),
        ("tag_value", "a?b\\c", "a?b\\c"),
        ("tag_value", "true, täglich", "true, täglich"),
        ("tag_value", "v" * 256, "v" * 256),
        ("keep_day", 1, 1),
        ("keep_day", "1", 1),
        ("keep_week", 1000, 1000),
        ("keep_month", "1000", 1000),
        ("schedule_day", "0 4 * * ? *", "0 4 * * ? *"),
        ("schedule_week", "  0 4   ? * SUN *\n", "0 4 ? * SUN *"),
        ("schedule_day", "cron(0 4 * * ? *)", "0 4 * * ? *"),
        ("schedule_week", " CRON( 0 4 ? * SUN * ) ", "0 4 ? * SUN *"),
        ("schedule_day", "off", "off"),
        ("schedule_week", " OFF ", "off"),
        ("schedule_month", "Off", "off"),
        ("alert_email", None, ()),
        ("alert_email", "", ()),
        ("alert_email", "ops@example.com", ("ops@example.com",)),
        ("alert_email", " a@example.com ,b@example.com,", ("a@example.com", "b@example.com")),
        ("alert_email", '["a@example.com"]', ("a@example.com",)),
        ("alert_email", [], ()),
        ("alert_email", ["a@example.com", "b@example.com"], ("a@example.com", "b@example.com")),
        ("alert_email", "a@example.com,a@example.com", ("a@example.com",)),
        ("alert_email", "o'ops+ebs@mail.example.co.uk", ("o'ops+ebs@mail.example.co.uk",)),
        ("topic_arn", None, ""),
        ("topic_arn", "", ""),
        ("topic_arn", TOPIC, TOPIC),
        ("topic_arn", "arn:aws-cn:sns:cn-north-1:111122223333:b", "arn:aws-cn:sns:cn-north-1:111122223333:b"),
        ("alarm_topic_arn", None, ""),
        ("alarm_topic_arn", "", ""),
        ("alarm_topic_arn", TOPIC, TOPIC),
        ("kms_key_arn", None, ""),
        ("kms_key_arn", KEY, KEY),
        ("report", "always", "always"),
        ("report", "problems", "problems"),
        ("copy_tags", True, True),
        ("copy_tags", False, False),
        ("copy_tags", "true", True),
        ("dashboard", "false", False),
        ("dashboard", True, True),
        ("max_age_month", "62", 62),
        ("copy_tags", "false", False),
        ("copy_tags", "Team", ("Team",)),
        ("copy_tags", " Team , cost centre", ("Team", "cost centre")),
        ("copy_tags", '["a,b","no"]', ("a,b", "no")),
        ("copy_tags", ["Team", "データ", "Team"], ("Team", "データ")),
        ("copy_tags", ("Team",), ("Team",)),
        ("copy_tags", [], ()),
        ("copy_tags", ["k" * 128], ("k" * 128,)),
        ("extra_tags", None, {}),
        ("extra_tags", "", {}),
        ("extra_tags", "{}", {}),
        ("extra_tags", {"CostCenter": "4711", "データ": ""}, {"CostCenter": "4711", "データ": ""}),
        ("extra_tags", ' {"CostCenter": "4711"}', {"CostCenter": "4711"}),
        ("extra_tags", {f"k{n}": "v" * 256 for n in range(20)}, {f"k{n}": "v" * 256 for n in range(20)}),
        ("extra_tags", {"Names": "${x}", "ebs-backups": "a"}, {"Names": "${x}", "ebs-backups": "a"}),
        ("expire_gone_after_days", "off", None),
        ("expire_gone_after_days", "OFF", None),
        ("expire_gone_after_days", None, None),
        ("expire_gone_after_days", 1, 1),
        ("expire_gone_after_days", "3650", 3650),
        ("recycle_days", "off", None),
        ("recycle_days", "Off", None),
        ("recycle_days", None, None),
        ("recycle_days", 7, 7),
        ("recycle_days", "1", 1),
        ("recycle_days", 365, 365),
        ("max_expired_per_volume", "1", 1),
        ("max_expired_per_volume", 1000, 1000),
    ],
)
def test_a_good_value_is_taken_as_a_string_and_as_it_is(
    name: str, given_value: object, value: object
) -> None:
    taken = getattr(settings(**{name: given_value}), name)

    assert taken == value
    assert type(taken) is type(value)


def test_each_period_has_its_own_keep_and_schedule() -> None:
    checked = settings(keep_day=1, keep_week=2, keep_month=3)

    assert [checked.keep(period) for period in Period] == [1, 2, 3]
    assert [checked.schedule(period) for period in Period] == [
        "30 1 ? * MON-FRI *",
        "30 2 ? * SAT *",
        "30 3 1 * ? *",
    ]
