"""What a mail says about backups that are missing: what, since when, why, and what to do."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from ebs_backup.aws.errors import AwsError, Kind, not_continued
from ebs_backup.freshness import Overdue
from ebs_backup.names import Period
from ebs_backup.report.render import render, render_broken
from ebs_backup.volume_outcome import VolumeOutcome
from tests.unit.builders import (
    NIGHT,
    a_failure,
    a_run,
    a_snapshot,
    a_volume,
    altered,
    an_outcome,
    an_outcome_of,
)
from tests.unit.outcomes import HOLDINGS
from tests.unit.report.examples import (
    GONE,
    NEAR,
    UNAUTHORIZED,
    Golden,
    a_failed_one,
    a_good_one,
    point,
    real_advice,
    text,
    unwrapped,
)


def test_overdue_volumes_stand_with_what_to_do_below_those_that_are_not_backed_up(golden: Golden) -> None:
    volumes = [
        altered(
            a_good_one(number, f"db-{number} data"),
            overdue=(
                Overdue(
                    period=Period.MONTH,
                    limit=33,
                    newest=None if number == 2 else point("vol-0a000199fe01c2d4e", 54),
                ),
            ),
        )
        for number in (1, 2)
    ]
    never = altered(
        a_failed_one(3, "cache", newest_days_ago=None),
        overdue=(Overdue(period=Period.DAY, limit=4, newest=None),),
    )

    mail_ = render(an_outcome(*volumes, never, a_good_one(4, "web-1 root"), holdings=HOLDINGS))

    golden("overdue.txt", text(mail_))


def test_the_command_that_catches_up_does_not_wait_for_the_run() -> None:
    """The AWS CLI gives up on an answer after 60 s and calls again: each call by hand would be another run."""
    late = altered(a_good_one(1, "db"), overdue=(Overdue(period=Period.WEEK, limit=9, newest=None),))

    mail_ = render(an_outcome(late))

    (command,) = [line for line in mail_.body.splitlines() if "aws lambda invoke" in line]
    assert "--invocation-type Event" in command


def test_overdue_alone_is_a_problem_that_still_counts_what_went_well() -> None:
    late = altered(
        a_good_one(1, "db"), overdue=(Overdue(period=Period.WEEK, limit=9, newest=point("vol-1", 12)),)
    )

    mail_ = render(an_outcome(late, a_good_one(2, "web")))

    assert mail_.subject == "[PROBLEM] 1 overdue; 2 created, 2 expired (EBS day, eu-west-1)"
    assert "last good one 12 days old" in mail_.body


def test_where_everything_is_skipped_the_mail_says_so_loudly() -> None:
    skipped = VolumeOutcome(volume=a_volume(), skipped="until the tag is removed")

    mail_ = render(an_outcome(skipped))

    assert (
        mail_.subject == "[FAILED] nothing backed up: every volume is skipped; 1 skipped (EBS day, eu-west-1)"
    )
    assert "EVERYTHING SKIPPED" in mail_.body


def test_nothing_selected_is_told_loudly(golden: Golden) -> None:
    mail_ = render(an_outcome(unselected=(GONE,), near_misses=NEAR, seconds=0.4))

    golden("nothing-selected.txt", text(mail_))


def test_a_broken_run(golden: Golden) -> None:
    mail_ = render_broken(
        a_run(),
        code="UnauthorizedOperation",
        message="You are not authorized to perform this operation.",
        advice=UNAUTHORIZED.advice,
    )

    assert "one worked" not in mail_.body  # a try that is killed, or cannot mail, is silent too
    golden("broken.txt", text(mail_))


def test_a_run_that_cannot_go_on_says_so_before_all_else(golden: Golden) -> None:
    error = AwsError(
        kind=Kind.REJECTED,
        code="AccessDeniedException",
        message="User: arn:aws:sts::111122223333:assumed-role/r/f is not authorized to perform: lambda:InvokeFunction",
    )
    late = a_failure(
        resource="vol-0b000222d3e4f5a6b",
        code="OutOfTime",
        message="the function's time ended before its turn",
        advice=real_advice("OutOfTime"),
    )
    cut = replace(a_failed_one(2, "db-1 data", late), unfinished=True)

    mail_ = render(
        replace(
            an_outcome(a_good_one(1, "web-1"), cut), continuation_failure=not_continued(error, "ebs-backup-f")
        )
    )

    golden("stopped.txt", text(mail_))


def test_a_volume_without_a_backup_is_not_said_to_have_never_had_one() -> None:
    """A person may have deleted them."""
    late = altered(a_good_one(1, "db"), overdue=(Overdue(period=Period.MONTH, limit=33, newest=None),))

    mail_ = render(an_outcome(late))

    assert "it has none" in mail_.body
    assert "never" not in mail_.body


def test_every_volume_deleted_meanwhile_is_a_run_without_a_backup(golden: Golden) -> None:
    gone = an_outcome_of(
        volume=a_volume(id="vol-0c00ffee00c0ffee0", name="tmp"),
        gone=True,
        notes=("was deleted before its snapshot was made",),
    )

    mail_ = render(an_outcome(gone))

    golden("all-gone.txt", text(mail_))


def test_many_snapshots_refused_for_one_reason_give_the_reason_once() -> None:
    outcome = an_outcome(*(a_failed_one(number, f"db-{number}") for number in range(20)))

    body = render(outcome).body

    assert unwrapped(body).count("service control policy or a permissions boundary") == 1
    assert sum(re.fullmatch(r"- db-\d+", line) is not None for line in body.splitlines()) == 20


def test_what_ec2_said_stands_by_each_volume_where_it_differs() -> None:
    said = [a_failure(code="Odd", message=f"oddity {number}", advice="Look it up.") for number in (1, 2)]
    outcome = an_outcome(
        *(a_failed_one(number, f"db-{number}", message) for number, message in enumerate(said, start=1))
    )

    lines = render(outcome).body.splitlines()

    assert [line for line in lines if "Odd" in line] == ["Why: Odd"]
    assert [line for line in lines if "oddity" in line] == ["  oddity 1", "  oddity 2"]


def test_a_failure_of_a_volume_that_is_backed_up_is_still_told() -> None:
    odd = a_failure(resource="snap-0dd", action="tag a snapshot", code="Odd")
    outcome = an_outcome(altered(a_good_one(1, "db-1 data"), failures=(odd,)))

    body = render(outcome).body

    assert "WENT WRONG  1\n" in body
    assert "- db-1 data\n  vol-0a000199fe01c2d4e\n  snap-0dd\n  could not tag a snapshot\n" in body


@pytest.mark.parametrize(
    ("hours", "age"),
    [(3, "less than a day old"), (25, "1 day old"), (71.99, "3 days old"), (-50, "newer than this run")],
)
def test_the_age_of_the_newest_good_one_is_told_in_days(hours: float, age: str) -> None:
    """Ages are as of the run's time: if that is long ago (a late event, a redone run), a newer snapshot has no age."""
    newest = a_snapshot(id="snap-0good", started=NIGHT - timedelta(hours=hours))
    failed = altered(a_failed_one(1, "db-1 data"), newest_completed=newest)

    body = render(an_outcome(failed)).body

    assert f"last good one {age}, snap-0good" in unwrapped(body)


def test_where_no_failure_has_advice_the_first_lines_name_the_log() -> None:
    silent = a_failure(code="Odd", message="odd", advice="")

    mail_ = render(an_outcome(a_failed_one(1, "db-1 data", silent)))

    assert mail_.body.splitlines()[2] == "To do: look in the log."


def test_of_many_different_long_words_of_aws_the_first_twenty_are_printed() -> None:
    said = [a_failure(code="Odd", message=f"{number} " + "m" * 200) for number in range(22)]

    mail_ = render(an_outcome(*(a_failed_one(number, f"db-{number}", it) for number, it in enumerate(said))))

    words = mail_.body.partition("AWS'S OWN WORDS\n")[2].partition("\n\n")[0]
    assert words.count("- Odd, vol-") == 20
    assert words.endswith("\n... and 2 more")
