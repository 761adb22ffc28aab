"""The emulator's outbox: a file with the mails to e-mail addresses, which is read from outside."""

import json
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "EMULATOR_OUTBOX"  # names the file in the emulator's environment


@dataclass(frozen=True, slots=True)
class Outbox:
    """The texts that e-mail subscribers got, by SNS's message id."""

    file: Path

    def text(self, message_id: str) -> str:
        """Return the text of one message; raise KeyError where no e-mail subscriber got it."""
        lines = self.file.read_text("utf-8").splitlines() if self.file.exists() else []
        texts = {told["id"]: str(told["text"]) for told in map(json.loads, lines)}
        return texts[message_id]
