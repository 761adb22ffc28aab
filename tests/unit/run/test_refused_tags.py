"""A tag that a policy refuses costs the tag, never the backup."""

import pytest

from ebs_backup.model import Continued
from ebs_backup.outcome import Status
from tests.unit.account import MotoAccount, nightly
from tests.unit.builders import NIGHT, a_run, settings

REFUSALS = ("TagPolicyViolation", "UnauthorizedOperation")


@pytest.mark.parametrize("code", REFUSALS)
def test_a_copied_tag_that_a_policy_refuses_is_left_off_and_named(account: MotoAccount, code: str) -> None:
    volume = account.volume(**{"cost-centre": "none of the allowed"})
    account.refuse("CreateSnapshot", code, "The tag policy does not allow it", holding="cost-centre")

    outcome = account.run(settings(extra_tags={"project": "backup"}), a_run())

    (snapshot,) = account.ids(volume)
    tags = account.tags(snapshot)
    assert tags.keys() == {
        *(f"ebs-backup:{key}" for key in ("set", "period", "run", "source", "older")),
        "Name",
        "project",
    }
    (check,) = outcome.checks
    assert (check.resource, check.code) == (volume, code)
    assert "Backup" in check.action
    assert "cost-centre" in check.action
    assert outcome.failures == ()
    assert outcome.status is Status.CHECK


def test_what_an_earlier_invocation_had_to_leave_off_is_told_by_the_last_one(account: MotoAccount) -> None:
    account.volume()
    continued = Continued(run=a_run().id, began=NIGHT, invocation=2, expired=0, tags_refused=1200)

    outcome = account.run(settings(), a_run(continued=continued))

    (check,) = outcome.checks
    assert (check.resource, check.code) == ("1,200 of the new snapshots", "TagsNotCopied")
    assert outcome.status is Status.CHECK


def test_a_create_that_is_refused_without_copied_tags_as_well_is_a_failure(account: MotoAccount) -> None:
    account.volume(owner="db team")
    account.refuse("CreateSnapshot", "UnauthorizedOperation", "You are not authorized")

    outcome = account.run(settings(), a_run())

    assert account.calls.count("CreateSnapshot") == 2
    assert [failure.code for failure in outcome.failures] == ["UnauthorizedOperation"]
    assert outcome.checks == ()
    assert outcome.status is Status.FAILED


@pytest.mark.parametrize("copy_tags", [False, ["cost-centre"]])
def test_where_no_tag_would_be_copied_there_is_no_second_try(account: MotoAccount, copy_tags: object) -> None:
    account.volume()
    account.refuse("CreateSnapshot", "TagPolicyViolation")

    account.run(settings(copy_tags=copy_tags), a_run())

    assert account.calls.count("CreateSnapshot") == 1


def test_after_five_second_tries_in_vain_there_are_no_more_of_them_in_the_run(account: MotoAccount) -> None:
    """A role that may do nothing must not cost twice the calls of a thousand volumes."""
    for number in range(8):
        account.volume(f"web-{number}")
    account.refuse("CreateSnapshot", "UnauthorizedOperation")

    outcome = account.run(settings(), a_run())

    assert account.calls.count("CreateSnapshot") == 5 * 2 + 3
    assert len(outcome.failures) == 8


def test_second_tries_that_work_are_no_second_tries_in_vain(account: MotoAccount) -> None:
    for number in range(8):
        account.volume(f"web-{number}", owner="web team")
    account.refuse("CreateSnapshot", "TagPolicyViolation", holding="owner")

    outcome = account.run(settings(), a_run())

    assert outcome.created == 8
    assert len(outcome.checks) == 8


def test_another_code_is_not_taken_for_a_refusal_of_tags(account: MotoAccount) -> None:
    account.volume(owner="db team")
    account.refuse("CreateSnapshot", "OptInRequired")

    outcome = account.run(settings(), a_run())

    assert account.calls.count("CreateSnapshot") == 1
    assert [failure.code for failure in outcome.failures] == ["OptInRequired"]


def test_a_policy_that_refuses_tags_in_a_full_region_does_not_keep_it_from_draining(
    account: MotoAccount,
) -> None:
    """The second try meets the quota, the drain makes room, and the third is not tried with the refused tags."""
    volume = account.volume(owner="db team")
    old = account.history(volume, 12)
    account.refuse("CreateSnapshot", "TagPolicyViolation", holding="owner")
    account.refuse("CreateSnapshot", "SnapshotLimitExceeded", times=1)

    outcome = account.run(nightly(), a_run())

    assert outcome.created == 1
    assert len(set(old) & set(account.ids())) < 12
    assert outcome.status is Status.CHECK


def test_a_second_try_that_meets_a_full_region_is_not_in_vain(account: MotoAccount) -> None:
    """Else the sixth volume would get no second try: nothing would be deleted for it, and it would get no backup."""
    for number in range(8):
        volume = account.volume(f"web-{number}", owner="web team")
        account.history(volume, 12)
        account.refuse("CreateSnapshot", "TagPolicyViolation", holding="owner", VolumeId=volume)
        account.refuse("CreateSnapshot", "SnapshotLimitExceeded", times=1, VolumeId=volume)

    outcome = account.run(nightly(), a_run())

    assert outcome.created == 8
    assert outcome.failures == ()
