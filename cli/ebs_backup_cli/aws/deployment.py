"""The settings of a backup set: from its deployed function, or from a settings file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boto3.session import Session
from botocore.exceptions import ClientError

from ebs_backup.names import ENV_PREFIX, SERVICE
from ebs_backup.settings import Settings
from ebs_backup_cli.errors import CommandError
from infra.settings.source import SettingsError, Source, read
from infra.settings.stack_settings import function_name
from infra.settings.targets import targets

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient
    from types_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef


DEFAULT = "default"  # the set if none is named


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A set's settings; `function` and `log_group` are empty where the settings come from a file."""

    settings: Settings
    function: str = ""
    log_group: str = ""
    version: str = ""


def from_file(path: Path, backup_set: str, region: str) -> Deployment:
    """Read a set's settings from a file. If the set is not there, raise a CommandError that names those that are."""
    try:
        found = targets(read({"settings": str(path.absolute())}, path.parent), region=region)
    except SettingsError as error:
        raise CommandError(str(error)) from None
    sets = {target.settings.backup_set: target.settings for target in found}
    if not backup_set and len(sets) == 1:
        (backup_set,) = sets
    if (wanted := backup_set or DEFAULT) not in sets:
        raise CommandError(
            f"{path} has no set {wanted!r}.", f"Its sets: {', '.join(sets)}. Choose one with --set."
        )
    return Deployment(settings=sets[wanted])


def default_settings(**options: str) -> Settings:
    """Return the default settings, changed by these options."""
    (target,) = targets(Source(options=options))
    return target.settings


def configuration(client: "LambdaClient", backup_set: str) -> "FunctionConfigurationResponseTypeDef":
    """Return the configuration of a set's function; raises a ClientError if there is none."""
    return client.get_function_configuration(FunctionName=function_name(backup_set))


def deployed(session: Session, backup_set: str) -> Deployment:
    """Read a deployed set's settings. If the set is not there, raise a CommandError that names those that are."""
    client = session.client("lambda")
    name = function_name(backup_set)
    try:
        found = configuration(client, backup_set)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        raise _no_such_set(client, session.region_name, backup_set) from None
    environment = found.get("Environment", {}).get("Variables", {})
    return Deployment(
        settings=Settings.from_env(environment),
        function=name,
        log_group=found.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}",
    )


def _no_such_set(client: "LambdaClient", region: str, backup_set: str) -> CommandError:
    there = sorted(_sets(client))
    advice = (
        f"Sets there: {', '.join(there)}. Choose one with --set."
        if there
        else "No set is deployed there. Compare --region and --profile, or deploy (README), or use --settings FILE."
    )
    return CommandError(f"No stack of set {backup_set!r} in {region}.", advice)


def _sets(client: "LambdaClient") -> Iterator[str]:
    for page in client.get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            variables = function.get("Environment", {}).get("Variables", {})
            if function["FunctionName"].startswith(f"{SERVICE}-") and f"{ENV_PREFIX}BACKUP_SET" in variables:
                yield variables[f"{ENV_PREFIX}BACKUP_SET"]
