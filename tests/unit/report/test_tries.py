"""The mail of a run that was tried more than once, or took several invocations."""

from dataclasses import replace

from ebs_backup.model import Continued
from ebs_backup.report.render import render
from ebs_backup.volume_outcome import Made
from tests.unit.builders import NIGHT, a_run, an_outcome
from tests.unit.report.examples import Golden, a_failed_one, a_good_one, text, unwrapped


def test_a_redelivery_says_that_everything_was_there(golden: Golden) -> None:
    volumes = [a_good_one(number, f"web-{number}", when=Made.BEFORE) for number in (1, 2)]

    mail_ = render(an_outcome(*volumes, seconds=0.8))

    golden("redelivery.txt", text(mail_))


def test_what_an_earlier_try_made_is_listed_as_made_by_this_run_and_not_that_nothing_was_deleted() -> None:
    """A first try made 3 and deleted 12, and SNS refused its mail: the retry does not say that nothing was done."""
    before = [a_good_one(number, f"web-{number}", when=Made.BEFORE) for number in (1, 2, 3)]

    retry = render(an_outcome(*before, a_failed_one(4, "db-1"), a_good_one(5, "db-2")))

    assert "CREATED 4 snapshots, 3 of them by an earlier try" in unwrapped(retry.body)
    assert all(
        f"{volume.made.id} by an earlier try" in unwrapped(retry.body) for volume in before if volume.made
    )
    assert "An earlier try of this run may have deleted expired snapshots, too" in unwrapped(retry.body)
    assert "This try deleted none of their snapshots." in retry.body
    assert "0 created" not in render(an_outcome(*before)).subject


def test_a_retry_tells_what_it_added() -> None:
    mail_ = render(an_outcome(a_good_one(1, "a", when=Made.BEFORE), a_good_one(2, "b")))

    assert mail_.subject == "[OK] 1 created, 1 already made, 1 expired (EBS day, eu-west-1)"


def test_a_run_of_several_invocations_is_told_as_one(golden: Golden) -> None:
    earlier = replace(a_good_one(1, "db-1"), decisions=())
    continued = Continued(run=a_run().id, began=NIGHT, invocation=3, expired=4358)

    mail_ = render(an_outcome(earlier, a_good_one(2, "web-1"), run=a_run(continued=continued), seconds=1841))

    golden("continued.txt", text(mail_))
