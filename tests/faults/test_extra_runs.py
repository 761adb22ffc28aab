"""What people add: runs by hand, replayed events, edited and foreign tags, holds; none of it shortens the history."""

from ebs_backup.names import TAG_HOLD, TAG_PERIOD, TAG_RUN, TAG_SET, TAG_SOURCE
from fake_aws import wire
from fake_aws.records import SnapshotRecord
from fake_aws.server import Endpoint
from tests.faults.clock import DAY, HOUR
from tests.faults.invariants import check, of_run
from tests.faults.world import World, a_settings, written

DAYS_ALONE = {"schedule_week": "off", "schedule_month": "off"}  # otherwise these periods would be overdue


def there(snapshots: list[SnapshotRecord]) -> list[str]:
    return [snapshot.id for snapshot in snapshots if snapshot.deleted is None]


def test_five_runs_by_hand_within_ten_minutes_cost_nothing_of_the_history(endpoint: Endpoint) -> None:
    world = World(settings=a_settings(keep_day=4))
    history = world.history(world.volume().id, 4)

    with world.function(endpoint) as function:
        check(world, function.invoke(world.event))
        after_the_night = there(history)
        for number in range(5):
            world.ask(f"by-hand-{number}", after=120)
            check(world, function.invoke(world.event, request=world.by_hand))

    assert len(after_the_night) == 3
    assert there(history) == after_the_night
    assert sum(snapshot.deleted is None for snapshot in world.account.snapshots.values()) == 3 + 1 + 5


def test_five_queued_events_that_come_on_one_day_are_one_occasion(endpoint: Endpoint) -> None:
    world = World(settings=a_settings(keep_day=4))
    history = world.history(world.volume().id, 4)
    world.clock.sleep(6 * HOUR)
    events = [{"period": "day", "time": written(world.firing(number))} for number in range(-5, 1)]

    with world.function(endpoint) as function:
        for number, event in enumerate(events):
            function.invoke(event, request=f"replay-{number}")
            world.clock.sleep(60)

    assert len(there(history)) == 3
    names = {
        snapshot.tags["Name"] for snapshot in world.account.snapshots.values() if "Name" in snapshot.tags
    }
    assert all(" 2026-11-23 " in name for name in names)


def test_a_run_by_hand_with_a_mistyped_year_touches_nothing(endpoint: Endpoint) -> None:
    world = World()
    volume = world.volume().id

    with world.function(endpoint) as function:
        check(world, function.invoke(world.event))
        mistyped = function.invoke({"period": "day", "time": "2126-11-23T01:30:00Z"}, request="by-hand")
        world.next_night()
        check(world, function.invoke(world.event))

    assert mistyped.answer is not None
    assert mistyped.answer["status"] == "FAILED"
    (made,) = of_run(world, volume)
    assert made.started >= world.firing(1)


def test_snapshots_of_another_tool_with_our_tags_are_left_alone_and_named(endpoint: Endpoint) -> None:
    labels = {TAG_SET: "default", TAG_PERIOD: "day", TAG_RUN: "2026-10-01T01:30:00Z"}
    world = World()
    volume = world.volume(**labels)
    foreign = [world.stranger(volume.id, age=number * DAY, tags=labels) for number in range(1, 21)]

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event)

    check(world, invocation)
    assert len(there(foreign)) == 20
    assert invocation.told["status"] == "CHECK"
    assert invocation.told["held"]["day"]["points"] == 1
    (mail,) = invocation.mails
    assert volume.id in mail.body
    assert foreign[0].id in mail.data


def test_one_run_written_on_thirty_nights_costs_none_of_them(endpoint: Endpoint) -> None:
    world = World(settings=a_settings(keep_day=30, max_expired_per_volume=1, **DAYS_ALONE))
    points = world.history(world.volume().id, 30)
    for point in points:
        point.tags[TAG_RUN] = "2026-11-01T01:30:00Z"

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event)

    check(world, invocation)
    assert len(there(points)) == 30
    assert invocation.told["status"] == "CHECK"
    assert "EDITED TAGS  29 snapshots" in invocation.mails[0].body


def test_snapshots_without_a_run_or_of_an_unknown_period_are_named_and_stay(endpoint: Endpoint) -> None:
    world = World(settings=a_settings(**DAYS_ALONE))
    volume = world.volume().id
    strays = [world.snapshot(volume, age=9 * DAY, run=""), world.snapshot(volume, age=8 * DAY, period="year")]

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event)

    check(world, invocation)
    assert len(there(strays)) == 2
    assert invocation.told["status"] == "CHECK"
    assert {stray["id"] for stray in invocation.told["strays"]} == {stray.id for stray in strays}


def test_what_is_on_hold_stays_until_the_end_of_its_day(endpoint: Endpoint) -> None:
    world = World(settings=a_settings(max_expired_per_volume=9, **DAYS_ALONE))
    points = world.history(world.volume().id, 9)
    *_, today, odd, passed, for_ever = points
    for point, value in ((for_ever, "true"), (passed, "2026-11-22"), (odd, "soon"), (today, "2026-11-23")):
        point.tags[TAG_HOLD] = value

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event)

    check(world, invocation)
    assert there([today, odd, passed, for_ever]) == [today.id, odd.id, for_ever.id]
    assert invocation.told["status"] == "CHECK"
    assert invocation.told["on_hold"] == 3


def test_what_a_volume_that_is_gone_has_left_expires_slowly_and_only_where_the_set_says_so(
    endpoint: Endpoint,
) -> None:
    world = World(settings=a_settings(expire_gone_after_days=30, max_expired_per_volume=2))
    world.volume()
    old = [world.snapshot("vol-0dead", age=number * DAY) for number in range(31, 36)]
    lately = [world.snapshot("vol-0beef", age=number * DAY) for number in (3, 40)]

    with world.function(endpoint) as function:
        first = function.invoke(world.event)
        left_after_one = there(old)
        for _ in range(2):
            world.next_night()
            check(world, function.invoke(world.event))

    check(world, first)
    assert left_after_one == [snapshot.id for snapshot in old[:3]]
    assert there(old) == []
    assert len(there(lately)) == 2


def test_of_what_a_volume_that_is_gone_has_left_holds_and_images_keep_some_and_failed_ones_go(
    endpoint: Endpoint,
) -> None:
    world = World(settings=a_settings(expire_gone_after_days=30, max_expired_per_volume=2, **DAYS_ALONE))
    world.volume()
    *free, held, of_an_image = [world.snapshot("vol-0dead", age=number * DAY) for number in range(31, 38)]
    held.tags[TAG_HOLD], of_an_image.ami = "true", "ami-0123456789abcdef0"
    failed = world.snapshot("vol-0dead", age=40 * DAY, state="error")

    with world.function(endpoint) as function:
        for _ in range(3):
            check(world, function.invoke(world.event))
            world.next_night()

    assert there([*free, held, of_an_image, failed]) == [held.id, of_an_image.id]


def test_a_listing_that_lacks_a_volume_does_not_cost_its_backups(endpoint: Endpoint) -> None:
    world = World(settings=a_settings(expire_gone_after_days=30))
    world.volume()
    retired = world.volume(Backup="no").id
    old = [world.snapshot(retired, age=number * DAY) for number in range(31, 36)]
    world.account.unlisted = [retired]

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event)

    check(world, invocation)
    assert len(there(old)) == 5


def test_where_ec2_does_not_say_that_a_volume_is_gone_nothing_of_it_goes_and_the_mail_says_so(
    endpoint: Endpoint,
) -> None:
    world = World(settings=a_settings(expire_gone_after_days=30))
    world.volume()
    old = [world.snapshot("vol-0dead", age=number * DAY) for number in range(31, 36)]

    with world.function(endpoint) as function:
        invocation = function.invoke(world.event, plan={("DescribeVolumes", 1): wire.REFUSALS[0]})

    check(world, invocation)
    assert len(there(old)) == 5
    assert invocation.told["status"] == "CHECK"
    assert "nothing of theirs expires in this run" in " ".join(invocation.mails[0].body.split())


def test_a_period_that_is_off_is_never_overdue_and_a_run_by_hand_of_it_works(endpoint: Endpoint) -> None:
    world = World(settings=a_settings(schedule_week="off"))
    volume = world.volume().id
    world.history(volume, 4)

    with world.function(endpoint) as function:
        night = function.invoke(world.event)
        world.clock.sleep(120)
        by_hand = function.invoke({"period": "week"}, request="by-hand")

    assert night.told["overdue"] == []
    assert by_hand.told["created"] == 1


def test_a_run_of_some_volumes_touches_no_other_and_names_what_is_not_selected(endpoint: Endpoint) -> None:
    world = World()
    one, other = world.volume(), world.volume()
    history = world.history(other.id, 6)

    with world.function(endpoint) as function:
        invocation = function.invoke(
            {"period": "day", "volumes": [one.id, "vol-0123456789abcdef0"]}, request="by-hand"
        )

    assert invocation.told["created"] == 1
    assert invocation.told["missing"] == ["vol-0123456789abcdef0"]
    assert len(there(history)) == 6
    assert all(
        snapshot.volume_id == one.id
        for snapshot in world.account.snapshots.values()
        if TAG_SOURCE in snapshot.tags and snapshot not in history
    )


def test_a_bad_event_is_answered_and_mailed_and_not_raised(endpoint: Endpoint) -> None:
    world = World()
    world.history(world.volume().id, 6)

    with world.function(endpoint) as function:
        invocation = function.invoke({"period": "dya"})

    assert invocation.told == {
        "status": "FAILED",
        "error": "period must be one of day, week, month, got 'dya'",
    }
    assert "dya" in invocation.mails[0].body
    assert {call.action for call in invocation.calls} == {"Publish"}
