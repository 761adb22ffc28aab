"""What is adopted becomes the set's own: its tags, its period, its occasion, and what rotation then decides."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebs_backup.aws import convert
from ebs_backup.model import ERROR, Fate, Volume
from ebs_backup.names import Period
from ebs_backup.retention import Rule, rotate
from tests.cli.adoptions import NOW, adopted, nights, only, planned, refusal
from tests.cli.tools import VOLUME, ec2ab, makesnapshots_1, makesnapshots_4, raw
from tests.unit.builders import NIGHT, a_snapshot, a_volume, settings


def test_an_adopted_snapshot_is_ours_to_the_function_itself() -> None:
    snapshot = raw(makesnapshots_4("day"), Encrypted=True, KmsKeyId="arn:aws:kms:eu-west-1:1:key/0")

    ours = convert.snapshot(adopted(snapshot, only(snapshot)))

    assert (ours.ours, ours.known_period, ours.period) == (True, True, "day")
    assert ours.name == "web-1 data"


def test_the_tags_are_those_of_a_run_and_say_all_that_is_known() -> None:
    snapshot = raw(makesnapshots_4("day"), VolumeSize=80, Encrypted=True, KmsKeyId="arn:key/0")

    assert only(snapshot).tags == {
        "ebs-backup:set": "default",
        "ebs-backup:period": "day",
        "ebs-backup:run": "adopted:snap-0a",
        "ebs-backup:source": f"volume={VOLUME} zone=eu-west-1a type=gp3 size=80 iops=3000 throughput=125"
        " encrypted=true device=/dev/xvdf instance=i-07aa key=arn:key/0",
        "Name": "web-1 data day 2026-11-23 01:30Z",
    }


def test_of_a_volume_that_is_gone_the_snapshot_says_what_it_can() -> None:
    adoption = only(raw(makesnapshots_4("day")), volumes=(), named=frozenset({VOLUME}))

    assert adoption.tags["ebs-backup:source"] == f"volume={VOLUME} size=100"
    assert adoption.tags["Name"] == f"{VOLUME} day 2026-11-23 01:30Z"
    assert adoption.decision.sentence == "kept: its volume is gone"


def test_neither_extra_tags_nor_the_volumes_are_put_on_it_and_its_own_name_stays() -> None:
    snapshot = raw(makesnapshots_4("day"), tags={"Name": "my data", "MakeSnapshot": "True"})

    adoption = only(snapshot, configured=settings(extra_tags={"CostCenter": "1"}))

    assert sorted(adoption.tags) == [
        "ebs-backup:period",
        "ebs-backup:run",
        "ebs-backup:set",
        "ebs-backup:source",
    ]


def test_two_of_one_volume_in_the_same_second_are_no_duplicates() -> None:
    twins = [raw(makesnapshots_4("day"), id=f"snap-{number}") for number in range(2)]

    made = planned(*twins, configured=settings(keep_day=1))

    assert [adoption.decision.sentence for adoption in made.adoptions] == ["kept: 1 of 1"] * 2


@pytest.mark.parametrize("period", list(Period))
def test_each_joins_the_period_that_its_tool_took_it_for(period: Period) -> None:
    snapshot = raw(makesnapshots_4(period))

    adoption = only(snapshot, period=Period.MONTH)

    assert adoption.period == adoption.tags["ebs-backup:period"] == period


def test_one_that_names_no_period_waits_for_the_operators_word_but_ec2_automate_backups_join_the_day() -> (
    None
):
    first, other = raw(makesnapshots_1()), raw(ec2ab())

    assert refusal(first) == "its description names no period: say which with --period"
    assert only(first, period=Period.WEEK).period == Period.WEEK
    assert only(other).period == Period.DAY
    assert only(other, period=Period.WEEK).period == Period.WEEK


def test_each_joins_the_occasion_of_the_firing_before_its_start() -> None:
    sunday = NIGHT - timedelta(hours=12)

    adoption = only(raw(makesnapshots_4("day", sunday), started=sunday))

    assert adoption.decision.occasion == (NIGHT - timedelta(days=3), "")


def test_rotation_then_counts_them_with_the_sets_own_and_says_what_goes() -> None:
    held = (a_snapshot(id="snap-own", volume_id=VOLUME),)
    every_night = settings(schedule_day="30 1 * * ? *", keep_day=3)

    made = planned(*nights(4), held=held, configured=every_night)

    assert [(adoption.backup.snapshot.id, adoption.decision.sentence) for adoption in made.adoptions] == [
        ("snap-00", "kept: 2 of 3"),
        ("snap-01", "kept: 3 of 3"),
        ("snap-02", "expired: beyond keep_day=3"),
        ("snap-03", "expired: beyond keep_day=3"),
    ]


def test_the_volumes_own_keep_count_holds() -> None:
    volume = a_volume(id=VOLUME, tags={"Backup": "true", "ebs-backup:keep-day": "1"})

    made = planned(*nights(2), volumes=(volume,), configured=settings(schedule_day="30 1 * * ? *"))

    assert [adoption.decision.sentence for adoption in made.adoptions] == [
        "kept: 1 of 1",
        "expired: beyond its tag ebs-backup:keep-day=1",
    ]


def test_a_hold_keeps_it() -> None:
    snapshots = nights(2, tags={"ebs-backup:hold": "true"})

    made = planned(*snapshots, configured=settings(schedule_day="30 1 * * ? *", keep_day=1))

    assert [adoption.decision.sentence for adoption in made.adoptions] == ["kept: 1 of 1", "kept: on hold"]


@pytest.mark.parametrize(
    ("volume", "why"),
    [
        (
            a_volume(id=VOLUME, tags={"Backup": "true", "ebs-backup:skip": "true"}),
            "skipped until the tag is removed",
        ),
        (a_volume(id=VOLUME, state=ERROR), "in state error"),
    ],
)
def test_no_run_rotates_a_volume_that_is_skipped_or_lost(volume: Volume, why: str) -> None:
    assert (
        only(raw(makesnapshots_4("day")), volumes=(volume,)).decision.sentence == f"kept: its volume is {why}"
    )


def test_what_a_gone_volume_left_expires_where_the_set_says_so() -> None:
    gone = {"volumes": (), "named": frozenset({VOLUME})}
    old, young = settings(expire_gone_after_days=30), NIGHT + timedelta(days=31)
    newer = (a_snapshot(id="snap-own", volume_id=VOLUME, period="week", days_ago=-2),)

    later = [
        only(raw(makesnapshots_4("day")), configured=old, now=young, held=held, **gone)
        for held in ((), newer)
    ]

    assert [adoption.decision.fate for adoption in later] == [Fate.EXPIRED, Fate.KEPT]


def test_the_newest_of_each_volume_come_first() -> None:
    """If it stops halfway, the newest are there."""
    times = [NIGHT - timedelta(days=days) for days in (7, 0, 14)]
    snapshots = [
        raw(
            makesnapshots_4("day", time, volume=volume), id=f"{volume}/{time:%d}", volume=volume, started=time
        )
        for time in times
        for volume in ("vol-0b", "vol-0a")
    ]

    made = planned(*snapshots, volumes=(a_volume(id="vol-0a"), a_volume(id="vol-0b")))

    assert [adoption.backup.snapshot.id for adoption in made.adoptions] == [
        f"{volume}/{day}" for volume in ("vol-0a", "vol-0b") for day in ("23", "16", "09")
    ]


SECONDS = st.integers(0, 20 * 86400)


@given(st.lists(SECONDS, max_size=8), st.lists(SECONDS, max_size=4), st.integers(1, 5))
def test_the_plan_says_what_the_functions_own_rotation_decides_once_it_is_carried_out(
    theirs: list[int], own: list[int], keep: int
) -> None:
    configured = settings(keep_day=keep)
    held = tuple(
        a_snapshot(id=f"own-{number}", volume_id=VOLUME, days_ago=seconds / 86400, run=f"run-{number}")
        for number, seconds in enumerate(own)
    )
    started = [NIGHT - timedelta(seconds=seconds) for seconds in theirs]
    snapshots = {
        f"snap-{number}": raw(makesnapshots_4("day", time), id=f"snap-{number}", started=time)
        for number, time in enumerate(started)
    }

    made = planned(*snapshots.values(), held=held, configured=configured)

    ours = [
        replace(convert.snapshot(adopted(snapshots[adoption.backup.snapshot.id], adoption)), name="")
        for adoption in made.adoptions
    ]
    rule = Rule(keep=keep, source="keep_day", schedule=configured.schedule_day)
    decided = {
        decision.snapshot.id: decision
        for decision in rotate((*held, *ours), rule=rule, run="", today=NOW.date())
    }
    assert {adoption.backup.snapshot.id: adoption.decision.sentence for adoption in made.adoptions} == {
        id_: decision.sentence for id_, decision in decided.items() if id_ in snapshots
    }
    assert len(made.adoptions) == len(theirs)
