"""The settings in the function's environment, in both directions."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebs_backup.settings import InvalidSettingsError, Settings
from tests.unit.builders import settings

TOPIC = "arn:aws:sns:eu-west-1:111122223333:backups"


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
