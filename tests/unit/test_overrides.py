"""What a volume's own tags ask for, and what becomes of a tag that nobody can read."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebs_backup.model import Failure, Severity
from ebs_backup.names import Period
from ebs_backup.overrides import Overrides, overrides
from tests.unit.builders import NIGHT, a_run, a_snapshot, a_volume, settings


def of(**tags: str) -> Overrides:
    """Read these tags: `keep_day` stands for `ebs-backup:keep-day`."""
    named = {f"ebs-backup:{name.replace('_', '-')}": value for name, value in tags.items()}
    return overrides(a_volume(tags={"Backup": "true", **named}), (), settings(), a_run())


def failures_of(found: Overrides) -> list[Failure]:
    """Return its remarks; each must be a CHECK."""
    assert {remark.severity for remark in found.remarks} <= {Severity.CHECK}
    return [remark.told for remark in found.remarks if isinstance(remark.told, Failure)]


def test_a_volume_without_such_tags_asks_for_nothing() -> None:
    assert of() == Overrides(keeps={})


def test_each_period_has_a_keep_count_of_its_own() -> None:
    assert of(keep_day="7", keep_month="1000") == Overrides(keeps={Period.DAY: 7, Period.MONTH: 1000})


def test_a_restored_volume_asks_for_nothing_by_saying_where_it_comes_from() -> None:
    assert of(restored_from="snap-0a", verify="snap-0a") == Overrides(keeps={})


@pytest.mark.parametrize("value", ["0", "1001", "", "four", "-1", "4.5", " 4", "0x4", "1_0"])
def test_a_bad_keep_count_is_a_failure_and_the_sets_own_holds(value: str) -> None:
    found = of(keep_week=value)

    (failure,) = failures_of(found)
    assert not found.keeps
    assert failure.message.startswith("'ebs-backup:keep-week' must be a whole number from 1 to 1000, got ")
    assert failure.advice.endswith("until then the set's own keep_week=4 applies.")
    assert (failure.resource, failure.code) == ("vol-0a", "InvalidTag")


def test_a_volume_is_skipped_until_the_tag_is_removed() -> None:
    assert of(skip="true").skipped == "until the tag is removed"


@pytest.mark.parametrize(
    ("date", "skipped"), [("2026-11-24", True), ("2026-11-23", False), ("2020-01-01", False)]
)
def test_a_volume_is_skipped_until_the_day_its_tag_names(date: str, *, skipped: bool) -> None:
    assert bool(of(skip=date).skipped) is skipped  # the run is of 2026-11-23


@pytest.mark.parametrize("value", ["false", "True", "", "24.12.2026", "20261224", "2026-W52-4", "2026-02-30"])
def test_a_bad_skip_is_a_failure_and_the_volume_is_backed_up(value: str) -> None:
    found = of(skip=value)

    assert not found.skipped
    assert "must be true, or a date such as 2026-12-24" in failures_of(found)[0].message
    assert failures_of(found)[0].advice.endswith("the volume is backed up as if it had no such tag.")


@pytest.mark.parametrize("key", ["ebs-backup:keep-days", "EBS-Backup:skip", "ebs-backup:"])
def test_a_mistyped_tag_is_a_failure_that_names_those_there_are(key: str) -> None:
    found = overrides(a_volume(tags={key: "7"}), (), settings(), a_run())

    assert "ebs-backup:keep-day, ebs-backup:keep-week" in failures_of(found)[0].message
    assert found == Overrides(keeps={}, remarks=found.remarks)


def test_tags_that_came_with_a_restored_snapshot_ask_for_nothing() -> None:
    found = of(set="default", period="day", run="x", source="volume=vol-0", older="3", hold="true")

    (spread,) = found.remarks
    assert found == Overrides(keeps={}, remarks=(spread,))
    assert spread.severity is Severity.NOTE
    assert "the volume itself has tags of a snapshot (ebs-backup:hold, " in str(spread.told)


@pytest.mark.parametrize("value", ["", "yes", "True", "24.12.2026", "2026-02-30"])
def test_a_hold_that_cannot_be_read_is_told_with_its_snapshot(value: str) -> None:
    held = [a_snapshot(id="snap-0b", hold=value), a_snapshot(hold="true"), a_snapshot(hold="2026-12-24")]

    (failure,) = failures_of(overrides(a_volume(), held, settings(), a_run()))

    assert (failure.resource, failure.code) == ("snap-0b", "InvalidTag")
    assert failure.advice.endswith("until then it keeps the snapshot.")
    assert "must be true, or a date such as 2026-12-24" in failure.message


def test_a_failed_snapshot_has_nothing_to_hold_so_its_hold_is_not_read() -> None:
    failed = a_snapshot(state="error", hold="for ever")

    found = overrides(a_volume(), [failed], settings(), a_run())

    assert found == Overrides(keeps={})


def test_tags_of_others_are_none_of_ours() -> None:
    theirs = a_volume(tags={"keep-day": "x", "skip": "true"})

    assert overrides(theirs, (), settings(), a_run()) == Overrides(keeps={})


@given(key=st.sampled_from(["keep_day", "skip"]), value=st.text(max_size=256))
def test_whatever_a_tag_holds_it_is_read_or_told_in_one_line(key: str, value: str) -> None:
    found = of(**{key: value})

    assert all(failure.message.isprintable() for failure in failures_of(found))
    assert found.remarks or found.keeps or key == "skip"


@given(st.integers(-800, 800))
def test_skipping_ends_by_itself(days: int) -> None:
    until = (NIGHT + timedelta(days=days)).date()

    assert bool(of(skip=str(until)).skipped) is (days > 0)
