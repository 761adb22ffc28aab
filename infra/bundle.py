"""The function's zip, built without Docker: the sources and exactly the locked packages."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "lambda" / "ebs_backup"
LOCK = ROOT / "requirements" / "lambda.txt"
BUILD = ROOT / "build" / "function"

RUNTIME = "3.13"  # the newest that the tests run on and Lambda offers (docs/decisions/0001)
PLATFORM = "manylinux2014_aarch64"


class BundleError(RuntimeError):
    """The zip could not be built: one line that says why."""


def bundle(build: Path = BUILD, lock: Path = LOCK) -> Path:
    """Give a folder with the function's sources and packages, made anew only when one of them has changed."""
    made = build / _fingerprint(lock)
    if not made.exists():
        build.mkdir(parents=True, exist_ok=True)
        # A folder of its own until it is whole: a synth that is stopped leaves nothing half made behind.
        with tempfile.TemporaryDirectory(dir=build) as scratch:
            whole = Path(scratch) / "function"
            _install(lock, whole)
            shutil.copytree(SOURCES, whole / SOURCES.name, ignore=shutil.ignore_patterns("__pycache__"))
            whole.rename(made)
    return made


def _fingerprint(lock: Path) -> str:
    parts = [RUNTIME, PLATFORM, lock.read_text(encoding="utf-8")]
    parts += [f"{path.name}\n{path.read_text(encoding='utf-8')}" for path in sorted(SOURCES.glob("*.py"))]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _install(lock: Path, target: Path) -> None:
    options = ["--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps", "--require-hashes"]
    wheels = [
        "--only-binary=:all:",
        f"--platform={PLATFORM}",
        f"--python-version={RUNTIME}",
        "--implementation=cp",
    ]
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        *options,
        *wheels,
        f"--target={target}",
        f"--requirement={lock}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode != 0:
        last = (done.stderr.strip() or "pip said nothing").splitlines()[-1]
        raise BundleError(f"the function's packages ({lock.name}) could not be installed: {last}")
    shutil.rmtree(target / "bin", ignore_errors=True)
