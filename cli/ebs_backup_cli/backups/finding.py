"""Finds ids by id or name, and suggests the nearest if there is none. Pure."""

import difflib
from collections.abc import Mapping

from ebs_backup_cli.errors import CommandError

NEAREST = 3


def find(wanted: str, names: Mapping[str, str], *, what: str = "volume") -> list[str]:
    """Return this id, or else the ids with this name; raises a CommandError with the nearest if there is none."""
    if wanted in names:
        return [wanted]
    if found := [id_ for id_, name in names.items() if name == wanted]:
        return found
    near = _nearest(wanted, names)
    advice = f"Did you mean {', '.join(near)}?" if near else "`ebs-backup list` shows all."
    raise CommandError(f"No {what} with the id or name {wanted!r}.", advice)


def find_one(wanted: str, names: Mapping[str, str], *, what: str = "volume") -> str:
    """Return the one id that is meant, as `find` does; raises a CommandError with the ids if several have the name."""
    first, *others = find(wanted, names, what=what)
    if others:
        ids = ", ".join(sorted((first, *others)))
        raise CommandError(
            f"{len(others) + 1} {what}s have the name {wanted!r}: {ids}.", "Name one by its id."
        )
    return first


def _nearest(wanted: str, names: Mapping[str, str]) -> list[str]:
    """Return known names that hold the word or look like it, and ids where the word is one of their kind."""
    word = wanted.casefold()
    alike_ids = [id_ for id_ in names if id_.startswith(f"{word.partition('-')[0]}-")]
    known = {name.casefold(): name for name in (*alike_ids, *names.values()) if name}
    inside = [name for name in known if word and word in name]
    alike = difflib.get_close_matches(word, known, n=NEAREST, cutoff=0.5)
    return [repr(known[name]) for name in dict.fromkeys((*inside, *alike))][:NEAREST]
