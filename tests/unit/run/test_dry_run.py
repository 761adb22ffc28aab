"""A dry run changes nothing, and plans exactly what the run then does."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from ebs_backup.outcome import Outcome
from tests.unit.account import MotoAccount, nightly
from tests.unit.builders import NIGHT, a_run

LISTINGS = {"DescribeTags", "DescribeVolumes", "DescribeSnapshots"}


def test_a_dry_run_plans_with_a_reason_for_every_snapshot_and_changes_nothing(account: MotoAccount) -> None:
    volume = account.volume()
    old = account.history(volume, 5)

    outcome = account.run(nightly(keep_day=4), a_run(dry_run=True))

    assert set(account.calls) == LISTINGS
    assert sorted(account.ids()) == sorted(old)
    planned = {decision.snapshot.id: decision.sentence for decision in outcome.decisions}
    assert planned.keys() == {*old, "(new)"}
    assert planned["(new)"] == "kept: 1 of 4"
    assert planned[old[-1]] == "expired: beyond keep_day=4"


def backlog(account: MotoAccount) -> None:
    account.history(account.volume(), 12)


def little(account: MotoAccount) -> None:
    account.history(account.volume(), 2)


def failed(account: MotoAccount) -> None:
    volume = account.volume()
    account.history(volume, 6)
    for period in ("day", "week"):
        account.point(volume, NIGHT - timedelta(days=2, hours=3), period=period, state="error")


def duplicates(account: MotoAccount) -> None:
    volume = account.volume()
    account.history(volume, 6)
    run = f"{NIGHT - timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}"
    account.point(volume, NIGHT - timedelta(days=2) + timedelta(minutes=4), run=run)


def held(account: MotoAccount) -> None:
    volume = account.volume()
    account.history(volume, 3)
    account.history(volume, 7, {"ebs-backup:hold": "2026-11-24"})


def delivered_before(account: MotoAccount) -> None:
    account.history(account.volume(), 12)
    account.run(nightly(), a_run())


def extra(account: MotoAccount) -> None:
    account.history(account.volume(), 5)
    account.run(nightly(), a_run(id="by hand"))
    account.sleep(600)


def a_persons_wish(account: MotoAccount) -> None:
    account.history(account.volume(**{"ebs-backup:keep-day": "2"}), 6)
    account.history(account.volume(**{"ebs-backup:skip": "true"}), 6)


def lost_and_gone(account: MotoAccount) -> None:
    account.history(account.tell(account.volume(), State="error"), 6)
    volume = account.volume()
    account.history(volume, 6)
    account.client.delete_volume(VolumeId=volume)


WORLDS = (backlog, little, failed, duplicates, held, delivered_before, extra, a_persons_wish, lost_and_gone)


def sentences(outcome: Outcome) -> dict[str, str]:
    """Return what became of each snapshot that was there before."""
    made = {volume.made.id for volume in outcome.volumes if volume.made} if outcome.created else set()
    return {
        decision.snapshot.id: decision.sentence
        for decision in outcome.decisions
        if decision.snapshot.id not in made
    }


@pytest.mark.parametrize("keep", [1, 4])
@pytest.mark.parametrize("world", WORLDS)
def test_a_dry_run_plans_exactly_what_the_run_then_does(
    account: MotoAccount, world: Callable[[MotoAccount], None], keep: int
) -> None:
    world(account)
    before = account.ids()
    account.asked_to_delete.clear()

    planned = account.run(nightly(keep_day=keep), a_run(dry_run=True))
    assert account.ids() == before
    assert account.asked_to_delete == []
    done = account.run(nightly(keep_day=keep), a_run())

    assert sentences(planned) == sentences(done)
    assert planned.status is done.status
    assert (planned.created, planned.already_made, planned.expired, planned.deferred) == (
        done.created,
        done.already_made,
        done.expired,
        done.deferred,
    )
