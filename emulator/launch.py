"""The emulator's process: ministack with patches; `--check` only checks that every patch still fits."""

import os
import sys
from importlib.metadata import version
from pathlib import Path

from ministack.app import main

from emulator import (
    authorization,
    direct,
    ebs,
    events,
    function,
    mail,
    names,
    recycle_bin,
    schedule,
    simulated,
    volumes,
)
from emulator.clock import Clock
from emulator.failures import VARIABLE, Failures
from emulator.patching import check_version


def patch() -> None:
    """Patch the ministack of this process; raise PatchError if it is not the version that the patches are for."""
    check_version(version("ministack"))
    clock = Clock.of_this_process()
    ebs.patch(clock, Failures(Path(os.environ.get(VARIABLE, os.devnull))))
    volumes.patch()
    direct.patch()
    events.patch()
    function.patch()
    authorization.patch()
    schedule.patch(clock)
    mail.patch()
    names.patch()
    simulated.patch()
    recycle_bin.patch()


if __name__ == "__main__":
    patch()
    if sys.argv[1:] != ["--check"]:
        main()
