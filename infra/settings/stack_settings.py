"""The settings of one stack: the function's, with stricter checks, and those that only the stack needs."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from ebs_backup.names import SERVICE
from ebs_backup.settings import Settings
from infra.settings import checks

LONGEST_NAME = 64  # of a Lambda function


@dataclass(frozen=True, slots=True, kw_only=True)
class StackSettings(Settings):
    """One backup set's settings as the operator gave them, checked: a bad one cannot be built.

    The fields that are declared again here take more from an operator than the function takes from its environment
    (`cron(...)`, comma-separated lists), and refuse more.
    """

    tag_name: Annotated[str, checks.tag_name]
    tag_value: Annotated[str, checks.tag_value]
    schedule_day: Annotated[str, checks.schedule]
    schedule_week: Annotated[str, checks.schedule]
    schedule_month: Annotated[str, checks.schedule]
    topic_arn: Annotated[str, checks.topic]
    copy_tags: Annotated[bool | tuple[str, ...], checks.copy_tags]
    extra_tags: Annotated[Mapping[str, str], checks.extra_tags]
    alarm_topic_arn: Annotated[str, checks.topic]
    alert_email: Annotated[tuple[str, ...], checks.addresses]
    kms_key_arn: Annotated[str, checks.key]
    dashboard: Annotated[bool, checks.boolean]
    recycle_days: Annotated[int | None, checks.recycle_days]

    @property
    def function_name(self) -> str:
        """Return the name of the set's function."""
        return function_name(self.backup_set)


def function_name(backup_set: str) -> str:
    """Return `ebs-backup-SET`; if the set's name is too long, it is cut and a hash of the whole is added."""
    name = f"{SERVICE}-{backup_set}"
    if len(name) <= LONGEST_NAME:
        return name
    mark = hashlib.sha256(backup_set.encode()).hexdigest()[:8]
    return f"{name[: LONGEST_NAME - len(mark) - 1]}-{mark}"
