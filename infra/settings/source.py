"""What the operator set, and where: in settings.toml, or the file that `-c settings=` names; `-c` overrides it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ebs_backup.settings import shorten
from infra.settings.defaults import DEFAULTS

FILE = "settings.toml"
OPTION = "settings"  # `-c settings=PATH`
# What the CDK CLI itself keeps in the context (`cdk acknowledge`, `cdk cli-telemetry`): every key without a `:` or `/`
# that its one file lib/index.js hands to `context.get` or `context.set`. A test reads the pinned package for them.
OF_THE_CLI = frozenset({"acknowledged-issue-numbers", "cli-telemetry"})
MOST_LINES = 2000  # of a file in which a setting's line is looked for


class SettingsError(ValueError):
    """Settings that cannot be used: one line that says which one, what is wrong, where it is and what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What was set, by name; `options` were given with `-c`, the others are in the file."""

    file: str = FILE
    text: str = ""
    table: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, Any]:
        """Return every setting's value: from `-c`, or else from the file, or else the default."""
        return {**DEFAULTS, **self.table, **self.options}

    def where(self, *path: str) -> str:
        """Return where a setting is; its path leads through tables, such as backup_sets, web, keep_day."""
        if path[0] in self.options:
            return "-c"
        if path[0] not in self.table:
            return "the default"
        lines = (line_of(path[:depth], self.text) for depth in range(len(path), 0, -1))
        line = next(filter(None, lines), None)  # of the innermost table whose line is known
        return f"{self.file}, line {line}" if line else self.file


def read(context: Mapping[str, Any], folder: Path) -> Source:
    """Read the settings file, by default the folder's settings.toml, and the context; raises SettingsError.

    The CDK's other keys in the context (feature flags, cached look-ups) all hold a `:` or a `/`; no setting does.
    """
    options = {
        key: value for key, value in context.items() if key not in OF_THE_CLI and not {":", "/"} & set(key)
    }
    if OPTION not in options and not _is_there(folder / FILE):
        return Source(options=options)
    named = options.pop(OPTION, FILE)
    if not isinstance(named, str) or not named:
        raise SettingsError(f"-c {OPTION}= must be the path of a settings file, got {shorten(named)}")
    shown = named if named.isprintable() else shorten(named)
    text = _text(folder / named, shown)
    source = Source(file=shown, text=text, table=_table(text, shown), options=options)
    _refuse_swallowed(source, "extra_tags")
    for name in _tables(source.table, "backup_sets"):
        _refuse_swallowed(source, "backup_sets", name, "extra_tags")
    return source


def _is_there(path: Path) -> bool:
    """Return whether there is such a file; a broken link counts, because it is no reason to deploy the defaults."""
    return path.exists() or path.is_symlink()


def _text(path: Path, shown: str) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{shown} must be a text file in UTF-8; its byte {error.start + 1} is not"
        ) from None
    except (OSError, ValueError) as error:  # a ValueError: a path that no file can have
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise SettingsError(f"{shown} cannot be read: {why}") from None


def _table(text: str, shown: str) -> dict[str, Any]:
    try:
        return tomllib.loads(
            f"{text}\n"
        )  # without it, an error in the last line would be "at end of document"
    except tomllib.TOMLDecodeError as error:
        hint = "(put texts in quotes, and use each name only once)"
        raise SettingsError(f"{shown} is not valid TOML: {error} {hint}") from None
    except (ValueError, RecursionError):  # a number of thousands of digits, lists in lists in lists
        raise SettingsError(f"{shown} cannot be read: it holds a value that is too long") from None


def _refuse_swallowed(source: Source, *path: str) -> None:
    """Refuse settings below the line `[extra_tags]`: TOML reads them as tags, and they would have no effect."""
    for name in _tables(source.table, *path):
        if name in DEFAULTS:
            where, table = source.where(*path, name), ".".join(path)
            raise SettingsError(
                f"{name} is in the table [{table}] ({where}), which holds tags: move it above the first [table]"
            )


def _tables(table: object, *path: str) -> Mapping[str, Any]:
    """Return the table that a path leads to; an empty one if there is none."""
    for name in path:
        table = table.get(name) if isinstance(table, Mapping) else None
    return table if isinstance(table, Mapping) else {}


def line_of(path: tuple[str, ...], text: str) -> int | None:
    """Return the line on which a setting begins, by its path through the tables; None if it is not known.

    It reads the file line by line, until the setting is there. Inside a text or a list of several lines, the part read
    so far is not valid TOML.
    """
    lines = text.split("\n")
    if len(lines) > MOST_LINES:
        return None
    begin = 1
    for number in range(1, len(lines) + 1):
        try:
            table = tomllib.loads("\n".join(lines[:number]))
        except ValueError:
            continue
        if _holds(table, path):
            return begin
        begin = number + 1
    return None


def _holds(table: object, path: tuple[str, ...]) -> bool:
    *outer, name = path
    return name in _tables(table, *outer)
