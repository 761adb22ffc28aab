"""What a snapshot's tag `ebs-backup:source` says of its volume: all that a restore needs when the volume is gone. Pure.

The function writes it (`ebs_backup.tags`), `volume=vol-0a zone=eu-west-1a type=gp3 size=100 ...`; what did not fit into 256
characters is missing there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A volume as it was when the snapshot was taken. Empty or None: unknown. Size in GiB, throughput in MiB/s."""

    volume: str = ""
    zone: str = ""
    type: str = ""
    size: int | None = None
    iops: int | None = None
    throughput: int | None = None
    encrypted: bool = False
    device: str = ""
    instance: str = ""
    key: str = ""

    @classmethod
    @lru_cache(maxsize=10_000)  # all restore points of a volume say the same
    def parse(cls, text: str) -> Self:
        """Read the tag's value; a part that cannot be read counts as unknown."""
        parts = dict(re.findall(r"([a-z]+)=(\S*)", text))
        return cls(
            volume=parts.get("volume", ""),
            zone=parts.get("zone", ""),
            type=parts.get("type", ""),
            size=_number(parts, "size"),
            iops=_number(parts, "iops"),
            throughput=_number(parts, "throughput"),
            encrypted=parts.get("encrypted") == "true",
            device=parts.get("device", ""),
            instance=parts.get("instance", ""),
            key=parts.get("key", ""),
        )


def _number(parts: Mapping[str, str], key: str) -> int | None:
    text = parts.get(key, "")
    return int(text) if text.isdecimal() and len(text) < 10 else None
