"""Steps side by side: results in order, waits that hold no thread, exceptions that stop nobody else."""

import threading

import pytest

from ebs_backup.tasks import Task, run_all


def step(result: int, *pauses: float) -> Task[int]:
    yield from pauses
    return result


def broken() -> Task[int]:
    yield from ()
    raise RuntimeError("a fault of our own")


def test_results_come_in_the_order_of_the_steps() -> None:
    assert run_all([step(1, 0.02), step(2), step(3, 0.01)], workers=2) == [1, 2, 3]


def test_no_steps_is_no_result() -> None:
    assert run_all([], workers=4) == []


def test_a_step_that_waits_gives_its_thread_to_the_others() -> None:
    order: list[str] = []

    def patient() -> Task[None]:
        yield 0.05
        order.append("patient")

    def quick() -> Task[None]:
        yield from ()
        order.append("quick")

    run_all([patient(), *(quick() for _ in range(5))], workers=1)

    assert order == ["quick"] * 5 + ["patient"]


def test_waiting_asks_for_the_rest_of_the_pause_only() -> None:
    slept: list[float] = []

    run_all([step(1, 7.0)], workers=1, clock=lambda: 100.0, sleep=slept.append)

    assert slept == [7.0]


def test_a_step_that_raises_stops_no_other_and_is_raised_in_the_end() -> None:
    done = threading.Event()

    def last() -> Task[int]:
        yield 0.01
        done.set()
        return 1

    with pytest.raises(RuntimeError, match="a fault of our own"):
        run_all([broken(), last()], workers=2)

    assert done.is_set()
