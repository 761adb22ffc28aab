"""Worlds: an account with volumes, history and strangers in it. `random_worlds` makes them by seed."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from ebs_backup import cron
from ebs_backup.names import OFF, TAG_HOLD, TAG_PERIOD, TAG_RUN, TAG_SET, TAG_SOURCE, Period
from ebs_backup.settings import Settings
from fake_aws.account import KEY_LOST, TOPIC, FakeAccount
from fake_aws.records import SnapshotRecord, VolumeRecord
from fake_aws.server import Endpoint
from fake_aws.service import Service
from infra.settings.defaults import DEFAULTS
from tests.faults.clock import DAY, HOUR, NIGHT, VirtualClock
from tests.faults.function import LocalFunction, deployed

# EC2's listings may lag by so many seconds. What the function knows may be 10 s old. Together that is less than the
# 15 s in which EC2 refuses a second snapshot of a volume.
SETTLED = 4
# Small enough that a few snapshots show everything.
SMALL = {"keep_day": 3, "keep_week": 2, "keep_month": 1, "max_expired_per_volume": 2}


def a_settings(**changed: object) -> Settings:
    """Return the default settings of one stack with small numbers and these changes."""
    defaults = {name: DEFAULTS[name] for name in Settings.__slots__} | {"topic_arn": TOPIC}
    return Settings(**defaults | SMALL | changed)  # type: ignore[arg-type] # checked at run time


@lru_cache(maxsize=100)
def firings(schedule: str) -> Sequence[float]:
    """Return when a schedule fires, in the years around the night; none where it is off."""
    if schedule == OFF:
        return ()
    start, end = datetime(2025, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
    return [instant.timestamp() for instant in cron.instants(schedule, start=start, end=end)]


def written(seconds: float) -> str:
    """Write a time as EventBridge does."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


@dataclass(slots=True, kw_only=True)
class World:
    """An account, the settings of the set that runs in it, and the period that is due.

    `nights` counts the firings of the schedule since the first; `by_hand` is the request of a run that a person asked
    for.
    """

    settings: Settings = field(default_factory=a_settings)
    period: Period = Period.DAY
    workers: int = 1
    seed: int = 0
    nights: int = 0
    by_hand: str = ""
    excused: Counter[str] = field(default_factory=Counter)  # deletions beyond the limit, by volume
    clock: VirtualClock = field(init=False)
    account: FakeAccount = field(init=False)
    began: float = field(init=False)  # when the first delivery of this run came
    _strangers: int = 0

    def __post_init__(self) -> None:
        self.clock = VirtualClock(self.firing(0))
        self.account = FakeAccount(clock=self.clock)
        self.began = self.clock()

    def firing(self, number: int, period: Period | None = None) -> float:
        """Return a firing of a period's schedule: 0 is the first from the night on, -1 the one before."""
        night = NIGHT.timestamp()
        times = firings(self.settings.schedule(period or self.period))
        return times[bisect_left(times, night) + number] if times else night + number * DAY

    @property
    def run(self) -> str:
        """Return the run's identity."""
        return self.by_hand or written(self.firing(self.nights))

    @property
    def event(self) -> dict[str, str]:
        """Return the event that the rule, or a person, sends."""
        return {"period": self.period.value} | ({} if self.by_hand else {"time": self.run})

    @property
    def selected(self) -> list[VolumeRecord]:
        """Return the volumes that the set is to back up."""
        settings = self.settings
        return [
            volume
            for volume in self.account.volumes.values()
            if volume.tags.get(settings.tag_name) == settings.tag_value
            and volume.state in ("in-use", "available")
        ]

    @property
    def lost(self) -> list[VolumeRecord]:
        """Return the volumes that the set is to back up and EC2 has lost."""
        settings = self.settings
        return [
            volume
            for volume in self.account.volumes.values()
            if volume.tags.get(settings.tag_name) == settings.tag_value and volume.state == "error"
        ]

    def volume(self, *, state: str = "in-use", kind: str = "gp3", **tags: str) -> VolumeRecord:
        """Add a volume, selected unless its tags say otherwise."""
        number = len(self.account.volumes) + 1
        ours = {self.settings.tag_name: self.settings.tag_value, "Name": f"web-{number} data"}
        made = VolumeRecord(id=f"vol-{number:017x}", tags=ours | tags, state=state, type=kind)
        self.account.volumes[made.id] = made
        self.account.instances[made.instance] = {"Name": "web-1"}
        return made

    def snapshot(
        self, volume: str, *, age: float, state: str = "completed", run: str | None = None, **changed: str
    ) -> SnapshotRecord:
        """Add a snapshot of ours, so many seconds older than the first firing.

        `period`, `of_set`, `source` and `hold` may be others; a tag that is empty is left off.
        """
        tags = {
            TAG_SET: changed.get("of_set", self.settings.backup_set),
            TAG_PERIOD: str(changed.get("period", self.period)),
            TAG_RUN: f"run {age / HOUR:.2f} hours before" if run is None else run,
            TAG_SOURCE: changed.get("source", f"volume={volume} zone=eu-west-1a type=gp3 size=8"),
            TAG_HOLD: changed.get("hold", ""),
        }
        return self.stranger(
            volume, age=age, state=state, tags={key: tag for key, tag in tags.items() if tag}
        )

    def stranger(
        self, volume: str, *, age: float, tags: dict[str, str], state: str = "completed"
    ) -> SnapshotRecord:
        """Add any snapshot; a pending one settles long after everything that a test does in one night."""
        self._strangers += 1
        return self.account.add(
            SnapshotRecord(
                id=f"snap-f{self._strangers:016x}",
                volume_id=volume,
                started=self.firing(0) - age,
                tags=tags,
                settles=self.firing(0) + 10 * HOUR if state == "pending" else 0,
                ends_as="completed" if state == "pending" else state,
                state_message=KEY_LOST if state == "error" else "",
            )
        )

    def age(self, number: int, period: Period | None = None) -> float:
        """Return how old a snapshot is that began a minute after this firing of a period."""
        return self.firing(0) - self.firing(number, period) - 60

    def history(self, volume: str, points: int, *, period: Period | None = None) -> list[SnapshotRecord]:
        """Add completed restore points of a period, one for each of its last firings, newest first."""
        period = period or self.period
        latest = -1
        while self.age(latest, period) < HOUR:
            latest -= 1
        return [
            self.snapshot(
                volume,
                age=self.age(number, period),
                period=period,
                run=written(self.firing(number, period)),
            )
            for number in range(latest, latest - points, -1)
        ]

    @property
    def may_slip(self) -> bool:
        """Return whether a duplicate may slip through: no listing shows in time what has just been made."""
        return self.account.lag > SETTLED

    def next_night(self) -> None:
        """Let time pass until the schedule fires next: another run is due."""
        self.nights += 1
        self.by_hand = ""
        self.clock.sleep(self.firing(self.nights) - self.clock())
        self._begin()

    def ask(self, request: str, *, after: float = 60) -> None:
        """Let a person ask for another run, so many seconds from now."""
        self.by_hand = request
        self.clock.sleep(after)
        self._begin()

    def _begin(self) -> None:
        self.excused.clear()
        self.began = self.clock()

    @contextmanager
    def function(self, endpoint: Endpoint) -> Iterator[LocalFunction]:
        """Deploy the function in this world."""
        endpoint.service = Service(account=self.account)
        with deployed(endpoint, self.clock, self.settings, workers=self.workers, seed=self.seed) as function:
            yield function


def small_world() -> World:
    """Return three volumes with history of two periods, a failed snapshot, an AMI's, and strangers."""
    world = World()
    for volume in [world.volume() for _ in range(3)]:
        points = world.history(volume.id, 6)
        if volume.id.endswith("2"):
            points[-1].ami = "ami-0123456789abcdef0"
        world.history(volume.id, 3, period=Period.WEEK)
    last = world.selected[-1].id
    world.snapshot(last, age=2 * HOUR, state="error")
    add_strangers(world, last)
    world.account.snapshots_a_page, world.account.volumes_a_page = 7, 2
    return world


def add_strangers(world: World, volume: str) -> None:
    """Add what no run may ever touch."""
    world.snapshot(volume, age=30 * DAY, of_set="another")
    world.stranger(volume, age=90 * DAY, tags={})
    world.stranger(volume, age=90 * DAY, tags={"Name": "day_snapshot by hand"})
    world.stranger(volume, age=90 * DAY, tags={TAG_SET: world.settings.backup_set})
    world.snapshot(volume, age=90 * DAY, source="")
    world.snapshot(volume, age=91 * DAY, source="volume=vol-0dead zone=eu-west-1a")
    other = world.volume(**{world.settings.tag_name: "no"})
    world.history(other.id, 6)
    world.history("vol-0dead", 6)
