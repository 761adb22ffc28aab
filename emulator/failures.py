"""Which snapshots EC2 could not finish, and why; set from outside, and shown in every listing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "EMULATOR_FAILURES"  # names the file in the emulator's environment


@dataclass(frozen=True, slots=True)
class Failures:
    """The failed snapshots of one emulator, in a file that holds one line for each."""

    file: Path

    def add(self, snapshot: str, message: str) -> None:
        """Make a snapshot that is still pending end in state `error`, with this reason."""
        with self.file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"snapshot": snapshot, "message": message}) + "\n")

    def all(self) -> Mapping[str, str]:
        """Return the reasons by snapshot id."""
        lines = self.file.read_text("utf-8").splitlines() if self.file.exists() else []
        return {told["snapshot"]: told["message"] for told in map(json.loads, lines)}
