"""A run that time cuts short anywhere, and goes on, ends as one that ran once, and tells the same."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ebs_backup import run
from ebs_backup.continuation import following
from ebs_backup.ec2 import Ec2
from ebs_backup.event import continuing, parse
from ebs_backup.model import Continued
from ebs_backup.outcome import Outcome
from ebs_backup.run import execute
from tests.unit.account import Account, an_account
from tests.unit.builders import NIGHT, a_run, settings

VOLUMES, HISTORY, KEEP, LIMIT = 3, 7, 2, 3
WRITES = VOLUMES * (1 + LIMIT)  # of the whole run: a backlog of six is drained by three
BEFORE = datetime(2000, 1, 1, tzinfo=UTC)  # moto's new snapshots start in real time, which is after this
RULE = {"period": "day", "time": "2026-11-23T01:30:00Z"}


class KilledError(BaseException):
    """The process died."""


@dataclass(slots=True)
class Writes:
    """A clock that counts the function's writes, and kills it at one of them."""

    done: int = 0
    dies_at: int = 0

    def __call__(self) -> float:
        """Give the time."""
        return float(self.done)

    def count(self, **_: object) -> None:
        """See one write begin; where it is to be the last, it is not sent."""
        if self.dies_at and self.done == self.dies_at:
            raise KilledError
        self.done += 1


@dataclass(slots=True)
class Chain:
    """A function whose invocations have time for so many writes each, and its queue."""

    account: Account
    writes: Writes
    event: dict[str, Any] | None
    invocations: int = 0

    def invoke(self, budget: float) -> Outcome:
        """Do the next invocation, and queue the one after it."""
        request = parse(json.loads(json.dumps(self.event)))
        this_run = replace(a_run(), continued=request.continued)
        ec2 = Ec2(self.account.function, deadline=self.writes.done + budget, clock=self.writes, rested=True)
        self.invocations += 1
        outcome = execute(ec2, settings(keep_day=KEEP, max_expired_per_volume=LIMIT), this_run)
        further = following(outcome, began=BEFORE)
        self.event = continuing(request, further) if further else None
        return outcome

    def to_the_end(self, budget: float) -> Outcome:
        """Invoke as long as there is something queued."""
        outcome = self.invoke(budget)
        while self.event:
            outcome = self.invoke(budget)
        return outcome


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chain]:
    monkeypatch.setattr(run, "WORKERS", 1)  # several would all begin a write before one of them is counted
    with an_account() as account:
        for _ in range(VOLUMES):
            volume = account.volume()
            for day in range(1, HISTORY + 1):
                started = NIGHT - timedelta(days=day)
                account.snapshot(volume, started=started, set="default", period="day", run=f"{started}")
        writes = Writes()
        for call in ("CreateSnapshot", "DeleteSnapshot"):
            account.function.meta.events.register(f"before-call.ec2.{call}", writes.count)
        yield Chain(account, writes, dict(RULE))


def state(chain: Chain) -> list[tuple[str, str]]:
    """Give what is there: volume and run of every snapshot."""
    tags = [
        {"volume": each["VolumeId"], **{tag["Key"]: tag["Value"] for tag in each["Tags"]}}
        for each in chain.account.snapshots()
    ]
    return sorted((each["volume"], each["ebs-backup:run"]) for each in tags)


def is_clean(chain: Chain) -> bool:
    """Tell whether each volume has its new snapshot, and has lost its three oldest and nothing else."""
    kept = sorted(
        [RULE["time"], *(f"{NIGHT - timedelta(days=day)}" for day in range(1, HISTORY - LIMIT + 1))]
    )
    volumes = sorted({volume for volume, _ in state(chain)})
    return len(volumes) == VOLUMES and state(chain) == [(volume, run) for volume in volumes for run in kept]


def test_a_run_with_enough_time_is_one_invocation(chain: Chain) -> None:
    chain.to_the_end(1e9)

    assert chain.invocations == 1
    assert is_clean(chain)


@pytest.mark.parametrize("budget", range(1, WRITES + 1))
def test_a_run_cut_after_any_number_of_writes_ends_as_one_that_ran_once_and_tells_the_same(
    chain: Chain, budget: int
) -> None:
    outcome = chain.to_the_end(budget)

    assert is_clean(chain)
    assert chain.invocations > 1 or budget == WRITES
    assert [each.created for each in outcome.volumes] == [True] * VOLUMES
    assert outcome.expired == VOLUMES * LIMIT
    assert outcome.failures == ()


@pytest.mark.parametrize("dies_at", range(1, WRITES))
def test_an_invocation_that_dies_anywhere_and_is_retried_loses_nothing_and_deletes_no_more(
    chain: Chain, dies_at: int
) -> None:
    chain.writes.dies_at = dies_at
    while True:
        try:
            chain.to_the_end(4)
            break
        except KilledError:
            chain.writes.dies_at = 0

    assert is_clean(chain)


def test_an_invocation_that_is_delivered_again_after_the_run_has_ended_changes_nothing(chain: Chain) -> None:
    events = []
    while chain.event:
        events.append(chain.event)
        chain.invoke(4)

    for event in events:
        chain.event = event
        chain.to_the_end(4)

    assert len(events) > 2
    assert is_clean(chain)


def test_the_limit_holds_for_the_run_however_many_invocations_it_has(chain: Chain) -> None:
    chain.to_the_end(1)
    continued = Continued(run=RULE["time"], began=BEFORE, invocation=3, expired=0)
    chain.event = continuing(parse(RULE), continued)

    outcome = chain.to_the_end(1e9)

    assert outcome.expired == 0
    assert is_clean(chain)


def test_tags_for_which_there_was_no_room_are_told_by_the_last_invocation_too(chain: Chain) -> None:
    crowded = chain.account.volume(**{f"tag-{number}": "x" for number in range(48)})

    outcome = chain.to_the_end(WRITES)

    (volume,) = [each for each in outcome.volumes if each.volume.id == crowded]
    assert chain.invocations == 2
    assert "no room for its tags" in volume.notes[0]
