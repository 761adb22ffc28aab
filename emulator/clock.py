"""The emulator's clock: this machine's, or moved, so that nobody has to wait a month for a month's rule."""

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

VARIABLE = "EMULATOR_CLOCK"  # names the file in the emulator's environment


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock, seen from inside and outside the emulator; `file` says to what time it was moved, and when."""

    file: Path

    def now(self) -> datetime:
        """Return the emulator's time, in UTC."""
        moved = self.moved()
        return moved[0] + (datetime.now(UTC) - moved[1]) if moved else datetime.now(UTC)

    def set(self, time: datetime) -> None:
        """Move the clock in one step, so that nobody reads a half-written file."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{time.isoformat()} {datetime.now(UTC).isoformat()}", encoding="utf-8")
        new.replace(self.file)

    def moved(self) -> tuple[datetime, datetime] | None:
        """Return the time that the clock was last set to, and the machine's time then; None if it never was."""
        if not self.file.exists():
            return None
        to, at = self.file.read_text(encoding="utf-8").split()
        return datetime.fromisoformat(to), datetime.fromisoformat(at)

    @classmethod
    def of_this_process(cls) -> "Clock":
        """Return the clock that this process was started with."""
        return cls(Path(os.environ[VARIABLE]))


def keep_time() -> None:
    """Replace `time.time` of this process by the emulator's time."""
    clock = Clock.of_this_process()
    time.time = lambda: clock.now().timestamp()
