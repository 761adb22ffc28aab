"""Files that a command writes: whole or not at all, and never over another program's file."""

import os
import tempfile
from pathlib import Path

from ebs_backup_cli.errors import CommandError


def write(path: Path, text: str) -> None:
    """Write a file whole, in UTF-8; raises a CommandError if that fails."""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            Path(name).chmod(0o666 & ~_umask())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.", "Choose another file.") from None


def begins_with(path: Path, words: str) -> bool:
    """Return whether a file begins with these words."""
    try:
        with path.open("rb") as file:
            return file.read(len(words.encode())) == words.encode()
    except OSError:
        return False


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
