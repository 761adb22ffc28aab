"""Worlds: an account with volumes, history and strangers in it, made by hand or by seed."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from benchmarks.aws.account import Account, SnapshotRecord, VolumeRecord
from benchmarks.aws.server import Endpoint
from benchmarks.aws.service import Service
from ebs_backup.settings import TAG_PERIOD, TAG_RUN, TAG_SET, Period, Settings
from tests.faults.clock import HOUR, NIGHT, VirtualClock
from tests.faults.function import Function, deployed

AGE = {Period.DAY: 24 * HOUR, Period.WEEK: 7 * 24 * HOUR, Period.MONTH: 30 * 24 * HOUR}
SETTLED = 5  # seconds that EC2's listings may lag behind its writes, by DESIGN
MOST_BLOCKING = 3  # pending and failed snapshots of a volume: EC2 takes no new one beside five
CONTEXT = json.loads(Path(__file__).parents[2].joinpath("cdk.json").read_text("utf-8"))["context"]
# Small enough that a few snapshots show everything.
SMALL = {"keep_day": 3, "keep_week": 2, "keep_month": 1, "max_expired_per_volume": 2}


def a_settings(**changed: object) -> Settings:
    """Give the default settings of one stack, but for small numbers and these."""
    defaults = {name: CONTEXT[name] for name in Settings.__slots__}
    return Settings.parse(defaults | SMALL | changed)


@dataclass(slots=True, kw_only=True)
class World:
    """An account, the settings of the set that runs in it, and the period that is due."""

    settings: Settings = field(default_factory=a_settings)
    period: Period = Period.DAY
    workers: int = 1
    seed: int = 0
    clock: VirtualClock = field(default_factory=VirtualClock)
    nights: int = 0  # since the first
    excused: Counter[str] = field(default_factory=Counter)  # deletions beyond the limit, by volume
    at_once: bool = False  # two deliveries of this night's run met
    account: Account = field(init=False)
    _strangers: int = 0

    def __post_init__(self) -> None:
        self.account = Account(clock=self.clock)

    @property
    def event(self) -> dict[str, str]:
        """Give the event that the rule sends."""
        return {"period": self.period.value, "time": self.run}

    @property
    def run(self) -> str:
        """Give the run's identity."""
        return (NIGHT + timedelta(days=self.nights)).isoformat().replace("+00:00", "Z")

    @property
    def selected(self) -> list[VolumeRecord]:
        """Give the volumes that the set is to back up."""
        settings = self.settings
        return [
            each
            for each in self.account.volumes.values()
            if each.tags.get(settings.tag_name) == settings.tag_value
            and each.state in ("in-use", "available")
        ]

    def volume(self, *, state: str = "in-use", kind: str = "gp3", **tags: str) -> VolumeRecord:
        """Put a volume there, selected unless its tags say otherwise."""
        number = len(self.account.volumes) + 1
        ours = {self.settings.tag_name: self.settings.tag_value, "Name": f"web-{number} data"}
        made = VolumeRecord(id=f"vol-{number:017x}", tags=ours | tags, state=state, type=kind)
        self.account.volumes[made.id] = made
        self.account.instances[made.instance] = {"Name": "web-1"}
        return made

    def snapshot(
        self, volume: str, *, age: float, run: str = "", state: str = "completed", **changed: str
    ) -> SnapshotRecord:
        """Put a snapshot of ours there, this many seconds old; `period` and `of_set` may be another's."""
        period, of_set = changed.get("period", self.period), changed.get("of_set", self.settings.backup_set)
        tags = {TAG_SET: of_set, TAG_PERIOD: str(period), TAG_RUN: run or f"run {age / HOUR:.2f} hours ago"}
        return self.stranger(
            volume, age=age, state=state, tags={key: tag for key, tag in tags.items() if tag}
        )

    def stranger(
        self, volume: str, *, age: float, tags: dict[str, str], state: str = "completed"
    ) -> SnapshotRecord:
        """Put any snapshot there; a pending one settles long after everything that a test does in one night."""
        self._strangers += 1
        return self.account.add(
            SnapshotRecord(
                id=f"snap-f{self._strangers:016x}",
                volume_id=volume,
                started=NIGHT.timestamp() - age,
                tags=tags,
                settles=NIGHT.timestamp() + 10 * HOUR if state == "pending" else 0,
                ends_as="completed" if state == "pending" else state,
            )
        )

    def history(self, volume: str, points: int, *, period: Period | None = None) -> list[SnapshotRecord]:
        """Put completed restore points of a period there, newest first."""
        period = period or self.period
        return [
            self.snapshot(volume, age=AGE[period] * number + 60, period=period)
            for number in range(1, points + 1)
        ]

    @property
    def may_slip(self) -> bool:
        """Tell whether a duplicate may slip through: no listing shows in time what has just been made.

        Neither does one to a worker so slow that EC2's 15 s between two snapshots of a volume are over: where several
        share the virtual clock, one that sleeps makes the others as slow as that.
        """
        slow = self.at_once or (self.workers > 1 and self.account.lag > 0)
        return slow or self.account.lag > SETTLED

    @property
    def night(self) -> float:
        """Give the time at which the run is due."""
        return (NIGHT + timedelta(days=self.nights)).timestamp()

    def next_night(self) -> None:
        """Let a day pass: another run is due."""
        self.nights += 1
        self.excused.clear()
        self.at_once = False
        self.clock.sleep(self.night - self.clock())

    @contextmanager
    def function(self, endpoint: Endpoint) -> Iterator[Function]:
        """Deploy the function in this world."""
        endpoint.service = Service(account=self.account)
        endpoint.gates = {}
        with deployed(endpoint, self.clock, self.settings, workers=self.workers, seed=self.seed) as function:
            yield function


def small_world() -> World:
    """Give three volumes with history of two periods, a failed snapshot, an AMI's, and strangers."""
    world = World()
    for volume in [world.volume() for _ in range(3)]:
        points = world.history(volume.id, 6)
        if volume.id.endswith("2"):
            points[-1].ami = "ami-0123456789abcdef0"
        world.history(volume.id, 3, period=Period.WEEK)
    last = world.selected[-1].id
    world.snapshot(last, age=2 * HOUR, state="error")
    _add_strangers(world, last)
    world.account.page, world.account.volumes_a_page = 7, 2
    return world


def _add_strangers(world: World, volume: str) -> None:
    """Put there what no run may ever touch."""
    world.snapshot(volume, age=30 * 24 * HOUR, of_set="another")
    world.stranger(volume, age=90 * 24 * HOUR, tags={})
    world.stranger(volume, age=90 * 24 * HOUR, tags={"Name": "day_snapshot by hand"})
    world.stranger(volume, age=90 * 24 * HOUR, tags={TAG_SET: world.settings.backup_set})
    other = world.volume(**{world.settings.tag_name: "no"})
    world.history(other.id, 6)
    world.history("vol-0dead", 6)


def random_world(seed: int) -> World:
    """Give the world of this seed."""
    draw = random.Random(seed)  # noqa: S311 - not a secret
    keeps = {f"keep_{period}": draw.randint(1, 4) for period in Period}
    value = draw.choice(["true", "true", "true", "tr*e", "t?ue", "a\\b"])
    settings = a_settings(
        **keeps,
        tag_value=value,
        max_expired_per_volume=draw.randint(1, 3),
        backup_set=draw.choice(["default", "db"]),
    )
    world = World(
        settings=settings,
        period=draw.choice([Period.DAY, Period.DAY, Period.WEEK, Period.MONTH]),
        workers=draw.choice([1, 1, 1, 4]),
        seed=seed,
    )
    world.account.page, world.account.volumes_a_page = draw.choice([7, 40, 1000]), draw.choice([1, 3, 500])
    world.account.lag = draw.choice([0, 0, 1, 2.5, 4, 8, 40])
    if draw.random() < 0.5:  # a listing may then hide what the one before it showed
        wobble = random.Random(seed)  # noqa: S311 - not a secret
        world.account.lag_of_listing = lambda most: wobble.uniform(0, most)
    for _ in range(draw.randint(1, 4)):
        _add_random_volume(world, draw)
    _add_strangers(world, next(iter(world.account.volumes)))
    for tag in draw.sample(["True", "truex", "tree", "ab"], 2):
        _add_random_volume(world, draw, **{settings.tag_name: tag})
    shuffled = list(world.account.snapshots.items())
    draw.shuffle(shuffled)
    world.account.snapshots = dict(shuffled)
    return world


def _add_random_volume(world: World, draw: random.Random, **tags: str) -> None:
    state = draw.choice(["in-use", "in-use", "in-use", "available", "creating", "error"])
    volume = world.volume(state=state, **tags)
    for period in Period:
        for number in range(1, draw.choice([0, 1, 3, 6] if period == world.period else [0, 2]) + 1):
            _add_random_point(world, draw, volume.id, period, AGE[period] * number)


def _add_random_point(world: World, draw: random.Random, volume: str, period: Period, age: float) -> None:
    """Put one restore point there, now and then failed, pending, held by something, or double."""
    blocking = sum(
        each.state(NIGHT.timestamp()) in ("pending", "error")
        for each in world.account.snapshots.values()
        if each.volume_id == volume
    )
    states = ["completed"] * 12 + ["recovering"] + ["error", "error", "pending"] * (blocking < MOST_BLOCKING)
    point = world.snapshot(
        volume, age=age + draw.uniform(60, 3000), state=draw.choice(states), period=period, run=f"{age}"
    )
    holds = draw.random()
    if holds < 0.07:
        world.snapshot(volume, age=age + draw.uniform(60, 3000), period=period, run=f"{age}")
        return
    point.ami = "ami-0123456789abcdef0" if holds < 0.2 else ""
    point.locked = 0.2 < holds < 0.27
