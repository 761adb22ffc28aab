"""Every setting with its default, as TOML has it: the only place for defaults."""

from collections.abc import Mapping

DEFAULTS: Mapping[str, object] = {
    "backup_set": "default",
    "tag_name": "Backup",
    "tag_value": "true",
    "keep_day": 4,
    "keep_week": 4,
    "keep_month": 3,
    "max_age_day": 4,
    "max_age_week": 9,
    "max_age_month": 33,
    "schedule_day": "30 1 ? * MON-FRI *",
    "schedule_week": "30 2 ? * SAT *",
    "schedule_month": "30 3 1 * ? *",
    "alert_email": [],
    "topic_arn": "",
    "alarm_topic_arn": "",
    "kms_key_arn": "",
    "report": "always",
    "copy_tags": True,
    "extra_tags": {},
    "max_expired_per_volume": 3,
    "expire_gone_after_days": "off",
    "recycle_days": "off",
    "dashboard": True,
    "backup_sets": {},
    "regions": [],
}

SETS, REGIONS = (
    "backup_sets",
    "regions",
)  # these say which stacks there are; all others are settings of one stack
OF_ONE_STACK: Mapping[str, object] = {
    name: value for name, value in DEFAULTS.items() if name not in {SETS, REGIONS}
}
