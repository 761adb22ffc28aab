"""What is refused of settings, each in one line that names the setting, the value and what is allowed."""

from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebs_backup.settings import InvalidSettingsError
from infra.settings.stack_settings import StackSettings
from tests.infra.settings.test_values import settings

TOPIC = "arn:aws:sns:eu-west-1:111122223333:backups"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/0000-1111"

COUNT = "a whole number from 1 to 1000"
ADDRESSES = "mail addresses (a list, or comma-separated), or empty"
KEY_ARN = "the ARN of a KMS key (not an alias), or empty"
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
    """Return the line with which these settings are refused."""
    with pytest.raises(InvalidSettingsError) as caught:
        settings(**overrides)
    return str(caught.value)


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
        ("alert_email", '["a@example.com"', ADDRESSES, """'["a@example.com"'"""),
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
        ("alarm_topic_arn", "pager", TOPIC_ARN, "pager"),
        ("alarm_topic_arn", f"{TOPIC}.fifo", TOPIC_ARN, f"'{TOPIC}.fifo'"),
        ("alarm_topic_arn", 5, TOPIC_ARN, "5"),
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
        *(
            ("recycle_days", bad, "off, or a whole number from 1 to 365", shown)
            for bad, shown in (
                (0, "0"),
                (-7, "-7"),
                (366, "366"),
                ("366", "366"),
                (7.0, "7.0"),
                ("7 days", "'7 days'"),
                (True, "True"),
                (False, "False"),
                ("", "''"),
                ([7], "[7]"),
                ("on", "on"),
            )
        ),
    ],
)
def test_a_refusal_names_the_setting_the_value_and_what_is_allowed(
    name: str, bad: object, allowed: str, shown: str
) -> None:
    assert refusal(**{name: bad}) == f"{name} must be {allowed}, got {shown}"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)


@given(name=st.sampled_from([field.name for field in fields(StackSettings)]), value=anything)
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
