"""What an operator may write for each setting, and how other values are refused. Pure.

Each check takes a name and a loose value (of TOML, or a text of `-c`) and returns the value as the stack uses it.
"""

import re
from collections.abc import Mapping

from ebs_backup.names import OFF
from ebs_backup.settings import InvalidSettingsError, count, matching
from infra.settings import cron_check, tag_rules

_ARN = "arn:aws[a-z-]*:{}:[a-z0-9-]+:[0-9]{{12}}:{}"
_TOPIC = _ARN.format("sns", "[A-Za-z0-9_-]{1,256}")
_KEY = _ARN.format("kms", "key/[A-Za-z0-9-]{1,128}")
_ADDRESS = re.compile(r"[!-?A-~]+@([a-z0-9-]+\.)+[a-z0-9-]+", re.IGNORECASE | re.ASCII)
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}")

tag_name = matching(tag_rules.SELECTOR_NAME, f"1 to 128 {tag_rules.SELECTOR} or ebs-backup:")
tag_value = matching(tag_rules.SELECTOR_VALUE, f"at most 256 {tag_rules.SELECTOR}")


def topic(name: str, value: object) -> str:
    """Take a topic's ARN, or none. A FIFO topic cannot mail, and takes no message without a group."""
    return _arn(name, value, _TOPIC, "the ARN of a standard SNS topic, or empty")


def key(name: str, value: object) -> str:
    """Take a key's ARN, or none. An alias could be pointed to another key later."""
    return _arn(name, value, _KEY, "the ARN of a KMS key (not an alias), or empty")


def _arn(name: str, value: object, pattern: str, allowed: str) -> str:
    if value in ("", None):
        return ""
    return str(matching(pattern, allowed)(name, value))


def boolean(name: str, value: object) -> bool:
    """Take true or false, as text too."""
    if value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        raise InvalidSettingsError(name, "true or false", value)
    return value


def recycle_days(name: str, value: object) -> int | None:
    """Take 1 to 365 days, which is all that the Recycle Bin takes, or off: None."""
    if value is None or (isinstance(value, str) and value.lower() == OFF):
        return None
    try:
        return count(name, value, most=365)
    except InvalidSettingsError:
        raise InvalidSettingsError(name, "off, or a whole number from 1 to 365", value) from None


def schedule(name: str, value: object) -> str:
    """Take six cron fields, with or without `cron( )` around them, or off; return the fields alone."""
    allowed = f"an EventBridge cron expression of {cron_check.SHAPE}, or off"
    if not isinstance(value, str):
        raise InvalidSettingsError(name, allowed, value, "it is not a text")
    bare = re.fullmatch(r"\s*cron\((.*)\)\s*", value, re.IGNORECASE | re.DOTALL)
    text = " ".join((bare[1] if bare else value).split())
    if text.lower() == OFF:
        return OFF
    if because := cron_check.refusal(text):
        raise InvalidSettingsError(name, allowed, value, because)
    return text


def addresses(name: str, value: object) -> tuple[str, ...]:
    """Take one address or several, comma-separated or as a list; none is allowed (the stack then warns)."""
    return _listed(name, value, _ADDRESS, "mail addresses (a list, or comma-separated), or empty")


def regions(name: str, value: object) -> tuple[str, ...]:
    """Take a list of regions, or a comma-separated text, or none."""
    return _listed(name, value, _REGION, "regions such as eu-west-1 (a list, or comma-separated), or empty")


def _listed(name: str, value: object, pattern: re.Pattern[str], allowed: str) -> tuple[str, ...]:
    """Take a list of texts that match, its JSON, or a comma-separated text; each once."""
    read = [] if value is None else tag_rules.from_json(value)
    texts = read.split(",") if isinstance(read, str) else read
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        raise InvalidSettingsError(name, allowed, value)
    found = [text.strip() for text in texts if text.strip()]
    if not all(map(pattern.fullmatch, found)):
        raise InvalidSettingsError(name, allowed, value)
    return tuple(dict.fromkeys(found))


def copy_tags(name: str, value: object) -> bool | tuple[str, ...]:
    """Take true, false, or the keys to copy."""
    if isinstance(value, bool) or value in ("true", "false"):
        return boolean(name, value)
    if (keys := tag_rules.keys(value)) is None:
        allowed = f"true, false, or a list of tag keys (or comma-separated), {tag_rules.KEYS}"
        raise InvalidSettingsError(name, allowed, value)
    return keys


def extra_tags(name: str, value: object) -> Mapping[str, str]:
    """Take a table of tags, or none."""
    if (tags := {} if value in ("", None) else tag_rules.table(value)) is None:
        raise InvalidSettingsError(name, f"a table of {tag_rules.TABLE}, or empty", value)
    return tags


def sets(name: str, value: object) -> Mapping[str, Mapping[str, object]]:
    """Take a table of tables, or its JSON, or none."""
    read = tag_rules.from_json(value) if value not in ("", None) else {}
    if not isinstance(read, Mapping) or not all(
        isinstance(overrides, Mapping) for overrides in read.values()
    ):
        allowed = "a table [backup_sets.NAME] for each set, with the settings that differ, or empty"
        raise InvalidSettingsError(name, allowed, value)
    return read
