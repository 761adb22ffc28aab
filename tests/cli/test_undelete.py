"""`ebs-backup undelete`: a deleted snapshot comes back on hold, whatever becomes of EC2's answers."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fake_aws.wire import THROTTLES, WIRE, Fault, refused
from tests.cli.recycle_bin import Binned, recycle_bin
from tests.cli.schemas import assert_conforms
from tests.faults.clock import DAY
from tests.unit.builders import a_volume

WEB = a_volume(id="vol-0a000199fe01c2d4e", name="web-1 data")
HOLD, LIST, RESTORE = "CreateTags", "ListSnapshotsInRecycleBin", "RestoreSnapshotFromRecycleBin"
NOT_THERE = refused("InvalidSnapshot.NotFound", "The snapshot does not exist.")
DENIED = refused("UnauthorizedOperation", "You are not authorized to perform this operation.", status=403)


@pytest.fixture
def binned(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Binned]:
    with recycle_bin(monkeypatch, capsys) as made:
        yield made


@pytest.fixture
def lost(binned: Binned) -> str:
    """Return a snapshot that a stranger deleted."""
    snapshot = binned.point(WEB)
    binned.account.lose(snapshot)
    return snapshot


def is_back(binned: Binned, snapshot: str) -> bool:
    return binned.account.snapshots[snapshot].deleted is None


def is_held(binned: Binned, snapshot: str) -> bool:
    return binned.tags(snapshot).get("ebs-backup:hold") == "true"


def test_it_comes_back_on_hold_and_it_is_said_how_to_let_it_go(binned: Binned, lost: str) -> None:
    done = binned.command("undelete", lost)

    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines() == [
        f"{lost} (web-1 data, day, run 2026-11-23T01:30:00Z) is back, and is on hold.",
        f"When you no longer need it: `ebs-backup unhold {lost}`",
    ]
    assert is_back(binned, lost)
    assert is_held(binned, lost)


def test_as_json_it_says_what_is_so_now(binned: Binned, lost: str) -> None:
    told = binned.command("undelete", lost, "--json").json

    assert_conforms(told, "undelete")
    assert told == [
        {
            "snapshot": lost,
            "volume": WEB.id,
            "name": "web-1 data",
            "set": "default",
            "period": "day",
            "run": "2026-11-23T01:30:00Z",
            "restored": True,
            "state": "completed",
            "hold": "true",
            "problem": None,
        }
    ]


def test_it_is_on_hold_before_it_is_back_so_no_run_sees_it_without(binned: Binned, lost: str) -> None:
    binned.command("undelete", lost)

    assert binned.writes() == [HOLD, RESTORE]


def test_its_tags_come_back_with_it(binned: Binned, lost: str) -> None:
    before = dict(binned.tags(lost))

    binned.command("undelete", lost)

    assert binned.tags(lost) == before | {"ebs-backup:hold": "true"}


def test_several_come_back_at_once(binned: Binned) -> None:
    lost = [binned.point(WEB, night) for night in range(2, 18)]
    binned.account.lose(*lost)

    told = binned.command("undelete", *lost, lost[0], "--json").json

    assert [row["snapshot"] for row in told] == lost
    assert all(is_back(binned, snapshot) and is_held(binned, snapshot) for snapshot in lost)
    assert binned.writes().count(HOLD) == 1


@pytest.mark.parametrize("fault", [*WIRE, *THROTTLES], ids=str)
@pytest.mark.parametrize("action", [HOLD, RESTORE, LIST, "DescribeSnapshots"])
@pytest.mark.parametrize("times", [1, 2])
def test_whatever_becomes_of_an_answer_it_is_back_and_on_hold(
    binned: Binned, lost: str, action: str, fault: Fault, times: int
) -> None:
    binned.service.plan = {(action, index): fault for index in range(times)}

    for further in reversed(range(times + 1)):
        done = binned.command("undelete", lost)
        assert is_held(binned, lost) or not is_back(binned, lost)
        if done.status == 0:
            break
        assert further, done.err

    assert (is_back(binned, lost), is_held(binned, lost)) == (True, True)


def test_one_that_was_interrupted_is_fixed_by_doing_it_again(binned: Binned, lost: str) -> None:
    binned.account.bring_back(lost)

    told = binned.command("undelete", lost, "--json").json
    again = binned.command("undelete", lost)

    assert (told[0]["restored"], told[0]["hold"], told[0]["problem"]) == (False, "true", None)
    assert is_held(binned, lost)
    assert again.out.splitlines()[0] == (
        f"{lost} (web-1 data, day, run 2026-11-23T01:30:00Z)"
        " was back already, or was never deleted, and is on hold."
    )
    assert binned.writes() == [HOLD]


def test_a_hold_to_a_day_that_is_to_come_stays_and_one_that_is_over_is_renewed(binned: Binned) -> None:
    coming, over = binned.point(WEB, 20), binned.point(WEB, 21)
    binned.tags(coming)["ebs-backup:hold"], binned.tags(over)["ebs-backup:hold"] = "2026-12-24", "2026-11-24"

    done = binned.command("undelete", coming, over)

    assert "is on hold until 2026-12-24." in done.out
    assert (binned.tags(coming)["ebs-backup:hold"], is_held(binned, over)) == ("2026-12-24", True)


def test_where_ec2_takes_no_tags_in_the_bin_it_is_held_as_soon_as_it_is_back(
    binned: Binned, lost: str
) -> None:
    binned.service.plan = {(HOLD, index): NOT_THERE for index in range(4)}

    done = binned.command("undelete", lost)

    assert done.status == 0
    assert is_held(binned, lost)
    assert binned.writes() == [HOLD, RESTORE, *[HOLD] * 4]


def test_a_listing_that_lags_behind_is_waited_for(binned: Binned, lost: str) -> None:
    binned.account.lag = 20

    done = binned.command("undelete", lost)

    assert (done.status, is_held(binned, lost)) == (0, True)


def test_if_the_listing_never_shows_it_that_is_said_and_it_is_held_all_the_same(
    binned: Binned, lost: str
) -> None:
    binned.account.lag = 3600

    done = binned.command("undelete", lost)

    assert done.status == 1
    assert (
        "EC2 does not list it yet, or you may not look. Try again in a minute:"
        f" `ebs-backup undelete {lost}`" in done.out
    )
    assert is_held(binned, lost)


def test_who_may_not_look_is_told_what_was_done_all_the_same(binned: Binned, lost: str) -> None:
    binned.service.plan = {("DescribeSnapshots", index): DENIED for index in range(99)}

    done = binned.command("undelete", lost, "--json")

    (row,) = done.json
    assert (done.status, row["restored"], row["state"], row["hold"]) == (1, True, None, "true")
    assert is_held(binned, lost)


def test_who_may_not_hold_brings_nothing_back(binned: Binned, lost: str) -> None:
    binned.service.plan = {(HOLD, 0): DENIED}

    done = binned.command("undelete", lost)

    assert (done.status, done.out) == (2, "")
    assert "docs/permissions.md" in done.err
    assert not is_back(binned, lost)


def test_a_hold_that_fails_afterwards_is_told_with_the_command_to_hold(binned: Binned, lost: str) -> None:
    binned.service.plan = {(HOLD, 0): NOT_THERE, (HOLD, 1): DENIED, (HOLD, 2): DENIED}

    done = binned.command("undelete", lost, "--region", "eu-west-1")

    assert done.status == 1
    assert done.out.splitlines() == [
        (
            f"{lost} (web-1 data, day, run 2026-11-23T01:30:00Z): It is back, but NOT on hold, and the next run of its"
            " period may delete it. UnauthorizedOperation: You are not authorized to perform this operation."
            f" Hold it now: `ebs-backup hold {lost} --region eu-west-1`"
        )
    ]
    assert is_back(binned, lost)


def test_the_hold_that_failed_is_no_hold_in_json(binned: Binned, lost: str) -> None:
    binned.service.plan = {(HOLD, 0): NOT_THERE, (HOLD, 1): DENIED, (HOLD, 2): DENIED}

    (row,) = binned.command("undelete", lost, "--json").json

    assert (row["restored"], row["hold"]) == (True, None)
    assert "NOT on hold" in row["problem"]


def test_where_tags_are_lost_on_the_way_that_is_said_with_the_command_to_set_them(
    binned: Binned, lost: str
) -> None:
    def strip() -> None:
        binned.tags(lost).clear()

    binned.service.meanwhile = {(RESTORE, 0): strip}

    done = binned.command("undelete", lost)

    assert done.status == 1
    assert "It has lost the labels of its set" in done.out
    assert (
        f"`aws ec2 create-tags --region eu-west-1 --resources {lost} --tags Key=ebs-backup:set,Value=default"
        " Key=ebs-backup:period,Value=day Key=ebs-backup:run,Value=2026-11-23T01:30:00Z"
        f" Key=ebs-backup:source,Value=volume={WEB.id}`" in done.out
    )
    assert is_held(binned, lost)


def test_a_failed_snapshot_comes_back_as_what_it_is(binned: Binned) -> None:
    failed = binned.point(WEB, state="error")
    binned.account.lose(failed)

    done = binned.command("undelete", failed)

    assert done.status == 1
    assert "It failed when it was made, and holds nothing: the next run deletes it again." in done.out


def foreign(binned: Binned) -> str:
    """Return a deleted snapshot of a person, with our tags on it."""
    tags = dict(binned.tags(binned.point(WEB)))
    made = binned.add(WEB.id, "before the upgrade", datetime(2026, 11, 1, tzinfo=UTC), tags)
    binned.account.lose(made)
    return made


def test_one_that_no_set_made_is_refused_and_nothing_is_changed(binned: Binned, lost: str) -> None:
    strange = foreign(binned)

    done = binned.command("undelete", lost, strange)

    assert (done.status, done.out) == (2, "")
    assert done.err.splitlines()[0] == (
        f"ebs-backup: {strange} is in the Recycle Bin, but no backup set made it: its description names none."
    )
    assert binned.writes() == []


def test_one_of_another_set_needs_its_name(binned: Binned) -> None:
    other = binned.point(WEB, backup_set="other")
    binned.account.lose(other)

    refusal, done = binned.command("undelete", other), binned.command("undelete", other, "--set", "other")

    assert refusal.err.splitlines() == [
        f"ebs-backup: {other} is of set 'other', not of 'default'.",
        "Add --set other.",
    ]
    assert done.status == 0
    assert f"`ebs-backup unhold {other} --set other`" in done.out


def test_one_that_is_there_and_not_ours_is_left_alone(binned: Binned) -> None:
    strange = binned.add(WEB.id, "before the upgrade", datetime(2026, 11, 1, tzinfo=UTC))

    done = binned.command("undelete", strange)

    assert done.err.splitlines()[0] == (
        f"ebs-backup: {strange} is not in the Recycle Bin, and no backup set made it."
    )
    assert (done.status, binned.writes()) == (2, [])


@pytest.mark.parametrize("id_", ["snap-0123456789abcdef0", "snap-*", "vol-0a", "web-1 data"])
def test_an_unknown_id_is_refused_in_one_line(binned: Binned, lost: str, id_: str) -> None:
    done = binned.command("undelete", id_)

    assert done.err.splitlines() == [
        f"ebs-backup: There is no snapshot {id_!r} here, nor in the Recycle Bin.",
        "`ebs-backup bin` shows what can be brought back.",
    ]
    assert (done.status, is_back(binned, lost)) == (2, False)


def test_one_that_ec2_lists_as_recoverable_is_not_back(binned: Binned) -> None:
    in_bin = binned.point(WEB, state="recoverable")

    done = binned.command("undelete", in_bin)

    assert (done.status, is_held(binned, in_bin)) == (2, False)


def test_one_whose_time_was_over_is_refused(binned: Binned, lost: str) -> None:
    binned.clock.sleep(7 * DAY)

    assert binned.command("undelete", lost).status == 2


def test_one_whose_time_ends_meanwhile_is_told_and_the_others_come_back(binned: Binned, lost: str) -> None:
    other = binned.point(WEB, 20)
    binned.account.lose(other)

    def end() -> None:
        binned.account.snapshots[lost].leaves_bin = 0

    binned.service.meanwhile = {(RESTORE, 0): end}
    done = binned.command("undelete", lost, other)

    assert done.status == 1
    assert f"{lost} (web-1 data, day, run 2026-11-23T01:30:00Z): It could not be brought back." in done.out
    assert is_back(binned, other)
    assert f"`ebs-backup unhold {other}`" in done.out


def test_if_nothing_comes_back_it_is_an_error(binned: Binned, lost: str) -> None:
    binned.service.plan = {(RESTORE, 0): DENIED}

    done = binned.command("undelete", lost)

    assert (done.status, done.out) == (2, "")
    assert done.err.splitlines() == [
        (
            f"ebs-backup: {lost} could not be brought back."
            " UnauthorizedOperation: You are not authorized to perform this operation."
        ),
        "Your AWS user or role may not do this. docs/permissions.md has the policies that each command needs.",
    ]


def test_if_it_is_gone_for_good_that_is_said(binned: Binned, lost: str) -> None:
    binned.service.meanwhile = {
        (RESTORE, 0): lambda: setattr(binned.account.snapshots[lost], "leaves_bin", 0)
    }

    done = binned.command("undelete", lost)

    assert (
        done.err.splitlines()[0] == f"ebs-backup: {lost} is no longer in the Recycle Bin: its time was over."
    )


def test_a_volume_without_a_name_is_told_by_its_id(binned: Binned) -> None:
    lost = binned.point(replace(WEB, name=""))
    binned.account.lose(lost)

    assert f"{lost} ({WEB.id}, day," in binned.command("undelete", lost).out
