"""Makes one volume from a snapshot, even if EC2's answer is lost, and waits until it can be attached."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.parsers import ResponseParserError

from ebs_backup.aws import convert
from ebs_backup.aws.errors import ERRORS, AwsError, Kind
from ebs_backup_cli.errors import CommandError
from ebs_backup_cli.restore.restoring import NewVolume

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

TRIES = 4  # each of them with botocore's own
BETWEEN_TRIES, BETWEEN_LOOKS = 5.0, 5.0  # seconds
MAY_BE_UNSEEN = 60.0  # seconds for which a listing may lag behind a create
LONGEST = 3600.0  # seconds
AVAILABLE = "available"
KEY_ADVICE = (
    "EC2 removes a new volume when it cannot use the KMS key. Look at the key: it must be enabled, and its policy"
    " and yours must let you use it (docs/permissions.md)."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A volume that will not become available: why not, and what to do."""

    message: str
    advice: str


def create(
    client: "EC2Client", volume: NewVolume, token: str, sleep: Callable[[float], None] = time.sleep
) -> str:
    """Make the volume and return its id; raises an AwsError.

    EC2 answers a second call with the same token with the first call's volume. So a call that was not answered, or was
    throttled, is sent again.
    """
    for further in reversed(range(TRIES)):
        try:
            answer = client.create_volume(**volume.parameters(token))
            if "VolumeId" in answer:
                return answer["VolumeId"]
            raise ResponseParserError("the answer to CreateVolume lacks VolumeId")
        except ERRORS as error:
            fault = AwsError.of(error)
            if not further or fault.kind not in (Kind.UNKNOWN_OUTCOME, Kind.RETRY):
                raise fault from None
            sleep(BETWEEN_TRIES)
    raise AssertionError  # pragma: no cover - the last try returns or raises


def wait(
    client: "EC2Client",
    ids: Iterable[str],
    *,
    seen: Callable[[str], None] = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Ended]:
    """Wait until each volume is available, and call `seen` for each; return those that will never be available."""
    waiting, known = set(ids), set[str]()
    ended: dict[str, Ended] = {}
    waited = 0.0
    while waiting:
        states = _states(client, waiting)
        known |= states.keys()
        for volume in sorted(waiting):
            state = states.get(volume, "")
            if state == AVAILABLE:
                seen(volume)
            elif end := _end(volume, state, known=volume in known, waited=waited):
                ended[volume] = end
            else:
                continue
            waiting.discard(volume)
        if waiting:
            sleep(BETWEEN_LOOKS)
            waited += BETWEEN_LOOKS
    return ended


def _end(volume: str, state: str, *, known: bool, waited: float) -> Ended | None:
    """Return why a volume will never be available, if that is certain."""
    if not state and (known or waited >= MAY_BE_UNSEEN):
        return Ended(message=f"{volume} was made, and then vanished.", advice=KEY_ADVICE)
    if state == "error":
        return Ended(message=f"{volume} was made, and is in state error.", advice=KEY_ADVICE)
    if state not in ("", "creating"):
        return Ended(
            message=f"{volume} is {state}: somebody else already uses it.", advice="Find out who, and why."
        )
    if waited >= LONGEST:
        return Ended(
            message=f"{volume} is still being made after an hour.", advice="Look at it in the EC2 console."
        )
    return None


def _states(client: "EC2Client", ids: Iterable[str]) -> Mapping[str, str]:
    """Return the state of each existing volume, by a filter, so that a volume that is gone is not an error."""
    wanted = sorted(ids)
    states: dict[str, str] = {}
    for begin in range(0, len(wanted), 200):
        filters = convert.filters({"volume-id": wanted[begin : begin + 200]})
        pages = client.get_paginator("describe_volumes").paginate(Filters=filters)
        states |= dict(convert.rows(pages, "Volumes", lambda raw: (raw["VolumeId"], raw["State"])))
    return states


def zones(client: "EC2Client") -> list[str]:
    """Return the names of the zones in which a volume can be made now; raises an AwsError."""
    try:
        listed = client.describe_availability_zones()["AvailabilityZones"]
        return sorted(zone["ZoneName"] for zone in listed if zone.get("State", AVAILABLE) == AVAILABLE)
    except KeyError as field:
        raise AwsError.of(ResponseParserError(f"EC2's list of zones lacks {field}")) from None
    except ERRORS as error:
        raise AwsError.of(error) from None


def told(error: AwsError, volume: NewVolume) -> CommandError:
    """Return the error about a volume that could not be made, with advice that fits AWS's code."""
    if error.code == "InvalidSnapshot.NotFound":
        return CommandError(
            f"{volume.snapshot} is gone: it has expired in the meantime.",
            "`ebs-backup list` shows what there is.",
        )
    where = f"No volume could be made of {volume.snapshot}"
    advice = _ADVICE.get(error.code, KEY_ADVICE if "kms" in error.code.lower() else "")
    if error.kind in (Kind.UNKNOWN_OUTCOME, Kind.RETRY):
        advice = (
            "It may have been made anyway: look for its tag ebs-backup:restored-from before you try again."
        )
    return CommandError(f"{where}. {error.code}: {error.message}", advice)


_DENIED = "Your AWS user or role may not do this. docs/permissions.md has the policy for a restore."
_ADVICE = {
    **dict.fromkeys(("UnauthorizedOperation", "AccessDenied"), _DENIED),
    "VolumeLimitExceeded": "Ask AWS to raise the region's quota for volumes of this type, or take another with --type.",
    "MaxIOPSLimitExceeded": "Ask AWS to raise the region's quota for IOPS, or take another type with --type gp3.",
    "InvalidParameterValue": "Compare type, size, IOPS and throughput with what EC2 takes: --type, --size, --iops.",
    "InvalidParameterCombination": "Compare type, size, IOPS and throughput with what EC2 takes: --type, --size, --iops.",
    "TagPolicyViolation": "A policy of the organization refuses a tag. --dry-run prints the command: change the tag in it.",
    "InsufficientVolumeCapacity": "This zone has no room for it now. Take another with --zone, or try again later.",
    "InvalidZone.NotFound": "Take another zone with --zone.",
    "UnknownVolumeType.AvailabilityZone": "This zone does not have the type. Take another with --zone or --type.",
}
