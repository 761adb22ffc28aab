"""What the stack writes into the function's environment is what the function reads there."""

import json
from dataclasses import fields
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ebs_backup.settings import Settings
from tests.infra.settings.test_values import settings

TOPIC = "arn:aws:sns:eu-west-1:111122223333:backups"


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

    expected = {field.name: getattr(written, field.name) for field in fields(Settings)} | {"topic_arn": TOPIC}
    found = {name: getattr(read, name) for name in expected}
    assert found == expected
    assert [type(value) for value in found.values()] == [type(value) for value in expected.values()]


def test_no_address_and_no_key_is_written() -> None:
    key = "arn:aws:kms:eu-west-1:111122223333:key/0000-1111"

    env = settings(alert_email="ops@example.com", kms_key_arn=key).to_env(topic_arn=TOPIC)

    assert {name.removeprefix("EBS_BACKUP_").lower() for name in env} == {
        field.name for field in fields(Settings)
    }
    assert "example.com" not in str(env)
    assert key not in str(env)
