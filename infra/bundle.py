"""The function's zip, built without Docker: the sources and exactly the locked packages."""

import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "lambda" / "ebs_backup"
LOCK = ROOT / "requirements" / "lambda.txt"
BUILD = ROOT / "build" / "function"

RUNTIME = "3.13"  # the newest that the tests run on and Lambda offers (docs/decisions/0001)
PLATFORM = "manylinux2014_aarch64"
FORMAT = "2"  # of the folder: another number when modes or anything else but its contents change

# How pip reaches an index: what of a user's settings of pip is kept. The lock's hashes hold, wherever a package is from.
WAYS = (
    *(
        "INDEX_URL",
        "EXTRA_INDEX_URL",
        "NO_INDEX",
        "FIND_LINKS",
        "TRUSTED_HOST",
        "CERT",
        "CLIENT_CERT",
        "PROXY",
    ),
    *(
        "TIMEOUT",
        "DEFAULT_TIMEOUT",
        "RETRIES",
        "KEYRING_PROVIDER",
        "CACHE_DIR",
        "NO_CACHE_DIR",
        "USE_DEPRECATED",
    ),
)
CONFIG_FILE = "CONFIG_FILE"


class BundleError(RuntimeError):
    """The zip could not be built: one line that says why."""


def bundle(build: Path = BUILD, lock: Path = LOCK) -> Path:
    """Return a folder with the function's sources and packages, made anew only when one of them has changed.

    It is the same, bit by bit and mode by mode, for the same commit from any folder, interpreter and umask.
    """
    made = build / _fingerprint(lock)
    if not made.exists():
        build.mkdir(parents=True, exist_ok=True)
        # A folder of its own until it is whole: a synth that is stopped leaves nothing half made behind.
        with tempfile.TemporaryDirectory(dir=build) as scratch:
            whole = Path(scratch) / "function"
            _install(lock, whole)
            for source in _sources():
                target = whole / source.relative_to(SOURCES.parent)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
            _normalize(whole)
            whole.rename(made)
    return made


def _sources() -> list[Path]:
    """List the function's modules: not what an editor or an interpreter left beside them."""
    return sorted(SOURCES.rglob("*.py"))


def _fingerprint(lock: Path) -> str:
    parts = [FORMAT, RUNTIME, PLATFORM, lock.read_text(encoding="utf-8")]
    for source in _sources():
        parts += [source.relative_to(SOURCES).as_posix(), source.read_text(encoding="utf-8")]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _normalize(folder: Path) -> None:
    """Let everybody read everything, and remove what pip notes about the machine that it ran on.

    Lambda unpacks the zip with its modes, as another user: under umask 077 it could not read one file.
    """
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for info in folder.glob("*.dist-info"):
        for note in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json"):
            (info / note).unlink(missing_ok=True)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _install(lock: Path, target: Path) -> None:
    options = ["--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps", "--require-hashes"]
    wheels = [
        "--only-binary=:all:",
        f"--platform={PLATFORM}",
        f"--python-version={RUNTIME}",
        "--implementation=cp",
    ]
    what = f"the function's packages ({lock.name}) could not be installed"
    command = ["install", *options, *wheels, f"--target={target}", f"--requirement={lock}"]
    _pip(*command, environment=_environment(), failed=what)


def _pip(*arguments: str, environment: Mapping[str, str], failed: str) -> str:
    """Run pip and return what it writes; raises BundleError with its last word."""
    command = [sys.executable, "-m", "pip", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode != 0:
        raise BundleError(f"{failed}: {(done.stderr.strip() or 'pip said nothing').splitlines()[-1]}")
    return done.stdout


def _environment() -> dict[str, str]:
    """Return the environment for pip: the user's own, where of pip's settings only those of the way to an index stay.

    Others (target, user, constraint, platform, ...) would change what is installed, or where; pip takes them from
    variables and from its files alike.
    """
    others = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    # A `user = true` in a file would be an option of this command, too: list the user's file alone.
    every = {"PIP_GLOBAL": "0", "PIP_USER": "0", "PIP_SITE": "0", **_of_pip(os.environ, CONFIG_FILE)}
    listed = _pip(
        "config", "list", environment={**others, **every}, failed="pip's settings could not be read"
    )
    found = [re.fullmatch(r"(global|install)\.([a-z-]+)=('.*'|\".*\")", line) for line in listed.splitlines()]
    files = {
        f"PIP_{match[2].upper().replace('-', '_')}": str(ast.literal_eval(match[3]))
        for match in sorted(filter(None, found), key=lambda match: match[1])  # its own section wins
    }
    ways = {**_of_pip(files, *WAYS), **_of_pip(os.environ, *WAYS)}
    return {**others, **ways, f"PIP_{CONFIG_FILE}": os.devnull}


def _of_pip(settings: Mapping[str, str], *names: str) -> dict[str, str]:
    return {f"PIP_{name}": settings[f"PIP_{name}"] for name in names if f"PIP_{name}" in settings}
