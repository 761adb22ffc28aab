"""The operator's command as a person runs it, against the emulated account: a process of its own."""

import subprocess
import sys

from emulator.server import ROOT, Emulator

MODULES = ("lambda", "cli", ".")


def ebs_backup(emulator: Emulator, *arguments: str, columns: int = 120) -> "subprocess.CompletedProcess[str]":
    """Run `ebs-backup` with these arguments, with no terminal; its status is the caller's to judge."""
    environment = emulator.environment() | {
        "PYTHONPATH": ":".join(str(ROOT / module) for module in MODULES),
        "COLUMNS": str(columns),
    }
    return subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-m", "ebs_backup_cli", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
