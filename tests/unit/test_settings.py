"""Settings: every row of the table, good and bad, and both directions of the function's environment."""

import json
import re
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebs_backup.settings import InvalidSettingsError, Period, Settings
from tests.unit.builders import CONTEXT, settings

TOPIC = "arn:aws:sns:eu-west-1:111122223333:backups"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/0000-1111"

COUNT = "a whole number from 1 to 1000"
ADDRESSES = "mail addresses, comma-separated, or empty"
KEY_ARN = "the ARN of a KMS key (no alias), or empty"
TOPIC_ARN = "the ARN of a standard SNS topic, or empty"
SET = "1 to 64 of a-z, 0-9 and -"
LATIN = "characters from U+0020 to U+00FF without control characters or ${, and not begin with aws:"
TAG_NAME = f"1 to 128 {LATIN} or ebs-backup:"
TAG_VALUE = f"at most 256 {LATIN}"
OTHERS = "none of which begins with aws: or ebs-backup:"
COPY = f"true, false, or a list of tag keys (or comma-separated), {OTHERS}"
EXTRA = f"a table of at most 20 tags (keys of 1 to 128, values of at most 256 characters; not Name), {OTHERS}, or empty"
DAYS = "off, or a whole number from 1 to 3650"


def refusal(**overrides: object) -> str:
    """Give the line with which these settings are refused."""
    with pytest.raises(InvalidSettingsError) as caught:
        settings(**overrides)
    return str(caught.value)


def test_the_defaults_are_those_of_the_table() -> None:
    assert settings() == Settings(
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
    )


def test_cdk_json_names_every_setting_and_no_other() -> None:
    assert set(CONTEXT) == {field.name for field in fields(Settings)}


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
        ("alert_email", ["a@example.com", "b@example.com"], ("a@example.com", "b@example.com")),
        ("alert_email", "a@example.com,a@example.com", ("a@example.com",)),
        ("alert_email", "o'ops+ebs@mail.example.co.uk", ("o'ops+ebs@mail.example.co.uk",)),
        ("topic_arn", None, ""),
        ("topic_arn", "", ""),
        ("topic_arn", TOPIC, TOPIC),
        ("topic_arn", "arn:aws-cn:sns:cn-north-1:111122223333:b", "arn:aws-cn:sns:cn-north-1:111122223333:b"),
        ("kms_key_arn", None, ""),
        ("kms_key_arn", KEY, KEY),
        ("report", "always", "always"),
        ("report", "problems", "problems"),
        ("copy_tags", True, True),
        ("copy_tags", False, False),
        ("copy_tags", "true", True),
        ("dashboard", "false", False),
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


@pytest.mark.parametrize(
    ("name", "bad", "allowed", "shown"),
    [
        ("backup_set", "", SET, "''"),
        ("backup_set", "Web", SET, "Web"),
        ("backup_set", "web_1", SET, "'web_1'"),
        ("backup_set", "wéb", SET, "'wéb'"),
        ("backup_set", "web\n", SET, r"'web\n'"),
        ("backup_set", "s" * 65, SET, "s" * 65),
        ("backup_set", 7, SET, "7"),
        ("backup_set", None, SET, "None"),
        ("tag_name", "", TAG_NAME, "''"),
        ("tag_name", "aws:backup", TAG_NAME, "'aws:backup'"),
        ("tag_name", "AWS:backup", TAG_NAME, "'AWS:backup'"),
        ("tag_name", "a${aws:username}", TAG_NAME, "'a${aws:username}'"),
        ("tag_name", "a\tb", TAG_NAME, r"'a\tb'"),
        ("tag_name", "a\x85b", TAG_NAME, r"'a\x85b'"),
        ("tag_name", "a\u2028b", TAG_NAME, r"'a\u2028b'"),
        ("tag_name", "a\ud800b", TAG_NAME, r"'a\ud800b'"),
        ("tag_name", "Бэкап", TAG_NAME, "'Бэкап'"),
        ("tag_name", "Ā", TAG_NAME, "'Ā'"),
        ("tag_name", "EBS-Backup:set", TAG_NAME, "'EBS-Backup:set'"),
        ("tag_value", "да — yes", TAG_VALUE, "'да — yes'"),
        ("tag_value", "Aws:x", TAG_VALUE, "'Aws:x'"),
        ("tag_value", None, TAG_VALUE, "None"),
        ("tag_name", "k" * 129, TAG_NAME, "k" * 97 + "..."),
        ("tag_name", 1, TAG_NAME, "1"),
        ("tag_value", "x${y}", TAG_VALUE, "'x${y}'"),
        ("tag_value", "yes\r\n", TAG_VALUE, r"'yes\r\n'"),
        ("tag_value", "\x7f", TAG_VALUE, r"'\x7f'"),
        ("tag_value", "v" * 257, TAG_VALUE, "v" * 97 + "..."),
        ("tag_value", True, TAG_VALUE, "True"),
        *(
            (name, bad, COUNT, shown)
            for name in ("keep_day", "keep_week", "keep_month", "max_expired_per_volume")
            for bad, shown in (
                (0, "0"),
                ("0", "0"),
                (-1, "-1"),
                ("-1", "'-1'"),
                (1001, "1001"),
                ("1001", "1001"),
                ("9" * 20, "9" * 20),
                (4.0, "4.0"),
                ("4.0", "'4.0'"),
                (" 4", "' 4'"),
                ("四", "'四'"),
                ("٤", "'٤'"),
                ("four", "four"),
                ("", "''"),
                (True, "True"),
                (None, "None"),
                ([4], "[4]"),
            )
        ),
        ("alert_email", "ops", ADDRESSES, "ops"),
        ("alert_email", "ops@localhost", ADDRESSES, "'ops@localhost'"),
        ("alert_email", "a@example.com;b@example.com", ADDRESSES, "'a@example.com;b@example.com'"),
        ("alert_email", "a@example.com, b", ADDRESSES, "'a@example.com, b'"),
        ("alert_email", "a\x00@example.com", ADDRESSES, r"'a\x00@example.com'"),
        ("alert_email", "Ops <ops@example.com>", ADDRESSES, "'Ops <ops@example.com>'"),
        ("alert_email", False, ADDRESSES, "False"),
        ("alert_email", 0, ADDRESSES, "0"),
        ("alert_email", ["a@example.com", 5], ADDRESSES, "['a@example.com', 5]"),
        ("alert_email", {"to": "a@example.com"}, ADDRESSES, "{'to': 'a@example.com'}"),
        ("topic_arn", "backups", TOPIC_ARN, "backups"),
        ("topic_arn", f"{TOPIC}.fifo", TOPIC_ARN, f"'{TOPIC}.fifo'"),
        ("topic_arn", f"{TOPIC}é", TOPIC_ARN, f"'{TOPIC}é'"),
        (
            "topic_arn",
            "arn:aws:sqs:eu-west-1:111122223333:b",
            TOPIC_ARN,
            "'arn:aws:sqs:eu-west-1:111122223333:b'",
        ),
        ("topic_arn", "arn:aws:sns:eu-west-1:1111:b", TOPIC_ARN, "'arn:aws:sns:eu-west-1:1111:b'"),
        ("topic_arn", 5, TOPIC_ARN, "5"),
        ("kms_key_arn", "alias/backups", KEY_ARN, "'alias/backups'"),
        ("kms_key_arn", KEY.replace("key/", "alias/"), KEY_ARN, f"'{KEY.replace('key/', 'alias/')}'"),
        ("kms_key_arn", 5, KEY_ARN, "5"),
        ("report", "never", "always or problems", "never"),
        ("report", "", "always or problems", "''"),
        ("report", "Always", "always or problems", "Always"),
        ("report", True, "always or problems", "True"),
        ("dashboard", "off", "true or false", "off"),
        ("dashboard", None, "true or false", "None"),
        *(
            ("copy_tags", bad, COPY, shown)
            for bad, shown in (
                ("True", "True"),
                ("yes", "yes"),
                (1, "1"),
                ("1", "1"),
                ("", "''"),
                (None, "None"),
                ("Team,", "'Team,'"),
                ('["Team"', """'["Team"'"""),
                ("aws:createdBy", "'aws:createdBy'"),
                (["ebs-backup:set"], "['ebs-backup:set']"),
                (["Team", 1], "['Team', 1]"),
                (["a\nb"], r"['a\nb']"),
                ({"Team": "a"}, "{'Team': 'a'}"),
                ("k" * 129, "k" * 97 + "..."),
            )
        ),
        *(
            ("extra_tags", bad, EXTRA, shown)
            for bad, shown in (
                ("CostCenter=4711", "'CostCenter=4711'"),
                ('{"a": ', """'{"a": '"""),
                ([], "[]"),
                (False, "False"),
                ({"a": 4711}, "{'a': 4711}"),
                ({1: "a"}, "{1: 'a'}"),
                ({"": "a"}, "{'': 'a'}"),
                ({"name": "a"}, "{'name': 'a'}"),
                ({"AWS:a": "a"}, "{'AWS:a': 'a'}"),
                ({"a": "aws:a"}, "{'a': 'aws:a'}"),
                ({"Ebs-Backup:hold": "a"}, "{'Ebs-Backup:hold': 'a'}"),
                ({"a": "b\x85"}, r"{'a': 'b\x85'}"),
                ({"a\ufffe": "b"}, r"{'a\ufffe': 'b'}"),
                ({"k" * 129: ""}, "{'" + "k" * 95 + "..."),
                ({"a": "v" * 257}, "{'a': '" + "v" * 90 + "..."),
                ({str(n): "" for n in range(21)}, str({str(n): "" for n in range(21)})[:97] + "..."),
            )
        ),
        *(
            ("expire_gone_after_days", bad, DAYS, shown)
            for bad, shown in (
                (0, "0"),
                (3651, "3651"),
                ("3651", "3651"),
                (True, "True"),
                (False, "False"),
                ("", "''"),
                ("never", "never"),
            )
        ),
    ],
)
def test_a_refusal_names_the_setting_the_value_and_what_is_allowed(
    name: str, bad: object, allowed: str, shown: str
) -> None:
    assert refusal(**{name: bad}) == f"{name} must be {allowed}, got {shown}"


SIX_FIELDS = (
    "an EventBridge cron expression of six fields (minutes hours day-of-month month day-of-week year, UTC), "
    "such as '30 1 ? * MON-FRI *', or off"
)


@pytest.mark.parametrize("name", ["schedule_day", "schedule_week", "schedule_month"])
@pytest.mark.parametrize(
    ("bad", "shown", "because"),
    [
        (
            "30 1 * * 1-5",
            "'30 1 * * 1-5'",
            "it is a five-field crontab line; in EventBridge that is '30 1 ? * MON-FRI *'",
        ),
        ("30 25 ? * MON *", "'30 25 ? * MON *'", "its hours cannot be '25'"),
        ("30 1 ? * \x1b[31m *", r"'30 1 ? * \x1b[31m *'", r"its day-of-week cannot be '\x1b[31m'"),
        (
            "cron(30 1 * * 1-5)",
            "'cron(30 1 * * 1-5)'",
            "it is a five-field crontab line; in EventBridge that is '30 1 ? * MON-FRI *'",
        ),
        ("cron(off", "'cron(off'", "it has 1 fields"),
        ("rate(1 day)", "'rate(1 day)'", "it has 2 fields"),
        (None, "None", "it is no text"),
        (30, "30", "it is no text"),
        (False, "False", "it is no text"),
    ],
)
def test_a_bad_schedule_is_refused_with_its_reason(name: str, bad: object, shown: str, because: str) -> None:
    assert refusal(**{name: bad}) == f"{name} must be {SIX_FIELDS}, got {shown}: {because}"


def test_a_schedule_that_is_longer_than_eventbridge_takes_is_refused() -> None:
    long, longest = (
        ",".join(minutes) + " 1 ? * MON-FRI *" for minutes in (["59"] * 78 + ["5"], ["59"] * 77 + ["5", "5"])
    )

    assert (len(f"cron({long})"), len(f"cron({longest})")) == (257, 256)
    assert refusal(schedule_day=long).endswith(": it is longer than 250 characters")
    assert settings(schedule_day=longest).schedule(Period.DAY) == longest


def test_at_least_one_period_runs() -> None:
    off = dict.fromkeys(("schedule_day", "schedule_week", "schedule_month"), "off")

    assert settings(**off | {"schedule_month": "0 1 1 * ? *"}).periods == (Period.MONTH,)
    assert refusal(**off) == (
        "schedule_day must be a cron expression where schedule_week and schedule_month are off too: "
        "one period must run, got off"
    )


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    names = ", ".join(field.name for field in fields(Settings))

    assert refusal(keep_dayly=4) == f"keep_dayly must be one of the settings {names}, got 4"


def test_an_unknown_name_that_is_no_name_at_all_still_gives_one_line() -> None:
    assert refusal(**{"keep\nday": 4}).startswith(r"'keep\nday' must be one of the settings")


def test_a_missing_setting_is_refused_by_name() -> None:
    without = {name: value for name, value in CONTEXT.items() if name != "keep_week"}

    with pytest.raises(
        InvalidSettingsError, match=r"^keep_week must be set \(cdk.json holds every default\), got None$"
    ):
        Settings.parse(without)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)


@given(name=st.sampled_from([field.name for field in fields(Settings)]), value=anything)
def test_any_value_is_taken_or_refused_in_one_readable_line(name: str, value: Any) -> None:  # noqa: ANN401 - anything at all
    try:
        settings(**{name: value})
    except InvalidSettingsError as refused:
        line = str(refused)
        assert line.startswith(f"{name} must be ")
        assert len(line.splitlines()) == 1
        assert len(line) < 500


def test_settings_cannot_be_changed_once_checked() -> None:
    checked = settings()

    with pytest.raises(FrozenInstanceError):
        checked.keep_day = 0  # type: ignore[misc]


def test_a_copy_with_a_bad_value_is_refused_too() -> None:
    with pytest.raises(
        InvalidSettingsError, match=r"^keep_day must be a whole number from 1 to 1000, got 0$"
    ):
        replace(settings(), keep_day=0)


def test_each_period_has_its_own_keep_and_schedule() -> None:
    checked = settings(keep_day=1, keep_week=2, keep_month=3)

    assert [checked.keep(period) for period in Period] == [1, 2, 3]
    assert [checked.schedule(period) for period in Period] == [
        "30 1 ? * MON-FRI *",
        "30 2 ? * SAT *",
        "30 3 1 * ? *",
    ]


def test_the_environment_is_plain_text_and_holds_no_address() -> None:
    env = settings(alert_email="ops@example.com", copy_tags=True).to_env(topic_arn=TOPIC)

    assert env == {
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


def test_an_environment_that_was_edited_by_hand_is_checked_again() -> None:
    env = settings().to_env(topic_arn=TOPIC) | {"EBS_BACKUP_KEEP_DAY": "0"}

    with pytest.raises(
        InvalidSettingsError, match=re.escape("keep_day must be a whole number from 1 to 1000, got 0")
    ):
        Settings.from_env(env)


def test_other_variables_of_the_environment_are_none_of_ours() -> None:
    env = settings().to_env(topic_arn=TOPIC) | {"AWS_REGION": "eu-west-1", "PATH": "/usr/bin"}

    assert Settings.from_env(env) == settings(topic_arn=TOPIC)


counts = st.integers(1, 1000) | st.integers(1, 1000).map(str)
latin = st.characters(max_codepoint=0xFF, categories=("L", "N", "P", "S", "Zs"), exclude_characters="$")
anywhere = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\ufffe\uffff")
reserved = ("aws:", "ebs-backup:")
keys = st.text(anywhere, min_size=1, max_size=128).filter(
    lambda key: not key.lower().startswith(reserved) and key.lower() != "name"
)
texts = st.text(anywhere, max_size=256).filter(lambda text: not text.lower().startswith("aws:"))
schedules = st.integers(0, 59).map(lambda minute: f"{minute} 1 ? * MON-FRI *")
good = st.fixed_dictionaries(
    {
        "backup_set": st.from_regex(r"[a-z0-9-]{1,64}", fullmatch=True),
        "tag_name": st.text(latin, min_size=1, max_size=128).filter(
            lambda name: not name.lower().startswith(reserved)
        ),
        "tag_value": st.text(latin, max_size=256).filter(lambda text: not text.lower().startswith("aws:")),
        "keep_day": counts,
        "keep_week": counts,
        "keep_month": counts,
        "max_age_week": counts,
        "schedule_day": schedules | schedules.map(lambda text: f"cron({text})") | st.just("off"),
        "schedule_week": schedules | st.just("off"),
        "alert_email": st.sampled_from(["", "ops@example.com", "a@example.com,b@example.com"]),
        "report": st.sampled_from(["always", "problems"]),
        "copy_tags": st.booleans() | st.sampled_from(["true", "false"]) | st.lists(keys, max_size=5),
        "extra_tags": st.dictionaries(keys, texts, max_size=20)
        | st.dictionaries(keys, texts, max_size=3).map(json.dumps),
        "max_expired_per_volume": counts,
        "expire_gone_after_days": st.integers(1, 3650) | st.sampled_from(["off", "90", None]),
    }
)


@given(good)
def test_what_the_stack_writes_is_what_the_function_reads(values: dict[str, Any]) -> None:
    written = settings(**values)

    read = Settings.from_env(written.to_env(topic_arn=TOPIC))

    assert read == replace(written, topic_arn=TOPIC, alert_email=())
    assert all(type(getattr(read, name)) is type(getattr(written, name)) for name in values)
