"""A volume's life, night by night, by seed: the real rotation over runs missed, replayed, by hand, full or failing.

Nobody else deletes anything, unless a test says so: then what is counted as vanished is a false alarm.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import cast

from ebs_backup import cron
from ebs_backup.aws.ec2 import Ec2
from ebs_backup.deletion import Deleter
from ebs_backup.model import COMPLETED, ERROR, PENDING, Run, Snapshot
from ebs_backup.retention import Rule
from ebs_backup.rotation import Rotation
from ebs_backup.vanished import count_vanished
from tests.unit.builders import a_run, a_snapshot
from tests.unit.deletions import DeletingEc2, finish

START = datetime(2026, 11, 2, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)
WEEKDAYS = "30 1 ? * MON-FRI *"


def seeded(seed: int) -> Random:
    """Return the source of everything that is drawn."""
    return Random(seed)  # noqa: S311 - a seed, not a secret


@dataclass(kw_only=True)
class Life:
    """One volume and period; `odds` of each disturbance are between 0 and 1."""

    draw: Random
    odds: float = 0.0
    keep: int = 4
    limit: int = 3
    schedule: str = WEEKDAYS
    now: datetime = START
    ec2: DeletingEc2 = field(default_factory=lambda: DeletingEc2([]))
    alarms: list[int] = field(default_factory=list)
    fates: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    made: int = 0

    def happens(self, part: float = 1.0) -> bool:
        """Return whether one of the disturbances happens now."""
        return self.draw.random() < self.odds * part

    def live(self, days: int) -> None:
        """Let so many days pass, with all that is drawn for them."""
        end = self.now + timedelta(days=days)
        for due in list(cron.instants("0/30 * * * ? *", start=self.now, end=end)):
            self.now = due
            self._settle()
            if self.schedule != "off" and cron.latest(self.schedule, at=due) == due and not self.happens():
                self.run(a_run(id=f"{due:%Y-%m-%dT%H:%M:%SZ}", time=due))
            elif self.happens(0.01):
                self.disturb()

    def disturb(self) -> None:
        """Do one of the things that a person, or another period's run, may do."""
        act = self.draw.choice(
            (self.by_hand, self.by_hand, self.replay, self.clean, self.hold, self.rule, self.adopt)
        )
        act()

    def by_hand(self) -> None:
        """Run now."""
        self.run(a_run(id=f"hand-{self.made}-{self.now:%d%H%M}", time=self.now, scheduled=False))

    def replay(self) -> None:
        """Run an event again that was due some days ago."""
        due = cron.latest(WEEKDAYS, at=self.now - timedelta(days=self.draw.randint(0, 4)))
        if due:
            self.run(a_run(id=f"{due:%Y-%m-%dT%H:%M:%SZ}", time=due))

    def clean(self) -> None:
        """Delete what has failed, as a run of another period does."""
        self.ec2.there = [snapshot for snapshot in self.ec2.there if snapshot.state != ERROR]

    def hold(self) -> None:
        """Put a snapshot on hold, or release it."""
        there = self.ec2.there
        if there:
            number = self.draw.randrange(len(there))
            there[number] = replace(there[number], hold=None if there[number].hold else "true")

    def rule(self) -> None:
        """Change the keep count, its limit or the schedule."""
        self.keep = self.draw.choice((1, 2, 3, 4, 4, 9))
        self.limit = self.draw.choice((1, 3, 9))
        self.schedule = self.draw.choice(
            (WEEKDAYS, WEEKDAYS, "30 1 * * ? *", "0 0/6 * * ? *", "30 1 ? * MON *", "off")
        )

    def adopt(self) -> None:
        """Make an older snapshot of another tool the set's own."""
        days = self.draw.randint(1, 30)
        started = self.now - timedelta(days=days)
        older = a_snapshot(
            id=f"snap-adopted-{self.made}", started=started, run=f"adopted-{started:%m%d}", older=0
        )
        self.made += 1
        self.ec2.there.append(older)

    def run(self, run: Run) -> None:
        """Do one run, once or twice."""
        for _ in range(2 if self.happens() else 1):
            self._deliver(run)

    def _deliver(self, run: Run) -> None:
        there = list(self.ec2.there)
        mine = next((it for it in there if it.run == run.id and it.state != ERROR), None)
        self.alarms.append(0 if mine else count_vanished(there, rule=self._rule, run=run, at=self.now))
        failed = [it for it in there if it.state == ERROR]
        self.clean()
        if mine is None:
            if self.happens():
                self._drain(run) if self.happens() else None
                return
            mine = self._make(run, [it for it in failed if it.run == run.id])
        rotation = self._rotation(run)
        decisions = rotation.decide(self.ec2.there)
        finish(self._deleter(rotation).delete(decisions, room=rotation.room(decisions, mine, freed=0)))

    def _drain(self, run: Run) -> None:
        """Delete what has expired, to make room; the create then fails all the same."""
        rotation = self._rotation(run)
        finish(self._deleter(rotation).delete(rotation.decide(self.ec2.there), room=self.limit))

    def _make(self, run: Run, failed: list[Snapshot]) -> Snapshot:
        self.made += 1
        new = a_snapshot(id=f"snap-{self.made:05}", run=run.id, state=PENDING, started=self.now)
        rotation = self._rotation(run)
        older = rotation.leaves(rotation.plan(self.ec2.there, new).decisions, new, freed=0)
        handed_on = failed[0].older if failed else None
        new = replace(new, older=handed_on or older)
        ends = ERROR if self.happens() else COMPLETED
        slow = self.draw.choice((2, 30, 80)) if self.happens() else 0.2
        self.fates[new.id] = (self.now + slow * HOUR, ends)
        self.ec2.there.append(new)
        return new

    def _settle(self) -> None:
        for number, snapshot in enumerate(self.ec2.there):
            when, ends = self.fates.get(snapshot.id, (self.now, snapshot.state))
            if snapshot.state == PENDING and when <= self.now:
                self.ec2.there[number] = replace(snapshot, state=ends)

    @property
    def _rule(self) -> Rule:
        return Rule(keep=self.keep, source="keep_day", schedule=self.schedule)

    def _rotation(self, run: Run) -> Rotation:
        return Rotation(rule=self._rule, run=run, limit=self.limit)

    def _deleter(self, rotation: Rotation) -> Deleter:
        there = {snapshot.id: snapshot for snapshot in self.ec2.there}
        return Deleter(writer=cast("Ec2", self.ec2), there=there, look=self.ec2.look, judge=rotation.decide)

    def older_than_newest(self) -> Iterator[Snapshot]:
        """Yield the restore points but for the newest, newest first."""
        yield from sorted(self.ec2.there, key=lambda snapshot: snapshot.started, reverse=True)[1:]
