"""Work in a thread beside the rest: EC2 answers two listings in the time of one."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")


class Beside(Generic[T]):
    """The result of `work`, which begins now in a thread of its own.

    As a context manager it waits at the end of the block, except after Ctrl-C: then the command ends without it.
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self._done: list[T] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[], T]) -> None:
        try:
            self._done.append(work())
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            self._error = error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or issubclass(kind, Exception):
            self._thread.join()

    def result(self) -> T:
        """Wait for the result; raises what the work raised."""
        self._thread.join()
        if self._error:
            raise self._error
        return self._done[0]
