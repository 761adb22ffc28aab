"""The stacks to build: every backup set in every region, with its settings checked."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from ebs_backup.names import ENV_PREFIX
from ebs_backup.settings import InvalidSettingsError, shorten
from infra.settings import checks
from infra.settings.defaults import DEFAULTS, OF_ONE_STACK, REGIONS, SETS
from infra.settings.intervals import check_ages
from infra.settings.source import SettingsError, Source
from infra.settings.stack_settings import StackSettings

ENVIRONMENT_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One stack to build; `region` is None if the CLI's environment names none (a synth without credentials)."""

    settings: StackSettings
    region: str | None
    several: bool  # regions were asked for

    @property
    def name(self) -> str:
        """Return the stack's name: the same in every region, so that `regions` can be set later without a new stack."""
        return f"ebs-backup-{self.settings.backup_set}"

    @property
    def id(self) -> str:
        """Return the stack's id in the app: the name, with the region if `regions` is set."""
        return f"{self.name}-{self.region}" if self.several else self.name


def targets(source: Source, *, region: str | None = None) -> tuple[Target, ...]:
    """Return every stack with checked settings; raises SettingsError, also for an unknown name."""
    shared = source.values
    _refuse_unknown(shared, DEFAULTS, source)
    with _located(source):
        sets = checks.sets(SETS, shared.pop(SETS))
        asked = checks.regions(REGIONS, shared.pop(REGIONS))
    regions = asked or (region,)
    if sets:
        every = [_of_set(source, shared, name, overrides, regions) for name, overrides in sets.items()]
    else:
        every = [_alone(source, shared, regions)]
    return tuple(
        Target(settings=settings, region=where, several=bool(asked))
        for settings in every
        for where in regions
    )


def _alone(source: Source, values: Mapping[str, Any], regions: tuple[str | None, ...]) -> StackSettings:
    with _located(source):
        return _checked(values, regions)


def _of_set(
    source: Source,
    shared: Mapping[str, Any],
    name: str,
    overrides: Mapping[str, Any],
    regions: tuple[str | None, ...],
) -> StackSettings:
    """Return the checked settings of one backup set: its own, and else the shared ones."""
    if "backup_set" in overrides:
        where = source.where(SETS, name, "backup_set")
        raise SettingsError(
            f"{_of(SETS, name)}backup_set must not be set here: the set's name is the name of its table ({where})"
        )
    known = {key: default for key, default in OF_ONE_STACK.items() if key != "backup_set"}
    _refuse_unknown(overrides, known, source, SETS, name)
    own = {**overrides, "backup_set": name}
    with _located(source, SETS, name, own=own):
        return _checked({**shared, **own}, regions)


def _checked(values: Mapping[str, Any], regions: tuple[str | None, ...]) -> StackSettings:
    settings = _check_environment(check_ages(StackSettings(**values)))
    for region in regions:
        _check_region(settings, region)
    return settings


@contextmanager
def _located(source: Source, *table: str, own: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Add to a refusal where the setting is: in a set's own table, or among the shared ones."""
    try:
        yield
    except InvalidSettingsError as error:
        path = (*table, error.name) if own and error.name in own else (error.name,)
        raise SettingsError(f"{_of(*table)}{error} ({source.where(*path)})") from None


def _refuse_unknown(values: Mapping[str, Any], known: Mapping[str, Any], source: Source, *table: str) -> None:
    """Refuse the first name that is not a setting, with the known one that is nearest to it."""
    for name in values:
        if name not in known:
            near = get_close_matches(name[:100].lower().replace("-", "_"), known, n=1)
            guess = f": did you mean {near[0]}?" if near else "."
            shown = name if name.isidentifier() and name.isascii() else shorten(name)
            raise SettingsError(
                f"{_of(*table)}{shown} is not a setting{' of one set' if table else ''}{guess}"
                f" Got {shorten(values[name])} ({source.where(*table, name)}); the settings are {', '.join(known)}"
            )


def _of(*table: str) -> str:
    """Return the name of a set's table, to put before what is wrong in it."""
    return f"{table[0]}[{table[1][:100]!r}]: " if table else ""


def _check_region(settings: StackSettings, region: str | None) -> None:
    """Refuse a topic or key in another region than the stack's: alarms cannot use it."""
    for name, what in (("topic_arn", "topic"), ("alarm_topic_arn", "topic"), ("kms_key_arn", "key")):
        arn = getattr(settings, name)
        if region and arn and arn.split(":")[3] != region:
            raise InvalidSettingsError(name, f"the ARN of a {what} in {region}, where the stack is", arn)


def _check_environment(settings: StackSettings) -> StackSettings:
    """Refuse tags that the function's environment cannot hold: Lambda measures it as JSON and allows 4 KB."""
    longest_topic = f"arn:aws-us-gov:sns:ap-southeast-1:{'0' * 12}:{'t' * 256}"
    bytes_of = {
        name: len(json.dumps(value))
        for name, value in settings.to_env(topic_arn=settings.topic_arn or longest_topic).items()
    }
    whole = sum(len(json.dumps(name)) + size + len(": , ") for name, size in bytes_of.items())
    if whole > ENVIRONMENT_BYTES:
        name = max(("extra_tags", "copy_tags"), key=lambda name: bytes_of[f"{ENV_PREFIX}{name.upper()}"])
        allowed = f"shorter by {whole - ENVIRONMENT_BYTES} bytes: Lambda allows {ENVIRONMENT_BYTES} bytes for all settings"
        raise InvalidSettingsError(name, allowed, getattr(settings, name))
    return settings
