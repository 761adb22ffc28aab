"""Replaces names of the pinned ministack; if a name is missing, the emulator does not start."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

MINISTACK = "1.5.33"  # the version that the patches were written for; requirements/emulator.in pins it, too


class PatchError(RuntimeError):
    """A name that should be patched is missing: another version of ministack is installed."""


def require(module: ModuleType, *names: str) -> None:
    """Raise PatchError unless the module has all these names."""
    for name in names:
        if not hasattr(module, name):
            raise PatchError(f"ministack {MINISTACK} is to have {module.__name__}.{name}, but it is gone")


def replace(module: ModuleType, name: str, make: Callable[[Any], Any]) -> None:
    """Replace a name of a module with `make(what is there)`."""
    require(module, name)
    setattr(module, name, make(getattr(module, name)))


def check_version(installed: str) -> None:
    """Raise PatchError unless this is the ministack that the patches were written for."""
    if installed != MINISTACK:
        raise PatchError(f"the patches are for ministack {MINISTACK}, but {installed} is installed")
