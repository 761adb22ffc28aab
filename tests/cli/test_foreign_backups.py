"""A snapshot is adopted only if makesnapshots or ec2-automate-backup certainly made it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ebs_backup.names import Period
from ebs_backup_cli.adopt.foreign_backups import (
    EC2_AUTOMATE_BACKUP,
    MAKESNAPSHOTS,
    Adoptable,
)
from tests.cli.tools import (
    VOLUME,
    ec2ab,
    ec2ab_2012,
    makesnapshots_1,
    makesnapshots_2,
    makesnapshots_4,
    reason,
    seen,
)
from tests.unit.builders import NIGHT

PERIODS = st.sampled_from([period.value for period in Period])
INSTANTS = st.datetimes(datetime(2012, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
DELAYS = st.timedeltas(timedelta(0), timedelta(minutes=10))  # from the description to EC2's clock
ZONES = st.integers(-48, 56).map(lambda quarters: timedelta(minutes=15 * quarters))
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("description", "tool", "period"),
    [
        (f"day_snapshot {VOLUME}_day_Mon by snapshot script at 23-11-2026 01:30:00", MAKESNAPSHOTS, "day"),
        (f"week_snapshot {VOLUME}_week_47 by snapshot script at 23-11-2026 01:30:00", MAKESNAPSHOTS, "week"),
        (
            f"month_snapshot {VOLUME}_month_Nov by snapshot script at 23-11-2026 01:30:00",
            MAKESNAPSHOTS,
            "month",
        ),
        (f"day snapshot {VOLUME} by snapshot script at 2026-11-23 01:30:00.123456", MAKESNAPSHOTS, "day"),
        (f"week snapshot {VOLUME} by snapshot script at 2026-11-23 01:30:00", MAKESNAPSHOTS, "week"),
        (f"Snapshot {VOLUME} by snapshot script at 2026-11-23 01:30:00.123456", MAKESNAPSHOTS, None),
        (f"ec2ab_{VOLUME}_1795397400", EC2_AUTOMATE_BACKUP, None),
        (f"ec2ab_{VOLUME}_2026-11-23", EC2_AUTOMATE_BACKUP, None),
    ],
)
def test_every_form_that_a_tool_has_written_is_known_with_its_period(
    description: str, tool: str, period: str | None
) -> None:
    found = seen(description)

    assert isinstance(found, Adoptable)
    assert (found.tool, found.period, found.snapshot.volume_id) == (tool, period, VOLUME)


@given(PERIODS, INSTANTS, ZONES, DELAYS, st.timedeltas(timedelta(0), timedelta(hours=23)))
def test_whatever_makesnapshots_3_and_4_write_in_whatever_zone_is_theirs(
    period: str, started: datetime, zone: timedelta, delay: timedelta, run_so_far: timedelta
) -> None:
    local = (started - delay + zone).replace(microsecond=0)

    found = seen(makesnapshots_4(period, local, begun=local - run_so_far), started=started)

    assert isinstance(found, Adoptable), found
    assert found.period == period


@given(PERIODS, INSTANTS, ZONES, DELAYS)
def test_whatever_makesnapshots_1_and_2_write_in_whatever_zone_is_theirs(
    period: str, started: datetime, zone: timedelta, delay: timedelta
) -> None:
    local = started - delay + zone

    second, first = (
        seen(text, started=started) for text in (makesnapshots_2(period, local), makesnapshots_1(local))
    )

    assert isinstance(second, Adoptable), second
    assert isinstance(first, Adoptable), first
    assert (second.period, first.period) == (period, None)


@given(INSTANTS, st.timedeltas(timedelta(0), timedelta(hours=23)))
def test_whatever_ec2_automate_backup_writes_is_its_own_and_names_no_period(
    begun: datetime, run_so_far: timedelta
) -> None:
    for description in (ec2ab(begun), ec2ab_2012(begun)):
        found = seen(description, started=begun + run_so_far)

        assert isinstance(found, Adoptable), found
        assert found.period is None


REAL = (
    makesnapshots_4("day"),
    makesnapshots_4("week"),
    makesnapshots_4("month"),
    makesnapshots_2("day"),
    makesnapshots_2("month", NIGHT.replace(microsecond=123456)),
    makesnapshots_1(),
    ec2ab(),
    ec2ab_2012(),
)


@given(st.sampled_from(REAL), st.data())
def test_a_text_that_differs_by_one_character_is_never_theirs(text: str, data: st.DataObject) -> None:
    """Digits and T are not tried: another digit is another valid time, and ISO 8601 puts a T between date and time."""
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters().filter(lambda character: character not in "0123456789T" + text[at]))
    near = (
        text[:at] + other + text[at + 1 :],
        text[:at] + other + text[at:],
        text[:at] + text[at + 1 :],
        text + other,
        text.upper(),
        f" {text}",
        f"{text}\n",
    )

    assert not any(isinstance(seen(changed), Adoptable) for changed in near)


PIECES = st.sampled_from(
    [
        *(f"{period}{gap}snapshot " for period in ("day", "week", "month", "year", "hour") for gap in "_ -"),
        *("Snapshot ", "snapshot ", "ec2ab_", VOLUME, "vol-0b", "_day", "_Mon", "_47", "_month_Nov", " "),
        *(" by snapshot script at ", " by hand at ", "by me", "before the upgrade", "_", "[Copied snap-1] "),
        *(
            "23-11-2026",
            "_1447098412",
            "_2024-02-29",
            "tonight",
        ),
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
@example(f"day_snapshot {VOLUME}")
@example("day_snapshot before the upgrade")
@example(f"{VOLUME}_2026-11-23")  # as the very first ec2-automate-backup wrote, and as a person would
@example(f"day_snapshot {VOLUME}_week_Mon by snapshot script at 23-11-2026 01:30:00")
@example(f"hour_snapshot {VOLUME}_hour_01 by snapshot script at 23-11-2026 01:30:00")
@example(f"daily snapshot for {VOLUME} taken by the snapshot script at 23-11-2026 01:30:00")
@example(f"[Copied snap-0b from eu-west-1] {makesnapshots_4('day')}")
def test_a_hand_made_text_is_never_theirs(text: str) -> None:
    assert not isinstance(seen(text), Adoptable)


@given(st.sampled_from(REAL), st.from_regex(r"vol-([0-9a-f]{8}|[0-9a-f]{17})", fullmatch=True))
def test_a_description_of_another_volume_is_never_theirs(text: str, other: str) -> None:
    assert reason(text, volume=other) == f"its description names {VOLUME}, it is of {other}"


@given(st.sampled_from(REAL), st.timedeltas(-timedelta(days=900), timedelta(days=900)))
def test_the_time_in_a_description_is_not_held_against_ec2s(text: str, off: timedelta) -> None:
    """The time is from the clock of the tool's machine, and nothing tells that clock's zone."""
    assert isinstance(seen(text, started=NIGHT + off), Adoptable)


def test_any_weekday_is_one_for_a_run_may_pass_midnight() -> None:
    names = [makesnapshots_4("day", NIGHT, begun=NIGHT - timedelta(days=days)) for days in range(7)]

    assert all(isinstance(seen(name), Adoptable) for name in names)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"month_snapshot {VOLUME}_month_47 by snapshot script at 23-11-2026 01:30:00", "not one that"),
        (f"week_snapshot {VOLUME}_week_Mon by snapshot script at 23-11-2026 01:30:00", "not one that"),
        (f"day_snapshot {VOLUME}_day_mon by snapshot script at 23-11-2026 01:30:00", "not one that"),
        (f"day_snapshot {VOLUME}_day_Mon by snapshot script at 31-11-2026 01:30:00", "is not a time"),
        (f"day snapshot {VOLUME} by snapshot script at 2026-11-23 25:30:00", "is not a time"),
        (f"ec2ab_{VOLUME}_2026-02-29", "is not a time"),
        ("day_snapshot before the upgrade", "not one that makesnapshots or ec2-automate-backup writes"),
    ],
)
def test_what_only_looks_like_theirs_is_told_with_the_reason(text: str, why: str) -> None:
    assert why in reason(text)


@pytest.mark.parametrize("text", REAL)
def test_another_accounts_a_copy_and_what_aws_keeps_is_never_theirs(text: str) -> None:
    copied = text.replace(VOLUME, "vol-ffffffff")

    assert reason(text, owner="210987654321") == "it belongs to account 210987654321"
    assert reason(copied, volume="vol-ffffffff") == "it is a copy: EC2 does not say of which volume"
    assert reason(text, tags={"aws:backup:source-resource": "x"}).startswith("AWS itself keeps it")


def test_tags_alone_make_no_snapshot_theirs_for_people_set_them_too() -> None:
    tags = {"PurgeAllow": "true", "PurgeAfterFE": "1795397400", "CreatedBy": "ec2-automate-backup"}

    assert reason("before the upgrade", tags=tags | {"Name": ec2ab()})
    assert reason("", tags={"Name": ec2ab()})


def test_what_has_nothing_to_do_with_either_tool_is_not_even_mentioned() -> None:
    assert seen("Created by CreateImage(i-0a) for ami-0a") is None
    assert seen("") is None


@pytest.mark.parametrize(
    ("tags", "when"),
    [
        ({"PurgeAllow": "true", "PurgeAfterFE": "1795397400"}, NIGHT),
        ({"PurgeAllow": "false", "PurgeAfterFE": "1795397400"}, None),
        ({"PurgeAllow": "true", "PurgeAfterFE": "soon"}, None),
        ({"PurgeAllow": "true"}, None),
        ({}, None),
    ],
)
def test_it_is_known_when_the_tools_own_purge_would_delete_it(
    tags: dict[str, str], when: datetime | None
) -> None:
    found = seen(ec2ab(), tags=tags)

    assert isinstance(found, Adoptable)
    assert found.purged_after == when
