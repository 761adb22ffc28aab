"""The function's zip, built without Docker: the sources and exactly the locked packages."""

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

from infra.packages import ROOT, PackagesError, install

SOURCES = ROOT / "lambda" / "ebs_backup"
LOCK = ROOT / "requirements" / "lambda.txt"
BUILD = ROOT / "build" / "function"

RUNTIME = "3.13"  # the newest that the tests run on and Lambda offers (docs/decisions/0001)
PLATFORM = "aarch64-manylinux2014"
FORMAT = "2"  # of the folder: increase it when modes or anything else but the contents changes


class BundleError(RuntimeError):
    """The zip could not be built: one line that says why."""


def bundle(build: Path = BUILD, lock: Path = LOCK) -> Path:
    """Return a folder with the function's sources and packages; it is made again only when one of them has changed.

    It is the same, bit by bit and mode by mode, for the same commit from any folder, interpreter and umask.
    """
    made = build / _fingerprint(lock)
    if not made.exists():
        build.mkdir(parents=True, exist_ok=True)
        # A temporary folder until it is complete: if synth is stopped, nothing half made is left.
        with tempfile.TemporaryDirectory(dir=build) as scratch:
            whole = Path(scratch) / "function"
            _install(lock, whole)
            for source in _sources():
                target = whole / source.relative_to(SOURCES.parent)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
            _normalize(whole)
            _put(whole, made)
    return made


def _put(whole: Path, made: Path) -> None:
    try:
        whole.rename(made)
    except OSError:
        if not made.exists():  # else another synth was faster, and made the same
            raise


def _sources() -> list[Path]:
    """List the function's modules, without the files that an editor or an interpreter left beside them."""
    return sorted(SOURCES.rglob("*.py"))


def _fingerprint(lock: Path) -> str:
    parts = [FORMAT, RUNTIME, PLATFORM, lock.read_text(encoding="utf-8")]
    for source in _sources():
        parts += [source.relative_to(SOURCES).as_posix(), source.read_text(encoding="utf-8")]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _normalize(folder: Path) -> None:
    """Make everything readable for everybody, and remove the files in which uv describes the machine.

    Lambda unpacks the zip with its modes, as another user: under umask 077 it could read none of the files.
    """
    shutil.rmtree(folder / "bin", ignore_errors=True)
    (folder / ".lock").unlink(missing_ok=True)
    for info in folder.glob("*.dist-info"):
        for note in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json"):
            (info / note).unlink(missing_ok=True)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _install(lock: Path, target: Path) -> None:
    options = (
        "--no-deps",
        "--only-binary=:all:",
        f"--python={sys.executable}",
        f"--python-version={RUNTIME}",
        f"--python-platform={PLATFORM}",
        "--link-mode=copy",  # through a link, the modes that are set here would also change uv's cache
        f"--target={target}",
    )
    try:
        install(lock, *options)
    except PackagesError as error:
        message = f"the function's packages ({lock.name}) could not be installed: {error}"
        raise BundleError(message) from error
