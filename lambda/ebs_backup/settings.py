"""Settings: what an operator may set, checked once, for the stack and for the function alike."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, Self

from ebs_backup import cron, tag_rules
from ebs_backup.names import ENV_PREFIX, OFF, Period

# The function needs neither addresses, nor the key, nor to know of the dashboard: what it takes for them.
ENV_LEFT_OUT: Mapping[str, object] = {"alert_email": "", "kms_key_arn": "", "dashboard": True}

Report = Literal["always", "problems"]


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


def _matching(pattern: str, allowed: str, *, optional: bool = False) -> Any:  # noqa: ANN401 - Annotated metadata has no type of its own
    def check(name: str, value: object) -> str:
        if optional and value in ("", None):
            return ""
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise InvalidSettingsError(name, allowed + (", or empty" if optional else ""), value)
        return value

    return check


def count(name: str, value: object, most: int = 1000) -> int:
    """Take 1 to `most`; `-c` values arrive as strings, and True is a number to Python but not to a person."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise InvalidSettingsError(name, f"a whole number from 1 to {most}", value)
    return value


def _days_or_off(name: str, value: object) -> int | None:
    """Take 1 to 3650 days, or off: None."""
    if value is None or str(value).lower() == OFF:
        return None
    try:
        return count(name, value, most=3650)
    except InvalidSettingsError:
        raise InvalidSettingsError(name, "off, or a whole number from 1 to 3650", value) from None


def _boolean(name: str, value: object) -> bool:
    if value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        raise InvalidSettingsError(name, "true or false", value)
    return value


def _schedule(name: str, value: object) -> str:
    """Take six cron fields, with or without `cron( )` around them, or off; give the fields alone."""
    bare = re.fullmatch(r"\s*cron\((.*)\)\s*", str(value), re.IGNORECASE | re.DOTALL)
    text = " ".join((bare[1] if bare else str(value)).split())
    if text.lower() == OFF:
        return OFF
    if because := cron.refusal(text) if isinstance(value, str) else "it is no text":
        allowed = f"an EventBridge cron expression of {cron.SHAPE}, or off"
        raise InvalidSettingsError(name, allowed, value, because)
    return text


def _addresses(name: str, value: object) -> tuple[str, ...]:
    """Take one address or several, comma-separated or as a list; none is allowed (the stack then warns)."""
    listed = [] if value is None else list(value) if isinstance(value, list | tuple) else [value]
    texts = [each for each in listed if isinstance(each, str)]
    addresses = [address.strip() for text in texts for address in text.split(",") if address.strip()]
    mail = re.compile(r"[!-?A-~]+@([a-z0-9-]+\.)+[a-z0-9-]+", re.IGNORECASE | re.ASCII)
    if len(texts) < len(listed) or not all(mail.fullmatch(address) for address in addresses):
        raise InvalidSettingsError(name, "mail addresses, comma-separated, or empty", value)
    return tuple(dict.fromkeys(addresses))


def _written(value: object) -> str:
    """Write a checked value as its check reads it."""
    if value is None:
        return OFF
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _report(name: str, value: object) -> Report:
    if value not in ("always", "problems"):
        raise InvalidSettingsError(name, "always or problems", value)
    return "always" if value == "always" else "problems"


def _copy_tags(name: str, value: object) -> bool | tuple[str, ...]:
    """Take true, false, or the keys to copy."""
    if isinstance(value, bool) or value in ("true", "false"):
        return _boolean(name, value)
    if (keys := tag_rules.keys(value)) is None:
        allowed = f"true, false, or a list of tag keys (or comma-separated), {tag_rules.KEYS}"
        raise InvalidSettingsError(name, allowed, value)
    return keys


def _extra_tags(name: str, value: object) -> Mapping[str, str]:
    """Take a table of tags, or none."""
    if (tags := {} if value in ("", None) else tag_rules.table(value)) is None:
        raise InvalidSettingsError(name, f"a table of {tag_rules.TABLE}, or empty", value)
    return tags


_ARN = "arn:aws[a-z-]*:{}:[a-z0-9-]+:[0-9]{{12}}:{}"
_backup_set = _matching(r"[a-z0-9-]{1,64}", "1 to 64 of a-z, 0-9 and -")
_tag_name = _matching(tag_rules.SELECTOR_NAME, f"1 to 128 {tag_rules.SELECTOR} or ebs-backup:")
_tag_value = _matching(tag_rules.SELECTOR_VALUE, f"at most 256 {tag_rules.SELECTOR}")
# A FIFO topic can neither mail nor be published to without a group; an alias could be pointed to another key later.
_topic = _matching(
    _ARN.format("sns", "[A-Za-z0-9_-]{1,256}"), "the ARN of a standard SNS topic", optional=True
)
_key = _matching(
    _ARN.format("kms", "key/[A-Za-z0-9-]{1,128}"), "the ARN of a KMS key (no alias)", optional=True
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
    copy_tags: Annotated[bool | tuple[str, ...], _copy_tags]
    extra_tags: Annotated[Mapping[str, str], _extra_tags]
    max_expired_per_volume: Annotated[int, count]
    expire_gone_after_days: Annotated[int | None, _days_or_off]
    dashboard: Annotated[bool, _boolean]

    def __post_init__(self) -> None:
        for name, annotation in type(self).__annotations__.items():
            (check,) = annotation.__metadata__
            object.__setattr__(self, name, check(name, getattr(self, name)))
        if not self.periods:
            allowed = (
                "a cron expression where schedule_week and schedule_month are off too: one period must run"
            )
            raise InvalidSettingsError("schedule_day", allowed, OFF)

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
            f"{ENV_PREFIX}{name.upper()}": _written(value)
            for name, value in values.items()
            if name not in ENV_LEFT_OUT
        }

    @property
    def periods(self) -> tuple[Period, ...]:
        """Give the periods that have a schedule: those that are not off."""
        return tuple(period for period in Period if self.schedule(period) != OFF)

    def keep(self, period: Period) -> int:
        """Give how many restore points of this period each volume keeps."""
        return int(getattr(self, f"keep_{period}"))

    def max_age(self, period: Period) -> int:
        """Give by how many days the newest completed snapshot of this period may be old."""
        return int(getattr(self, f"max_age_{period}"))

    def schedule(self, period: Period) -> str:
        """Give this period's six cron fields, UTC, or OFF."""
        return str(getattr(self, f"schedule_{period}"))
