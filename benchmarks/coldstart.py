"""Cold start: what a fresh process needs to import its code and make its first clients."""

import compileall
import io
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import ROOT, environment
from fake_aws.account import TOPIC

TIMES = 9
_CLOCK = "import time; wall, cpu = time.perf_counter(), time.process_time()\n"
_TELL = "\nprint(time.perf_counter() - wall, time.process_time() - cpu)"
OURS = f"from ebs_backup import handler; handler._ec2(); handler._sns({TOPIC!r})"
BARE = "import boto3; session = boto3.Session(); session.client('ec2'); session.client('sns')"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdStart:
    """Median seconds of several fresh processes."""

    wall: float
    cpu: float


def cold_starts(step: Callable[[], None]) -> tuple[ColdStart, ColdStart, ColdStart]:
    """Measure ours, ours without byte code in its bundle, and bare, by turns, after one start of each for the caches.

    The libraries have their byte code in every case: pip compiles them, and so does whoever builds Lambda's runtime.
    """
    with tempfile.TemporaryDirectory() as compiled, tempfile.TemporaryDirectory() as plain:
        for folder in (compiled, plain):
            shutil.copytree(
                ROOT / "lambda", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
            )
        compileall.compile_dir(compiled, quiet=1)
        subjects = ((OURS, Path(compiled)), (OURS, Path(plain)), (BARE, Path(plain)))
        for subject in subjects:
            _start(*subject)
        starts: tuple[list[tuple[float, float]], ...] = ([], [], [])
        for _ in range(TIMES):
            for subject, found in zip(subjects, starts, strict=True):
                found.append(_start(*subject))
            step()
    ours, uncompiled, bare = map(_median, starts)
    return ours, uncompiled, bare


def _median(starts: Sequence[tuple[float, float]]) -> ColdStart:
    wall, cpu = zip(*starts, strict=True)
    return ColdStart(wall=statistics.median(wall), cpu=statistics.median(cpu))


def _start(code: str, source: Path) -> tuple[float, float]:
    command = [sys.executable, "-c", _CLOCK + code + _TELL]
    nowhere = environment("http://127.0.0.1:9", source=source)
    done = subprocess.run(  # noqa: S603 - our own code
        command, capture_output=True, text=True, check=True, env=nowhere, cwd=ROOT
    )
    wall, cpu = map(float, done.stdout.split())
    return wall, cpu


def zip_size(bundle: Path) -> int:
    """Return the bytes of the function's zip, whose content is in this folder."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(bundle.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                archive.write(file, file.relative_to(bundle))
    return len(buffer.getvalue())
