"""A run that time cuts short anywhere, and goes on, ends as one that ran once, and reports the same."""

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from ebs_backup.event import next_invocation, parse, to_event
from ebs_backup.model import Continued
from ebs_backup.outcome import Outcome, Status
from ebs_backup.volume_outcome import Made
from tests.unit.account import MotoAccount, nightly
from tests.unit.builders import NIGHT, a_run

VOLUMES, HISTORY, KEEP, LIMIT = 2, 7, 2, 3
WRITES = VOLUMES * (1 + LIMIT)  # of the whole run: a backlog of six is drained by three
RULE = {"period": "day", "time": "2026-11-23T01:30:00Z"}


class DiedError(BaseException):
    """The process died."""


@dataclass(slots=True)
class Chain:
    """A function and its queue: every write takes a second, and an invocation has time for so many writes."""

    account: MotoAccount
    event: dict[str, Any] | None
    invocations: int = 0
    dies_at: float = float("inf")  # of all writes

    def write(self, **_: object) -> None:
        """Let a second pass; where the function dies, nothing is sent."""
        if self.account.clock() >= self.dies_at:
            raise DiedError
        self.account.sleep(1)

    def invoke(self, budget: float) -> Outcome:
        """Do the next invocation, and queue the one after it."""
        request = parse(json.loads(json.dumps(self.event)))
        run = replace(a_run(), continued=request.continued)
        began = self.account.now
        self.invocations += 1
        settings = nightly(keep_day=KEEP, max_expired_per_volume=LIMIT)
        outcome = self.account.run(settings, run, seconds=budget)
        further = next_invocation(outcome, began=began)
        self.event = to_event(request, further) if further else None
        return outcome

    def to_the_end(self, budget: float) -> Outcome:
        """Invoke as long as there is something queued."""
        outcome = self.invoke(budget)
        while self.event:
            outcome = self.invoke(budget)
        return outcome


@pytest.fixture
def chain(account: MotoAccount) -> Chain:
    chain = Chain(account, dict(RULE))
    for call in ("CreateSnapshot", "DeleteSnapshot"):
        account.on(f"before-call.ec2.{call}", chain.write)
    for _ in range(VOLUMES):
        account.history(account.volume(), HISTORY)
    return chain


def state(account: MotoAccount) -> list[tuple[str, str]]:
    """Return what is there: volume and run of every snapshot."""
    listed = ((account.raw(snapshot).volume_id, account.tags(snapshot)) for snapshot in account.ids())
    return sorted((volume, tags["ebs-backup:run"]) for volume, tags in listed)


def is_clean(account: MotoAccount) -> bool:
    """Return whether each volume has its new snapshot, and has lost its three oldest and nothing else."""
    nights = [NIGHT - timedelta(days=day) for day in range(HISTORY - LIMIT + 1)]
    kept = sorted(f"{night:%Y-%m-%dT%H:%M:%SZ}" for night in nights)
    volumes = sorted({volume for volume, _ in state(account)})
    return len(volumes) == VOLUMES and state(account) == [(volume, run) for volume in volumes for run in kept]


def test_a_run_with_enough_time_is_one_invocation(chain: Chain) -> None:
    chain.to_the_end(1e9)

    assert chain.invocations == 1
    assert is_clean(chain.account)


@pytest.mark.parametrize("new", ["pending", "completed"])
@pytest.mark.parametrize("budget", range(1, WRITES + 1))
def test_a_run_cut_after_any_number_of_writes_ends_as_one_that_ran_once_and_tells_the_same(
    chain: Chain, budget: int, new: str
) -> None:
    chain.account.listed = new

    outcome = chain.to_the_end(budget)

    assert is_clean(chain.account)
    assert chain.invocations > 1 or budget == WRITES
    assert [volume.when for volume in outcome.volumes] == [Made.NOW] * VOLUMES
    assert outcome.expired == VOLUMES * LIMIT
    assert outcome.failures == ()


@pytest.mark.parametrize("dies_at", range(WRITES))
def test_an_invocation_that_dies_anywhere_and_is_retried_loses_nothing_and_deletes_no_more(
    chain: Chain, dies_at: int
) -> None:
    chain.dies_at = dies_at
    while True:
        try:
            chain.to_the_end(4)
            break
        except DiedError:
            chain.dies_at = float("inf")

    assert is_clean(chain.account)


def test_an_invocation_that_is_delivered_again_after_the_run_has_ended_changes_nothing(chain: Chain) -> None:
    events = []
    while chain.event:
        events.append(chain.event)
        chain.invoke(3)

    for event in events:
        chain.event = event
        chain.to_the_end(3)

    assert len(events) > 2
    assert is_clean(chain.account)


def test_the_limit_holds_for_the_run_however_many_invocations_it_has(chain: Chain) -> None:
    chain.to_the_end(1)
    continued = Continued(run=RULE["time"], began=NIGHT, invocation=3, expired=0)
    chain.event = to_event(parse(RULE), continued)

    outcome = chain.to_the_end(1e9)

    assert outcome.expired == 0
    assert is_clean(chain.account)


def test_failed_snapshots_that_an_earlier_invocation_deleted_are_told_by_the_last_one(chain: Chain) -> None:
    """Nobody can see them in EC2 again; if they were not passed on, the run would end as OK."""
    volume = chain.account.volume("failing")
    failed = chain.account.point(volume, NIGHT - timedelta(hours=4), state="error")
    chain.account.tell(failed, StateMessage="Given key ID is not accessible")

    outcome = chain.to_the_end(2)

    assert chain.invocations > 2
    told = [(failure.resource, failure.message) for failure in outcome.failures]
    assert told == [(failed, "Given key ID is not accessible")]
    assert outcome.status is Status.PROBLEM
    assert outcome.expired == VOLUMES * LIMIT + 1


def test_tags_for_which_there_was_no_room_are_told_by_the_last_invocation_too(chain: Chain) -> None:
    crowded = chain.account.volume(**{f"tag-{number}": "x" for number in range(48)})

    outcome = chain.to_the_end(WRITES)

    (volume,) = [volume for volume in outcome.volumes if volume.volume.id == crowded]
    assert chain.invocations == 2
    assert "no room for its tags" in volume.notes[0]


def test_a_drain_for_want_of_room_that_is_cut_short_and_goes_on_keeps_what_the_setting_says(
    chain: Chain,
) -> None:
    """Without a new restore point no number is written: the limit holds for one invocation, the keep count for all."""
    chain.account.refuse("CreateSnapshot", "SnapshotLimitExceeded")

    chain.to_the_end(3)

    for volume in {volume for volume, _ in state(chain.account)}:
        assert len(chain.account.ids(volume)) >= KEEP
