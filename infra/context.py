"""Settings from the CDK context: everything in it that is not the CDK's own must be a setting."""

from collections.abc import Mapping
from typing import Any

from ebs_backup.settings import InvalidSettingsError, Settings


def settings_from(context: Mapping[str, Any], *, region: str | None = None) -> Settings:
    """Read the settings; raises InvalidSettingsError, which names an unknown name too.

    The CDK's own keys (feature flags, cached look-ups, its CLI's notes) all hold a `:` or a `/`; no setting does.
    """
    settings = Settings.parse({key: value for key, value in context.items() if not {":", "/"} & set(key)})
    topic_region = settings.topic_arn.split(":")[3] if settings.topic_arn else region
    if region and topic_region != region:
        allowed = f"the ARN of a topic in {region}, where the stack's alarms are"
        raise InvalidSettingsError("topic_arn", allowed, settings.topic_arn)
    return settings
