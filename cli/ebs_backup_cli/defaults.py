"""The default settings, for a simulation with no stack at all. A test holds them against those of the stack."""

from ebs_backup.settings import Settings


def default_settings() -> Settings:
    """Return the settings of a stack that sets none of its own."""
    return Settings(
        backup_set="default",
        tag_name="Backup",
        tag_value="true",
        keep_day=4,
        keep_week=4,
        keep_month=3,
        max_age_day=4,
        max_age_week=9,
        max_age_month=33,
        schedule_day="30 1 ? * MON-FRI *",
        schedule_week="30 2 ? * SAT *",
        schedule_month="30 3 1 * ? *",
        alert_email=(),
        topic_arn="",
        kms_key_arn="",
        report="always",
        copy_tags=True,
        extra_tags={},
        max_expired_per_volume=3,
        expire_gone_after_days=None,
        dashboard=True,
    )
