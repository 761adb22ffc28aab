"""Snapshots that only look like ours: tags go from a snapshot to a restored volume, then to other tools' snapshots."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

import pytest

from ebs_backup.outcome import Status
from tests.unit.account import MotoAccount, nightly
from tests.unit.builders import NIGHT, a_run

OURS = {
    "ebs-backup:set": "default",
    "ebs-backup:period": "day",
    "ebs-backup:run": "2026-10-01T01:30:00Z",
}


def made_by_another_tool(
    account: MotoAccount, volume: str, count: int, tags: Mapping[str, str] = MappingProxyType({})
) -> list[str]:
    """Make snapshots as a tool does that copies the volume's tags: with all of ours but the source."""
    return [
        account.snapshot(volume, {**OURS, **tags}, started=NIGHT - timedelta(days=day))
        for day in range(1, count + 1)
    ]


@pytest.mark.parametrize("source", [None, "", "volume=vol-0badc0de zone=eu-west-1a", "volume=vol-", "text"])
def test_twenty_snapshots_of_another_tool_with_our_tags_are_neither_touched_nor_counted(
    account: MotoAccount, source: str | None
) -> None:
    volume = account.volume("restored", **OURS)
    copied = {} if source is None else {"ebs-backup:source": source}
    foreign = made_by_another_tool(account, volume, 20, copied)

    outcome = account.run(nightly(keep_day=1, max_expired_per_volume=1000), a_run())

    assert set(foreign) <= set(account.ids(volume))
    assert account.asked_to_delete == []
    assert [decision.snapshot for decision in outcome.decisions] == [outcome.volumes[0].made]
    (holding,) = outcome.holdings.values()
    assert holding.points == 1
    (told,) = outcome.foreign
    assert (told.volume_id, told.name, told.spreads) == (volume, "restored", True)
    assert told.snapshots == tuple(sorted(foreign))
    assert outcome.status is Status.CHECK


def test_foreign_snapshots_do_not_hide_that_a_volume_is_overdue(account: MotoAccount) -> None:
    volume = account.volume()
    own = account.point(volume, NIGHT - timedelta(days=20))
    made_by_another_tool(account, volume, 19)

    outcome = account.run(nightly(), a_run())

    assert [late.newest and late.newest.id for late in outcome.volumes[0].overdue] == [own]
    assert outcome.status is Status.PROBLEM


def test_a_foreign_snapshot_with_this_runs_own_tags_does_not_pass_for_its_restore_point(
    account: MotoAccount,
) -> None:
    volume = account.volume()
    account.snapshot(volume, OURS | {"ebs-backup:run": a_run().id})

    outcome = account.run(nightly(), a_run())

    assert outcome.created == 1
    assert len(account.ids(volume)) == 2


def test_a_failed_foreign_snapshot_is_not_deleted(account: MotoAccount) -> None:
    volume = account.volume()
    failed = account.snapshot(volume, OURS, state="error")

    outcome = account.run(nightly(), a_run())

    assert failed in account.ids()
    assert outcome.failed == ()


def test_foreign_snapshots_of_volumes_that_are_gone_are_kept_whatever_the_set_expires(
    account: MotoAccount,
) -> None:
    account.volume()
    gone = account.volume("gone")
    foreign = [account.snapshot(gone, OURS, started=NIGHT - timedelta(days=400))]
    account.client.delete_volume(VolumeId=gone)

    outcome = account.run(nightly(expire_gone_after_days=30), a_run())

    assert set(foreign) <= set(account.ids())
    assert [told.volume_id for told in outcome.foreign] == [gone]
    assert outcome.unselected == ()


def test_a_volume_that_carries_tags_of_a_snapshot_is_backed_up_and_told_about(account: MotoAccount) -> None:
    volume = account.volume("restored", **OURS, **{"ebs-backup:hold": "true"})

    outcome = account.run(nightly(), a_run())

    (snapshot,) = account.ids(volume)
    assert account.tags(snapshot)["ebs-backup:run"] == a_run().id
    assert "ebs-backup:hold" not in account.tags(snapshot)
    assert (
        outcome.volumes[0].notes[0].startswith("the volume itself has tags of a snapshot (ebs-backup:hold,")
    )
    assert outcome.status is Status.OK


def test_unselected_volumes_are_kept_and_counted_by_their_own_snapshots_alone(account: MotoAccount) -> None:
    volume, retired = account.volume(), account.volume("retired", Backup="no")
    old = [*account.history(retired, 7), *account.history(retired, 2, period="week")]
    made_by_another_tool(account, retired, 3)

    outcome = account.run(nightly(keep_day=1), a_run())

    (held,) = outcome.unselected
    assert (held.volume_id, held.name, held.there, held.lately) == (retired, "retired", True, True)
    assert (held.snapshots, held.at_most_gib) == (9, 9 * 8)
    assert set(old) <= set(account.ids())
    assert len(account.ids(volume)) == 1
    assert outcome.status is Status.CHECK
