"""What the function reads from its environment, checked again: nothing is made or deleted on bad settings.

The stack has already checked what the operator wrote, with more detailed refusals (infra/settings); this is the safety net.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, Self, get_type_hints

from ebs_backup import cron
from ebs_backup.names import ENV_PREFIX, OFF, TAG_PREFIX, Period

Report = Literal["always", "problems"]


class InvalidSettingsError(ValueError):
    """A setting that cannot be used: one line that names it, its value and what is allowed."""

    def __init__(self, name: str, allowed: str, value: object, because: str = "") -> None:
        reason = f": {because}" if because else ""
        shown = name if name.isidentifier() and name.isascii() else shorten(name)
        super().__init__(f"{shown} must be {allowed}, got {shorten(value)}{reason}")
        self.name = name


def shorten(value: object) -> str:
    """Return a value as one line of at most 100 characters."""
    plain = isinstance(value, str) and value.isascii() and value.isalnum()
    try:
        text = str(value) if plain else repr(value)
    except (ValueError, RecursionError):  # a number with thousands of digits, or lists in lists in lists
        return f"a value that is too long ({type(value).__name__})"
    return text if len(text) <= 100 else f"{text[:97]}..."


def matching(pattern: str, allowed: str) -> Any:  # noqa: ANN401 - Annotated metadata has no type of its own
    """Return a check that takes the texts that match."""

    def check(name: str, value: object) -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise InvalidSettingsError(name, allowed, value)
        return value

    return check


def count(name: str, value: object, most: int = 1000) -> int:
    """Take 1 to `most`, as text too; True is a number to Python but not to a person."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise InvalidSettingsError(name, f"a whole number from 1 to {most}", value)
    return value


def _days_or_off(name: str, value: object) -> int | None:
    """Take 1 to 3650 days, or off: None."""
    if value is None or (isinstance(value, str) and value.lower() == OFF):
        return None
    try:
        return count(name, value, most=3650)
    except InvalidSettingsError:
        raise InvalidSettingsError(name, "off, or a whole number from 1 to 3650", value) from None


def _schedule(name: str, value: object) -> str:
    if not isinstance(value, str) or not (value == OFF or cron.can_fire(value)):
        raise InvalidSettingsError(name, "the six fields of an EventBridge cron expression, or off", value)
    return value


def _report(name: str, value: object) -> Report:
    if value not in ("always", "problems"):
        raise InvalidSettingsError(name, "always or problems", value)
    return "always" if value == "always" else "problems"


def _copy_tags(name: str, value: object) -> bool | tuple[str, ...]:
    read = _from_json(value)
    if isinstance(read, bool):
        return read
    if not isinstance(read, list | tuple) or not all(isinstance(key, str) for key in read):
        raise InvalidSettingsError(name, "true, false, or a list of tag keys", value)
    return tuple(read)


def _extra_tags(name: str, value: object) -> Mapping[str, str]:
    """Take only tags that do not replace our own: a wrong label would make a snapshot another run's or set's."""
    tags = _from_json(value)
    if not isinstance(tags, Mapping) or not all(
        isinstance(tags[key], str)
        and not key.lower().startswith(("aws:", TAG_PREFIX))
        and key.lower() != "name"
        for key in tags
    ):
        raise InvalidSettingsError(name, "a table of tags, none of them Name, aws: or ebs-backup:", value)
    return dict(tags)


def _from_json(value: object) -> object:
    """Return the value of a JSON text, None if it is not JSON; anything but a text is returned as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _written(value: object) -> str:
    """Return a checked value as a text that its check can read."""
    if value is None:
        return OFF
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One backup set's settings, checked: a bad one cannot be built.

    Every field is annotated with its check, which also reads the texts of the environment. A subclass that declares a
    field again replaces its check.
    """

    backup_set: Annotated[str, matching(r"[a-z0-9-]{1,64}", "1 to 64 of a-z, 0-9 and -")]
    tag_name: Annotated[str, matching(r"(?s:.{1,128})", "1 to 128 characters")]
    tag_value: Annotated[str, matching(r"(?s:.{0,256})", "at most 256 characters")]
    keep_day: Annotated[int, count]
    keep_week: Annotated[int, count]
    keep_month: Annotated[int, count]
    max_age_day: Annotated[int, count]
    max_age_week: Annotated[int, count]
    max_age_month: Annotated[int, count]
    schedule_day: Annotated[str, _schedule]
    schedule_week: Annotated[str, _schedule]
    schedule_month: Annotated[str, _schedule]
    topic_arn: Annotated[
        str, matching(r"arn:[a-z-]+:sns(:[a-z0-9-]+){2}:[A-Za-z0-9_-]+", "the ARN of a topic")
    ]
    report: Annotated[Report, _report]
    copy_tags: Annotated[bool | tuple[str, ...], _copy_tags]
    extra_tags: Annotated[Mapping[str, str], _extra_tags]
    max_expired_per_volume: Annotated[int, count]
    expire_gone_after_days: Annotated[int | None, _days_or_off]

    def __post_init__(self) -> None:
        for name, hint in get_type_hints(type(self), include_extras=True).items():
            (check,) = hint.__metadata__
            object.__setattr__(self, name, check(name, getattr(self, name)))
        if not self.periods:
            others = "schedule_week and schedule_month are off too, and one period must run"
            raise InvalidSettingsError("schedule_day", f"a cron expression, because {others}", OFF)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Return the settings that `to_env` wrote; raises InvalidSettingsError."""
        found = {field.name: env.get(_variable(field.name)) for field in fields(cls)}
        for name, value in found.items():
            if value is None:
                raise InvalidSettingsError(name, f"in the environment as {_variable(name)}", value)
        return cls(**found)  # type: ignore[arg-type] # the checks read the texts

    def to_env(self, *, topic_arn: str) -> dict[str, str]:
        """Return the function's environment; `topic_arn` is the topic that the stack made or was given."""
        values = {field.name: getattr(self, field.name) for field in fields(Settings)} | {
            "topic_arn": topic_arn
        }
        return {_variable(name): _written(value) for name, value in values.items()}

    @property
    def periods(self) -> tuple[Period, ...]:
        """Return the periods that have a schedule: those that are not off."""
        return tuple(period for period in Period if self.schedule(period) != OFF)

    def keep(self, period: Period) -> int:
        """Return how many occasions of this period each volume keeps."""
        return int(getattr(self, f"keep_{period}"))

    def max_age(self, period: Period) -> int:
        """Return how many days old the newest completed snapshot of this period may be."""
        return int(getattr(self, f"max_age_{period}"))

    def schedule(self, period: Period) -> str:
        """Return this period's six cron fields, UTC, or OFF."""
        return str(getattr(self, f"schedule_{period}"))


def _variable(name: str) -> str:
    return f"{ENV_PREFIX}{name.upper()}"
