"""`ebs-backup bin`: the set's deleted snapshots by volume, period and run, told by their descriptions alone."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from ebs_backup.names import Period
from fake_aws.wire import refused
from tests.cli.recycle_bin import Binned, recycle_bin
from tests.cli.schemas import assert_conforms
from tests.cli.tools import makesnapshots_4
from tests.faults.clock import DAY
from tests.unit.builders import a_volume

WEB = a_volume(id="vol-0a000199fe01c2d4e", name="web-1 data", instance="i-07aa", device="/dev/xvdf")
DB = a_volume(id="vol-0b000122d3e4f5a6b", name="Datenbank größe")


@pytest.fixture
def binned(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Binned]:
    with recycle_bin(monkeypatch, capsys) as made:
        yield made


def deleted(binned: Binned, *snapshots: str, days_ago: float = 0) -> None:
    """Delete snapshots as a stranger would, some days ago."""
    binned.clock.sleep(-days_ago * DAY)
    now = binned.clock()
    binned.account.lose(*snapshots)
    for snapshot in snapshots:
        record = binned.account.snapshots[snapshot]
        record.deleted, record.leaves_bin = now - days_ago * DAY, now + (7 - days_ago) * DAY


def estate(binned: Binned) -> None:
    """Delete snapshots of two volumes, of another set and of strangers."""
    nights = [binned.point(WEB, night) for night in (19, 20, 23)]
    week = binned.point(WEB, 21, period=Period.WEEK)
    database = binned.point(DB, 20)
    binned.point(DB, 24)  # this one is there
    other = binned.point(WEB, 18, backup_set="other")
    by_hand = binned.add(WEB.id, "before the upgrade", datetime(2026, 11, 1, tzinfo=UTC))
    binned.account.snapshots[by_hand].tags["ebs-backup:set"] = "default"
    deleted(binned, *nights[:2], database, other, by_hand, days_ago=1)
    deleted(binned, nights[2], week)


def test_it_shows_what_can_be_brought_back_by_volume_period_and_run(
    binned: Binned, golden: Callable[[str, str], None]
) -> None:
    estate(binned)

    done = binned.command("bin")

    assert (done.status, done.err) == (0, "")
    golden("bin.txt", done.out)


def test_on_a_narrow_terminal_ids_are_never_cut(
    binned: Binned, golden: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    estate(binned)
    monkeypatch.setenv("COLUMNS", "60")

    golden("bin-narrow.txt", binned.command("bin", "--all-sets").out)


def test_as_json_it_says_when_each_entered_and_when_it_leaves(binned: Binned) -> None:
    snapshot = binned.point(WEB)
    deleted(binned, snapshot, days_ago=2)

    told = binned.command("bin", "--json").json

    assert_conforms(told, "bin")
    assert told == [
        {
            "snapshot": snapshot,
            "volume": WEB.id,
            "name": "web-1 data",
            "set": "default",
            "period": "day",
            "run": "2026-11-23T01:30:00Z",
            "entered": "2026-11-23T18:00:00+00:00",
            "leaves": "2026-11-30T18:00:00+00:00",
        }
    ]


def ids(binned: Binned, *arguments: str) -> list[str]:
    return [row["snapshot"] for row in binned.command("bin", *arguments, "--json").json]


def test_each_set_sees_its_own_and_all_sets_sees_all(binned: Binned) -> None:
    ours, other = binned.point(WEB), binned.point(WEB, backup_set="other")
    binned.account.lose(ours, other)

    assert ids(binned) == [ours]
    assert ids(binned, "--set", "other") == [other]
    assert sorted(ids(binned, "--all-sets")) == sorted([ours, other])


@pytest.mark.parametrize("wanted", ["web-1 data", WEB.id])
def test_a_volume_is_named_by_its_id_or_by_its_name_at_the_backup(binned: Binned, wanted: str) -> None:
    web, database = binned.point(WEB), binned.point(DB)
    binned.account.lose(web, database)

    assert ids(binned, wanted) == [web]


def test_a_name_in_another_script_is_found_though_descriptions_are_ascii(binned: Binned) -> None:
    web, database = binned.point(WEB), binned.point(DB)
    binned.account.lose(web, database)

    assert ids(binned, "Datenbank größe") == [database]


def test_an_unknown_name_is_refused_with_the_nearest(binned: Binned) -> None:
    binned.account.lose(binned.point(WEB))

    done = binned.command("bin", "web-1 dtaa")

    assert (done.status, done.out) == (2, "")
    assert done.err.splitlines() == [
        "ebs-backup: No volume with the id or name 'web-1 dtaa'.",
        "Did you mean 'web-1 data'?",
    ]


def test_one_period_alone(binned: Binned) -> None:
    day, week = binned.point(WEB), binned.point(WEB, 21, period=Period.WEEK)
    binned.account.lose(day, week)

    assert ids(binned, "--period", "week") == [week]


@pytest.mark.parametrize(
    "description",
    [
        "",
        "Created by CreateImage(i-07aa) for ami-0c",
        makesnapshots_4("day", volume=WEB.id),
        "The day backup of vol-0bbbbbbbb other (on i-07aa, /dev/xvdf) by backup set default, run 1.",
        "The hour backup of vol-0a000199fe01c2d4e by backup set default, run 1.",
        "A copy of: The day backup of vol-0a000199fe01c2d4e web by backup set default, run 1.",
    ],
    ids=range(6),
)
def test_what_no_set_made_is_never_listed_as_ours(binned: Binned, description: str) -> None:
    tags = {"ebs-backup:set": "default", "ebs-backup:source": f"volume={WEB.id}", "ebs-backup:period": "day"}
    binned.account.lose(binned.add(WEB.id, description, datetime(2026, 11, 1, tzinfo=UTC), tags))

    done = binned.command("bin")

    assert ids(binned, "--all-sets") == []
    assert "Not listed: 1 snapshot that no set made." in done.out


def test_an_empty_bin_says_what_fills_it(binned: Binned) -> None:
    binned.point(WEB)

    done = binned.command("bin")

    assert done.status == 0
    assert done.out.splitlines() == [
        "The Recycle Bin of eu-west-1 has no such snapshot of set default.",
        "Deleted snapshots go there while the setting recycle_days is on, for so many days.",
    ]


def test_every_page_is_read(binned: Binned) -> None:
    binned.account.snapshots_a_page = 7
    made = [binned.point(WEB, night) for night in range(1, 25)]
    binned.account.lose(*made)

    assert sorted(ids(binned)) == sorted(made)
    pages = [call for call in binned.service.calls if call.action == "ListSnapshotsInRecycleBin"]
    assert len(pages) == 4
    assert {call.params["MaxResults"] for call in pages} == {"1000"}


def test_what_has_left_the_bin_is_not_listed(binned: Binned) -> None:
    binned.account.lose(binned.point(WEB))
    binned.clock.sleep(7 * DAY)

    assert ids(binned) == []


def test_it_needs_no_stack_and_changes_nothing(binned: Binned) -> None:
    estate(binned)

    assert binned.command("bin", "--all-sets").status == 0
    assert {call.action for call in binned.service.calls} == {"ListSnapshotsInRecycleBin"}


def test_who_may_not_list_the_bin_is_told_in_one_line_where_the_policy_is(binned: Binned) -> None:
    refusal = refused("UnauthorizedOperation", "You are not authorized.", status=403)
    binned.service.plan = {("ListSnapshotsInRecycleBin", 0): refusal}

    done = binned.command("bin")

    assert (done.status, done.out) == (2, "")
    assert done.err.splitlines() == [
        "ebs-backup: UnauthorizedOperation: You are not authorized.",
        "Your AWS user or role may not do this. docs/permissions.md has the policies that each command needs.",
    ]
