"""Reads a snapshot without a volume by the EBS direct API: the first block and some others, against their checksums."""

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from botocore import exceptions

from ebs_backup.aws.errors import ERRORS, AwsError
from ebs_backup_cli.restore.signatures import recognize

SAMPLES = 8  # blocks beside the first
FEWEST = 100  # of one listing: no fewer can be asked for
GIB = 1024**3
ALGORITHM = "SHA256"
DENIED = frozenset({"AccessDeniedException", "AccessDenied", "UnrecognizedClientException"})
# Errors that say nothing about the snapshot's blocks.
NO_ANSWER = frozenset({"RequestThrottledException", "ThrottlingException", "ServiceQuotaExceededException"})
GONE = "ResourceNotFoundException"


@dataclass(slots=True, kw_only=True)
class Reading:
    """What came of reading a snapshot; blocks by their index. `found` is what the first one says that the disk is."""

    read: int = 0
    damaged: list[int] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    found: str = ""
    not_checked: list[str] = field(default_factory=list)

    @property
    def bad(self) -> bool:
        """Return whether something is wrong with what was read."""
        return bool(self.damaged or self.unreadable)


class _StopError(Exception):
    """Reading on would not help; the reading says why."""


def read(
    client: Any,  # noqa: ANN401 - boto3's client of EBS, whose stubs are not installed
    snapshot: str,
    *,
    samples: int = SAMPLES,
    below: Callable[[int], int] = secrets.randbelow,
) -> Reading:
    """Read the first block and some random ones; an error from AWS is part of the result, and not raised."""
    reader = _Reader(client=client, snapshot=snapshot)
    with suppress(_StopError):
        reader.read(samples, below)
    return reader.reading


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    client: Any
    snapshot: str
    reading: Reading = field(default_factory=Reading)

    def read(self, samples: int, below: Callable[[int], int]) -> None:
        page = self._list()
        blocks, note = page["Blocks"], self.reading.not_checked.append
        if not blocks:
            note("it holds no blocks: nothing was ever written to the volume")
            return
        done = set()
        if blocks[0]["BlockIndex"] == 0:
            done.add(0)
            self.reading.found = recognize(self._get(blocks[0]))
        else:
            note("its first block is empty, so that it does not say what the volume holds")
        everything = page["VolumeSize"] * GIB // page["BlockSize"]
        for _ in range(samples):
            if page.get("NextToken"):
                # A block's token is valid until the next listing, so each block is read right after its listing.
                blocks = self._list(StartingBlockIndex=below(everything))["Blocks"] or blocks
            left = [block for block in blocks if block["BlockIndex"] not in done]
            if left:
                block = left[below(len(left))]
                done.add(block["BlockIndex"])
                self._get(block)

    def _list(self, **start: int) -> Mapping[str, Any]:
        """List blocks; raises a _StopError where that is not possible."""
        try:
            page: Mapping[str, Any] = self.client.list_snapshot_blocks(
                SnapshotId=self.snapshot, MaxResults=FEWEST, **start
            )
        except ERRORS as error:
            _judge(error, "its list of blocks", self.reading)
            raise _StopError from None
        return page

    def _get(self, block: Mapping[str, Any]) -> bytes:
        """Return a block's bytes, also if they do not fit its checksum; no bytes if it cannot be read."""
        index = block["BlockIndex"]
        data, fits = self._fetch(index, block["BlockToken"])
        if fits is False:  # perhaps on the way here
            data, fits = self._fetch(index, block["BlockToken"])
        if fits is False:
            self.reading.damaged.append(index)
        self.reading.read += fits is not None
        return data

    def _fetch(self, index: int, token: str) -> tuple[bytes, bool | None]:
        """Read a block once, and return whether it fits its checksum; None if that is not known."""
        what = f"block {index}"
        try:
            answer = self.client.get_snapshot_block(
                SnapshotId=self.snapshot, BlockIndex=index, BlockToken=token
            )
            data: bytes = answer["BlockData"].read()
        except ERRORS as error:
            if _judge(error, what, self.reading):
                return b"", None
            raise _StopError from None
        if answer.get("ChecksumAlgorithm") != ALGORITHM or not answer.get("Checksum"):
            self.reading.not_checked.append(f"{what}: it has no {ALGORITHM} checksum")
            return data, None
        checksum = base64.b64encode(hashlib.sha256(data).digest()).decode()
        return data, checksum == answer["Checksum"] and answer.get("DataLength") in (None, len(data))


def _judge(error: Exception, what: str, reading: Reading) -> bool:
    """Note what an error says, and return whether other blocks may still be read."""
    known = AwsError.of(error)
    if known.code in DENIED:
        reading.not_checked.append(f"its blocks: your AWS user or role may not read them ({known.message})")
    elif known.code in NO_ANSWER or isinstance(error, exceptions.ConnectionError):
        reading.not_checked.append(f"{what}: AWS gave no answer ({known.code})")
    elif known.code == GONE:
        reading.not_checked.append(f"{what}: the snapshot has expired in the meantime")
    else:
        reading.unreadable.append(f"{what}: {known.code}: {known.message}")
        return True
    return False
