"""Texts whose ids, times and versions are the same in every run."""

import re
from collections import defaultdict

ID = re.compile(r"\b(vol|snap|ami|i)-[0-9a-f]{8,17}\b")
# What is random or measured; each is replaced by a fixed value of the same kind.
DRAWN = {
    r"\bsmoke-[0-9a-f]{8}\b": "smoke-00000000",
    r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b": "00000000-0000-0000-0000-000000000000",
    r"\b20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z": "2026-11-25T18:00:00Z",
    r"\b20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}Z": "2026-11-25 18:00Z",
    r"\b20[0-9]{2}-[0-9]{2}-[0-9]{2}\b(?!T| [0-9])": "2026-11-25",
    r"\bafter [0-9.]+ s\b": "after 0.1 s",
    r"\bVersion [0-9.]+\b": "Version 1.0.0",
}


def stable(text: str) -> str:
    """Return a text with its ids numbered in the order of their first use, and with the DRAWN values replaced."""
    numbers: defaultdict[str, dict[str, str]] = defaultdict(dict)

    def numbered(found: re.Match[str]) -> str:
        known = numbers[found[1]]
        return known.setdefault(found[0], f"{found[1]}-{len(known) + 1:017x}")

    text = ID.sub(numbered, text)
    for pattern, word in DRAWN.items():
        text = re.sub(pattern, word, text)
    return text
