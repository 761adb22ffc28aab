"""Which snapshots EC2 could not finish, and why; set from outside, and shown in every listing."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VARIABLE = "EMULATOR_FAILURES"  # names the file in the emulator's environment


@dataclass(frozen=True, slots=True)
class Failures:
    """The failed snapshots of one emulator, in a file that holds one line for each."""

    file: Path

    def add(self, snapshot: str, message: str, *, event: bool = False) -> None:
        """Make a pending snapshot end in state `error`, with this reason; an event may report it, or not."""
        with self.file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"snapshot": snapshot, "message": message, "event": event}) + "\n")

    def all(self) -> Mapping[str, str]:
        """Return the reasons by snapshot id."""
        return {told["snapshot"]: told["message"] for told in self._lines()}

    def with_an_event(self) -> Collection[str]:
        """Return the ids of those that EventBridge sends an event for: it promises an event for no snapshot."""
        return {told["snapshot"] for told in self._lines() if told["event"]}

    def _lines(self) -> Iterable[Mapping[str, Any]]:
        return map(json.loads, self.file.read_text("utf-8").splitlines() if self.file.exists() else [])
