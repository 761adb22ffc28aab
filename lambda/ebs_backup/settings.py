"""Settings: what an operator may set, checked once, for the stack and for the function alike.

Also the names that the stack and the function must agree on: periods, tag keys, environment names, metrics.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from ebs_backup import cron


class Period(StrEnum):
    """How often a volume is backed up; each period has its own schedule and its own keep count."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


OFF = "off"  # a schedule: no rule, and never overdue
SERVICE = "ebs-backup"  # as logs and metrics know the function

TAG_SET = "ebs-backup:set"
TAG_PERIOD = "ebs-backup:period"
TAG_RUN = "ebs-backup:run"
TAG_SOURCE = "ebs-backup:source"
TAG_OLDER = "ebs-backup:older"  # how many older occasions the run leaves in place
TAG_HOLD = "ebs-backup:hold"
# On a volume, by its owner: keep counts of its own (`keep_tag`), or to be skipped.
TAG_PREFIX = "ebs-backup:"
TAG_SKIP = "ebs-backup:skip"

ENV_PREFIX = "EBS_BACKUP_"
# The function needs neither addresses, nor the key, nor to know of the dashboard: what it takes for them.
ENV_LEFT_OUT: Mapping[str, object] = {"alert_email": "", "kms_key_arn": "", "dashboard": True}

# Metrics, by set and period, as the function emits them and the stack's alarms and dashboard read them.
NAMESPACE = "EbsBackup"
SELECTED, CREATED, EXPIRED = "VolumesSelected", "SnapshotsCreated", "SnapshotsExpired"
FAILURES, OVERDUE, SECONDS = "Failures", "VolumesOverdue", "RunSeconds"
COMPLETED = "RunCompleted"  # by set alone: a run that came to its end

Report = Literal["always", "problems"]


def keep_tag(period: Period) -> str:
    """Give the key of the tag by which a volume asks for a keep count of its own."""
    return f"{TAG_PREFIX}keep-{period}"


class InvalidSettingsError(ValueError):
    """A setting that cannot be used: one line that names it, its value and what is allowed."""

    def __init__(self, name: str, allowed: str, value: object, because: str = "") -> None:
        reason = f": {because}" if because else ""
        shown = name if name.isidentifier() and name.isascii() else _shown(name)
        super().__init__(f"{shown} must be {allowed}, got {_shown(value)}{reason}")


def _shown(value: object) -> str:
    plain = isinstance(value, str) and value.isascii() and value.isalnum()
    text = str(value) if plain else repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."


def _matching(pattern: str, allowed: str) -> Any:  # noqa: ANN401 - Annotated metadata has no type of its own
    def check(name: str, value: object) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise InvalidSettingsError(name, allowed, value)
        return value

    return check


def count(name: str, value: object) -> int:
    """Take 1 to 1000; `-c` values arrive as strings, and True is a number to Python but not to a person."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1000:
        raise InvalidSettingsError(name, "a whole number from 1 to 1000", value)
    return value


def _boolean(name: str, value: object) -> bool:
    if value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        raise InvalidSettingsError(name, "true or false", value)
    return value


def _schedule(name: str, value: object) -> str:
    because = cron.refusal(value) if isinstance(value, str) else "it is no text"
    if because or not isinstance(value, str):
        raise InvalidSettingsError(
            name, f"an EventBridge cron expression of {cron.SHAPE}", value, because or ""
        )
    return " ".join(value.split())


def _addresses(name: str, value: object) -> tuple[str, ...]:
    """Take one address or several, comma-separated or as a list; none is allowed (the stack then warns)."""
    listed = [] if value is None else list(value) if isinstance(value, list | tuple) else [value]
    texts = [each for each in listed if isinstance(each, str)]
    addresses = [address.strip() for text in texts for address in text.split(",") if address.strip()]
    mail = re.compile(r"[!-?A-~]+@([a-z0-9-]+\.)+[a-z0-9-]+", re.IGNORECASE | re.ASCII)
    if len(texts) < len(listed) or not all(mail.fullmatch(address) for address in addresses):
        raise InvalidSettingsError(name, "mail addresses, comma-separated, or empty", value)
    return tuple(dict.fromkeys(addresses))


def _topic(name: str, value: object) -> str:
    """Take a standard topic's ARN, or none; a FIFO topic can neither mail nor be published to without a group."""
    if value in ("", None):
        return ""
    if not isinstance(value, str) or not re.fullmatch(
        r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}", value
    ):
        raise InvalidSettingsError(name, "the ARN of a standard SNS topic, or empty", value)
    return value


def _key(name: str, value: object) -> str:
    """Take a key's ARN, or none; an alias could be pointed to another key later, which the role may not use."""
    if value in ("", None):
        return ""
    if not isinstance(value, str) or not re.fullmatch(
        r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]{1,128}", value
    ):
        raise InvalidSettingsError(name, "the ARN of a KMS key (no alias), or empty", value)
    return value


def _report(name: str, value: object) -> Report:
    if value not in ("always", "problems"):
        raise InvalidSettingsError(name, "always or problems", value)
    return "always" if value == "always" else "problems"


# A tag's name and value go into IAM conditions, where ${ starts a variable; AWS keeps aws: to itself.
_TAG_CHARACTER = r"(?:(?!\$\{)[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff])"
_backup_set = _matching(r"[a-z0-9-]{1,64}", "1 to 64 of a-z, 0-9 and -")
_tag_name = _matching(
    rf"(?i:(?!aws:)){_TAG_CHARACTER}{{1,128}}",
    "1 to 128 characters without control characters or ${, and not begin with aws:",
)
_tag_value = _matching(
    rf"{_TAG_CHARACTER}{{0,256}}", "at most 256 characters without control characters or ${"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One backup set's settings, checked: a bad one cannot be built.

    Every field is annotated with its check, which also converts the strings of `-c` and of the environment.
    The defaults stand in cdk.json, the meanings in the README.
    """

    backup_set: Annotated[str, _backup_set]
    tag_name: Annotated[str, _tag_name]
    tag_value: Annotated[str, _tag_value]
    keep_day: Annotated[int, count]
    keep_week: Annotated[int, count]
    keep_month: Annotated[int, count]
    max_age_day: Annotated[int, count]
    max_age_week: Annotated[int, count]
    max_age_month: Annotated[int, count]
    schedule_day: Annotated[str, _schedule]
    schedule_week: Annotated[str, _schedule]
    schedule_month: Annotated[str, _schedule]
    alert_email: Annotated[tuple[str, ...], _addresses]
    topic_arn: Annotated[str, _topic]
    kms_key_arn: Annotated[str, _key]
    report: Annotated[Report, _report]
    copy_tags: Annotated[bool, _boolean]
    max_expired_per_volume: Annotated[int, count]
    dashboard: Annotated[bool, _boolean]

    def __post_init__(self) -> None:
        for name, annotation in type(self).__annotations__.items():
            (check,) = annotation.__metadata__
            object.__setattr__(self, name, check(name, getattr(self, name)))

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        """Build settings from names and loose values; an unknown or missing name is refused by name."""
        names = [field.name for field in fields(cls)]
        if unknown := sorted(set(raw) - set(names)):
            raise InvalidSettingsError(unknown[0], f"one of the settings {', '.join(names)}", raw[unknown[0]])
        if missing := [name for name in names if name not in raw]:
            raise InvalidSettingsError(missing[0], "set (cdk.json holds every default)", None)
        return cls(**raw)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read back what `to_env` wrote; raises InvalidSettingsError."""
        found = {
            name.removeprefix(ENV_PREFIX).lower(): value
            for name, value in env.items()
            if name.startswith(ENV_PREFIX)
        }
        return cls.parse({**found, **ENV_LEFT_OUT})

    def to_env(self, *, topic_arn: str) -> dict[str, str]:
        """Write the function's environment; `topic_arn` is the topic that the stack made or was given."""
        values = {field.name: getattr(self, field.name) for field in fields(self)} | {"topic_arn": topic_arn}
        return {
            f"{ENV_PREFIX}{name.upper()}": str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in values.items()
            if name not in ENV_LEFT_OUT
        }

    def keep(self, period: Period) -> int:
        """Give how many restore points of this period each volume keeps."""
        return int(getattr(self, f"keep_{period}"))

    def max_age(self, period: Period) -> int:
        """Give by how many days the newest completed snapshot of this period may be old."""
        return int(getattr(self, f"max_age_{period}"))

    def schedule(self, period: Period) -> str:
        """Give this period's six cron fields, UTC."""
        return str(getattr(self, f"schedule_{period}"))
