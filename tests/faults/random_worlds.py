"""Worlds by seed: one number gives one account, one history and one setting of everything that matters."""

import random

from ebs_backup.names import TAG_HOLD, TAG_OLDER, TAG_PERIOD, TAG_RUN, Period
from fake_aws.records import SnapshotRecord
from tests.faults.clock import DAY, HOUR
from tests.faults.oracle import Occasion, occasion, ours
from tests.faults.world import World, a_settings, add_strangers, written

MOST_BLOCKING = 3  # pending and failed snapshots of a volume: EC2 takes no new one beside five
MOST_KEPT_BY_AWS = 3  # of one volume: after five refusals the function tries the newest instead
DAILY = ("30 1 ? * MON-FRI *", "30 1 ? * MON-FRI *", "30 1 * * ? *", "0 0/6 * * ? *", "off")
HOLDS = ("true", "2026-11-01", "2099-12-31", "till christmas")


def random_world(seed: int) -> World:
    """Return the world of this seed."""
    draw = random.Random(seed)  # noqa: S311 - not a secret
    world = World(
        settings=a_settings(
            **{f"keep_{period}": draw.randint(1, 4) for period in Period},
            tag_value=draw.choice(["true", "true", "true", "tr*e", "t?ue", "a\\b"]),
            max_expired_per_volume=draw.randint(1, 3),
            backup_set=draw.choice(["default", "db"]),
            schedule_day=draw.choice(DAILY),
        ),
        period=draw.choice([Period.DAY, Period.DAY, Period.WEEK, Period.MONTH]),
        workers=draw.choice([1, 1, 1, 4]),
        seed=seed,
    )
    world.account.snapshots_a_page, world.account.volumes_a_page = (
        draw.choice([7, 40, 1000]),
        draw.choice([1, 3, 500]),
    )
    world.account.lag = draw.choice([0, 0, 1, 2.5, 4, 8, 40])
    if draw.random() < 0.5:  # a listing may then hide what the one before it showed
        wobble = random.Random(seed)  # noqa: S311 - not a secret
        world.account.lag_of_listing = lambda most: wobble.uniform(0, most)
    for _ in range(draw.randint(1, 4)):
        _add_volume(world, draw)
    if draw.random() < 0.6:  # in the other worlds there is no stranger that somebody should look at
        add_strangers(world, next(iter(world.account.volumes)))
    for tag in draw.sample(["True", "truex", "tree", "ab"], 2):
        _add_volume(world, draw, **{world.settings.tag_name: tag})
    _number(world)
    shuffled = list(world.account.snapshots.items())
    draw.shuffle(shuffled)
    world.account.snapshots = dict(shuffled)
    return world


def _add_volume(world: World, draw: random.Random, **tags: str) -> None:
    state = draw.choice(["in-use", "in-use", "in-use", "available", "creating", "error"])
    volume = world.volume(state=state, **tags)
    for period in Period:
        for number in range(1, draw.choice([0, 1, 3, 6] if period == world.period else [0, 2]) + 1):
            _add_occasion(world, draw, volume.id, period, -number)
    if draw.random() < 0.1:  # somebody edited the tags
        world.snapshot(volume.id, age=50 * DAY, run="")
        world.snapshot(volume.id, age=40 * DAY, period="year")


def _number(world: World) -> None:
    """Tag each snapshot with the number of older occasions, as its run did; one that is not completed is pending."""
    numbered = [
        snapshot
        for snapshot in world.account.snapshots.values()
        if ours(world, snapshot)
        and TAG_RUN in snapshot.tags
        and snapshot.tags.get(TAG_PERIOD) in tuple(Period)
    ]
    for snapshot in numbered:
        place, mine = (snapshot.volume_id, snapshot.tags[TAG_PERIOD]), _occasion(world, snapshot)
        older = [
            other
            for other in numbered
            if (other.volume_id, other.tags[TAG_PERIOD]) == place and _occasion(world, other) < mine
        ]
        stay = {_occasion(world, other) for other in older}
        completed = {_occasion(world, other) for other in older if other.state(world.clock()) == "completed"}
        pending = len(stay - completed)
        snapshot.tags[TAG_OLDER] = f"{len(stay)} pending={pending}" if pending else str(len(stay))


def _occasion(world: World, snapshot: SnapshotRecord) -> Occasion:
    tags = snapshot.tags
    return occasion(world, snapshot.started, tags.get(TAG_RUN, ""), Period(tags[TAG_PERIOD]))


def _add_occasion(world: World, draw: random.Random, volume: str, period: Period, number: int) -> None:
    """Add the restore points of one firing: one, or a few that a person asked for."""
    age = world.age(number, period)
    if age < HOUR:
        return
    _add_point(world, draw, volume, period, age, written(world.firing(number, period)))
    while draw.random() < 0.15:
        age -= draw.uniform(120, 1200)
        _add_point(world, draw, volume, period, age, f"by hand {age:.0f}")


def _add_point(world: World, draw: random.Random, volume: str, period: Period, age: float, run: str) -> None:
    """Add one restore point, now and then failed, pending, on hold, kept by AWS, or double."""
    now = world.clock()
    mine = [snapshot for snapshot in world.account.snapshots.values() if snapshot.volume_id == volume]
    blocking = sum(snapshot.state(now) in ("pending", "error") for snapshot in mine)
    kept = sum(snapshot.kept_by_aws for snapshot in mine)
    states = ["completed"] * 12 + ["recovering"] + ["error", "error", "pending"] * (blocking < MOST_BLOCKING)
    point = world.snapshot(
        volume, age=age - draw.uniform(0, 60), state=draw.choice(states), period=period, run=run
    )
    event = draw.random()
    if event < 0.07:
        world.snapshot(volume, age=age - draw.uniform(60, 3000), period=period, run=run)
    elif event < 0.14:
        point.tags[TAG_HOLD] = draw.choice(HOLDS)
    elif event < 0.32 and kept < MOST_KEPT_BY_AWS and point.ends_as == "completed":
        how = draw.choice(["ami", "ami", "locked", "managed", "fast_restore"])
        setattr(point, how, "ami-0123456789abcdef0" if how == "ami" else True)
