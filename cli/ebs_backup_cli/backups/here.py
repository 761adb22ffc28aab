"""A run on this machine, by the core itself, with the operator's own credentials; it needs no stack."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from ebs_backup.aws.ec2 import Ec2
from ebs_backup.model import Run
from ebs_backup.names import SERVICE
from ebs_backup.outcome import Outcome
from ebs_backup.run import execute
from ebs_backup.settings import Settings
from ebs_backup_cli.aws.operator import PATIENCE, Operator


class Steps(logging.Handler):
    """Reads the core's log, and reports how many volumes are done; the log itself is not printed."""

    def __init__(self, tell: Callable[[int, int], None]) -> None:
        super().__init__()
        self.tell = tell
        self.volumes = 0
        self.done: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Take in one line of the core's log."""
        told = vars(record)
        if record.msg == "volumes selected":
            self.volumes = int(told["volumes"])
        elif record.msg in ("volume done", "volume planned"):
            self.done.add(str(told["volume"]))
        else:
            return
        self.tell(len(self.done), self.volumes)


@contextmanager
def heard(tell: Callable[[int, int], None]) -> Iterator[None]:
    """Read the core's log while the block runs, and do not print it."""
    logger = logging.getLogger(SERVICE)
    before, steps = (logger.level, logger.propagate, logging.root.manager.disable), Steps(tell)
    logging.disable(logging.NOTSET)
    logger.addHandler(steps)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(steps)
        logger.level, logger.propagate, disabled = before
        logging.disable(disabled)


@dataclass(slots=True)
class Stopping:
    """A clock that jumps past the deadline when it is told to stop: what waits for its turn then is left undone.

    So a run that is interrupted ends like one whose time is over: whole calls, and a report of what is not done.
    """

    deadline: float
    stopped: bool = False

    def __call__(self) -> float:
        """Return the time in seconds."""
        return self.deadline + 1 if self.stopped else time.monotonic()

    @contextmanager
    def on_interrupt(self, say: Callable[[str], None]) -> Iterator[None]:
        """Stop at the first Ctrl-C; the second ends the command at once."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(number: int, frame: FrameType | None) -> None:
            if self.stopped:
                signal.default_int_handler(number, frame)
            self.stopped = True
            say("Stopping: waiting for the calls that are under way.")

        before = signal.signal(signal.SIGINT, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


def run_here(
    operator: Operator,
    settings: Settings,
    run: Run,
    *,
    tell: Callable[[int, int], None] = lambda _, __: None,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[Outcome, bool]:
    """Do the run; return its outcome, and whether it was interrupted."""
    deadline = time.monotonic() + PATIENCE
    clock = Stopping(deadline)
    with heard(tell), clock.on_interrupt(say):
        outcome = execute(Ec2(operator.ec2, deadline=deadline, clock=clock), settings, run)
    return outcome, clock.stopped
