"""From the CDK context to the stacks to build: every backup set in every region, with its settings checked."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ebs_backup.names import ENV_PREFIX
from ebs_backup.settings import InvalidSettingsError, Settings
from infra.schedule import check_ages

SETS, REGIONS = "backup_sets", "regions"
# What the CDK CLI itself keeps in the context (`cdk acknowledge`, `cdk cli-telemetry`): every key without a `:` or `/`
# that its one file lib/index.js hands to `context.get` or `context.set`. A test reads the pinned package for them.
OF_THE_CLI = frozenset({"acknowledged-issue-numbers", "cli-telemetry"})
ENVIRONMENT_BYTES = 4096
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One stack to build; `region` is None where the CLI's environment names none (a synth without credentials)."""

    settings: Settings
    region: str | None
    several: bool  # regions were asked for

    @property
    def name(self) -> str:
        """Give the stack's name: the same in every region, so that `regions` can be set later without a new stack."""
        return f"ebs-backup-{self.settings.backup_set}"

    @property
    def id(self) -> str:
        """Give the stack's id in the app, where the name alone would not do for several regions."""
        return f"{self.name}-{self.region}" if self.several else self.name


def targets(context: Mapping[str, Any], *, region: str | None = None) -> tuple[Target, ...]:
    """Read the settings of every stack; raises InvalidSettingsError, which names an unknown name too.

    The CDK's other keys (feature flags, cached look-ups) all hold a `:` or a `/`; no setting does.
    """
    raw = {
        key: value for key, value in context.items() if key not in OF_THE_CLI and not {":", "/"} & set(key)
    }
    sets, regions = _sets(raw.pop(SETS, None)), _regions(raw.pop(REGIONS, None))
    every = [_of_set(raw, name, overrides) for name, overrides in sets.items()] or [_settings(raw)]
    return tuple(
        Target(settings=_checked(settings, where), region=where, several=bool(regions))
        for settings in every
        for where in regions or (region,)
    )


def _settings(raw: Mapping[str, Any]) -> Settings:
    return _check_environment(check_ages(Settings.parse(raw)))


def _of_set(raw: Mapping[str, Any], name: str, overrides: Mapping[str, Any]) -> Settings:
    if "backup_set" in overrides:
        raise InvalidSettingsError(SETS, "without a backup_set inside: a set's name is its key", name)
    try:
        return _settings({**raw, **overrides, "backup_set": name})
    except InvalidSettingsError as error:
        error.args = (f"{SETS}[{name!r}]: {error}",)
        raise


def _sets(value: object) -> Mapping[str, Mapping[str, Any]]:
    """Take an object of objects, or its JSON (`-c` values arrive as strings), or none."""
    try:
        sets = json.loads(value) if isinstance(value, str) and value else value or {}
    except json.JSONDecodeError:
        sets = value
    if not isinstance(sets, Mapping) or not all(isinstance(each, Mapping) for each in sets.values()):
        allowed = 'an object of set names and overrides, such as {"web": {"keep_day": 7}}, or empty'
        raise InvalidSettingsError(SETS, allowed, value)
    return sets


def _regions(value: object) -> tuple[str, ...]:
    """Take a list of regions, or a comma-separated text, or none."""
    listed = value.split(",") if isinstance(value, str) and value else value or []
    names = (
        [each.strip() if isinstance(each, str) else "" for each in listed]
        if isinstance(listed, list)
        else [""]
    )
    if not all(map(_REGION.fullmatch, names)):
        raise InvalidSettingsError(REGIONS, "regions such as eu-west-1, comma-separated, or empty", value)
    return tuple(dict.fromkeys(names))


def _checked(settings: Settings, region: str | None) -> Settings:
    """Refuse what is not in the stack's region: an alarm cannot publish to a topic elsewhere, nor with a key there."""
    for name, what in (("topic_arn", "topic"), ("kms_key_arn", "key")):
        arn = getattr(settings, name)
        if region and arn and arn.split(":")[3] != region:
            raise InvalidSettingsError(name, f"the ARN of a {what} in {region}, where the stack is", arn)
    return settings


def _check_environment(settings: Settings) -> Settings:
    """Refuse tags that the function's environment cannot hold: Lambda measures it as JSON, and takes 4 KB."""
    longest_topic = f"arn:aws-us-gov:sns:ap-southeast-1:{'0' * 12}:{'t' * 256}"
    bytes_of = {
        name: len(json.dumps(value))
        for name, value in settings.to_env(topic_arn=settings.topic_arn or longest_topic).items()
    }
    whole = sum(len(json.dumps(name)) + size + len(": , ") for name, size in bytes_of.items())
    if whole > ENVIRONMENT_BYTES:
        name = max(("extra_tags", "copy_tags"), key=lambda name: bytes_of[f"{ENV_PREFIX}{name.upper()}"])
        allowed = f"shorter by {whole - ENVIRONMENT_BYTES} bytes: Lambda takes an environment of {ENVIRONMENT_BYTES}"
        raise InvalidSettingsError(name, allowed, getattr(settings, name))
    return settings
