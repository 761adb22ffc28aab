"""What an examination finds: one line each, good or bad, with what to do."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from ebs_backup_cli.errors import TOLD, CommandError, as_command_error

SHOWN = 5  # of a list; JSON has all


class State(StrEnum):
    """The state of a finding: good; a person should look; bad; or unknown: it may not be read, or does not exist."""

    GOOD = "good"
    LOOK = "look"
    BAD = "bad"
    UNKNOWN = "not checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was checked: its state, in words, what to do, and what it is about (volumes, snapshots)."""

    topic: str
    state: State
    text: str
    advice: str = ""
    items: tuple[str, ...] = ()


def good(topic: str, text: str) -> Finding:
    """Return that it is as it should be."""
    return Finding(topic=topic, state=State.GOOD, text=text)


def look(topic: str, text: str, advice: str, items: Iterable[str] = ()) -> Finding:
    """Return that a person should look."""
    return Finding(topic=topic, state=State.LOOK, text=text, advice=advice, items=tuple(items))


def bad(topic: str, text: str, advice: str, items: Iterable[str] = ()) -> Finding:
    """Return what is wrong."""
    return Finding(topic=topic, state=State.BAD, text=text, advice=advice, items=tuple(items))


def examine(topic: str, check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """Return what a check finds; what it may not read, or what does not exist, is reported and not guessed."""
    try:
        return list(check())
    except Exception as error:  # noqa: BLE001 - one check that breaks must not take the others with it
        return [Finding(topic=topic, state=State.UNKNOWN, text=f"not checked: {_why(error)}")]


def _why(error: Exception) -> str:
    if isinstance(error, CommandError):
        return error.message
    if isinstance(error, TOLD):
        return as_command_error(error).message
    return f"{type(error).__name__}: {error}"[:200]  # such as an emulator that lacks the call


def some(items: Iterable[str]) -> str:
    """Write a list's first items, and how many more there are."""
    listed = list(items)
    more = f" and {len(listed) - SHOWN:,} more" if len(listed) > SHOWN else ""
    return ", ".join(listed[:SHOWN]) + more
