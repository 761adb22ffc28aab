"""What is on hold stays."""

from dataclasses import replace
from datetime import date

import pytest

from ebs_backup.retention import (
    hold,
    hold_until,
)
from tests.unit.retention.examples import TODAY, a_point, decide, goes, on


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("true", "on hold"),
        ("2026-11-24", "on hold until 2026-11-24"),
        ("2026-11-23", "on hold until 2026-11-23"),  # to the end of that day
        ("9999-12-31", "on hold"),
        ("", "on hold, but its tag is '': true, or a date such as 2026-12-24"),
        ("True", "on hold, but its tag is 'True': true, or a date such as 2026-12-24"),
        ("24.12.2026", "on hold, but its tag is '24.12.2026': true, or a date such as 2026-12-24"),
        ("2026-02-30", "on hold, but its tag is '2026-02-30': true, or a date such as 2026-12-24"),
        ("20261224", "on hold, but its tag is '20261224': true, or a date such as 2026-12-24"),
        ("x" * 256, f"on hold, but its tag is '{'x' * 40}': true, or a date such as 2026-12-24"),
    ],
)
def test_a_hold_keeps_what_would_go_and_one_that_cannot_be_read_holds_too(value: str, reason: str) -> None:
    decisions = decide(a_point(0), a_point(1, hold=value), a_point(2), keep=1)

    assert decisions["snap-1"] == f"kept: {reason}"
    assert decisions["snap-2"] == "expired: beyond keep_day=1"


def test_a_hold_ends_after_its_day() -> None:
    history = [a_point(0), a_point(1, hold="2026-11-22")]

    assert goes(*history, keep=1) == ["snap-1"]


def test_a_duplicate_on_hold_stays() -> None:
    twin = a_point(1, id="snap-twin", run="twice", hold="true")

    assert goes(a_point(0), a_point(1, run="twice"), twin, keep=2) == []


def test_a_restore_point_whose_duplicate_is_on_hold_stays_with_it() -> None:
    """Left alone, the held duplicate would stand in a later occasion, and displace a good one from it."""
    every_hour = "30 * * * ? *"
    held = replace(on("2026-11-22 04:30", "twice"), hold="true")
    history = [on("2026-11-22 01:30", "twice"), on("2026-11-22 02:30"), on("2026-11-22 03:30")]

    decisions = decide(*history, held, keep=2, schedule=every_hour)

    assert decisions["2026-11-22 01:30"] == "kept: its duplicate 2026-11-22 04:30 is on hold"
    assert goes(*history, held, keep=2, schedule=every_hour) == []


def test_a_failed_snapshot_holds_nothing_so_a_hold_does_not_keep_it() -> None:
    failed = a_point(1, "error", hold="true")

    assert hold(failed, TODAY) == ""
    assert hold(a_point(1), TODAY) == ""


@pytest.mark.parametrize(
    ("value", "last"),
    [
        ("true", date.max),
        ("2026-12-24", date(2026, 12, 24)),
        ("tomorrow", None),
        ("2026-13-01", None),
        ("2026-12-24 ", None),
        ("\u0662\u0660\u0662\u0666-12-24", None),  # digits, but not ours
    ],
)
def test_the_last_day_of_a_hold_is_read_or_it_cannot_be(value: str, last: date | None) -> None:
    assert hold_until(value) == last
