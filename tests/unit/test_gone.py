"""What volumes that are gone have left behind expires slowly, and only where the set says so."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any, cast

from ebs_backup.ec2 import Ec2
from ebs_backup.gone import retirements
from ebs_backup.model import Decision, Fate, Snapshot
from tests.unit.builders import a_run, a_snapshot, settings

OLD = [a_snapshot(id=f"snap-{days}", days_ago=days) for days in range(40, 46)]


class Writer:
    """Deletes what it is told to, and lists the rest."""

    def __init__(self, there: list[Snapshot]) -> None:
        self.there, self.deleted = list(there), list[str]()

    def delete(self, snapshot: Snapshot) -> Generator[float, None, bool]:
        """Delete."""
        yield 0.0
        self.deleted.append(snapshot.id)
        self.there = [other for other in self.there if other.id != snapshot.id]
        return True

    def snapshots(self, _: str, **__: str) -> list[Snapshot]:
        """List."""
        return self.there


def retire(held: list[Snapshot], **overrides: Any) -> tuple[list[str], list[Decision]]:  # noqa: ANN401 - settings
    """Return what was deleted in a run of the day, and all decisions."""
    writer, decisions = Writer(held), list[Decision]()
    chosen = settings(**{"expire_gone_after_days": 30, "schedule_day": "30 1 * * ? *"} | overrides)
    for step in retirements(cast("Ec2", writer), chosen, a_run(), {"vol-0a": held}):
        while True:
            try:
                next(step)
            except StopIteration as end:
                decisions += end.value[0]
                break
    return writer.deleted, decisions


def test_nothing_goes_where_the_set_does_not_say_so() -> None:
    assert retire(OLD, expire_gone_after_days="off") == ([], [])


def test_the_oldest_go_within_the_limit_and_the_rest_is_deferred() -> None:
    deleted, decisions = retire(OLD)

    assert deleted == ["snap-45", "snap-44", "snap-43"]
    assert [decision.fate for decision in decisions].count(Fate.DEFERRED) == len(OLD) - 3


def test_nothing_goes_while_the_newest_of_any_period_is_young_enough() -> None:
    young = a_snapshot(id="snap-m", period="month", days_ago=30)

    assert retire([*OLD, young]) == ([], [])


def test_a_run_expires_those_of_its_own_period_and_none_on_hold() -> None:
    held = [a_snapshot(id="snap-h", days_ago=50, hold="true")]

    deleted, _ = retire([*held, a_snapshot(id="snap-w", period="week", days_ago=60), OLD[0]])

    assert deleted == ["snap-40"]
    assert OLD[0].started < a_run().time - timedelta(days=30)
