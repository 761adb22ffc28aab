"""The report: whole mails as golden files, to be read as somebody woken at night, and what holds for every mail.

`pytest tests/unit --update-golden` writes the files anew; read their diff before you commit it.
"""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ebs_backup.aws.errors import AwsError, Kind, advice, not_continued
from ebs_backup.freshness import Overdue
from ebs_backup.inventory import Unselected
from ebs_backup.model import Continued, Decision, Failure, Fate, Snapshot
from ebs_backup.names import Period
from ebs_backup.report.data import answer
from ebs_backup.report.render import render, render_broken
from ebs_backup.report.text import MAX_DATA, MAX_MESSAGE, MAX_SUBJECT, Mail, one_line, size
from ebs_backup.selection import NearMiss
from ebs_backup.volume_outcome import Made, VolumeOutcome
from tests.unit.builders import (
    NIGHT,
    a_decision,
    a_failure,
    a_run,
    a_snapshot,
    a_volume,
    altered,
    an_outcome,
    an_outcome_of,
)
from tests.unit.outcomes import HOLDINGS

Golden = Callable[[str, str], None]


def real_advice(code: str) -> str:
    return advice(AwsError(kind=Kind.REJECTED, code=code, message=""))


UNAUTHORIZED = a_failure(
    resource="vol-0b1c22d3e4f5a6b70",
    message="You are not authorized to perform this operation. User: arn:aws:sts::111122223333:assumed-role/ebs-backup/f"
    " is not authorized to perform: ec2:CreateSnapshot with an explicit deny in a service control policy. Encoded"
    " authorization failure message: 4GIOHlTkIaWHQD0Q0m6XSnuUMCm-abcdefghijklmnopqrstuvwxyz",
    advice=real_advice("UnauthorizedOperation"),
)


def point(
    volume: str, days_ago: float, *, period: Period = Period.DAY, state: str = "completed", name: str = ""
) -> Snapshot:
    """Make the snapshot of a volume's run of so many days ago, under an id as EC2 gives them."""
    return a_snapshot(
        id=f"snap-0{int(days_ago * 10):04x}{volume[-12:]}",
        volume_id=volume,
        period=period,
        days_ago=days_ago,
        state=state,
        name=name,
    )


def kept(*snapshots: Snapshot) -> tuple[Decision, ...]:
    return tuple(a_decision(snapshot, f"{rank} of 4") for rank, snapshot in enumerate(snapshots, start=1))


def expired(snapshot: Snapshot, reason: str = "beyond keep_day=4", fate: Fate = Fate.EXPIRED) -> Decision:
    return a_decision(snapshot, reason, fate)


def a_good_one(
    number: int,
    name: str,
    *,
    size: int = 100,
    days_ago: int = 6,
    when: Made = Made.NOW,
    fate: Fate = Fate.EXPIRED,
) -> VolumeOutcome:
    """Make a volume that got its snapshot, keeps four and lets its oldest go."""
    id_ = f"vol-0a{number:04x}99fe01c2d4e"
    made, *older = [point(id_, age, name=name) for age in (0, 1, 2, 3)]
    oldest = expired(point(id_, days_ago, name=name), fate=fate)
    return VolumeOutcome(
        volume=a_volume(id=id_, name=name, size=size),
        made=made,
        when=when,
        decisions=(*kept(made, *older), *([oldest] if when is Made.NOW else [])),
    )


def a_failed_one(
    number: int, name: str, failure: Failure = UNAUTHORIZED, *, newest_days_ago: float | None = 3
) -> VolumeOutcome:
    """Make a volume whose create was refused."""
    id_ = f"vol-0b{number:04x}22d3e4f5a6b"
    newest = None if newest_days_ago is None else point(id_, newest_days_ago)
    return an_outcome_of(
        volume=a_volume(id=id_, name=name, instance="i-07aa11bb22cc33dd4"),
        decisions=kept(newest) if newest else (),
        newest_completed=newest,
        failures=(replace(failure, resource=id_),),
    )


def one_that_an_ami_uses(number: int, name: str) -> VolumeOutcome:
    """Make a volume that got its snapshot, and whose oldest one an AMI holds."""
    good = a_good_one(number, name, fate=Fate.UNDELETABLE)
    *others, stuck = good.decisions
    reason = f"{stuck.reason}, but used by ami-0c0ffee0{number:04x}"
    return replace(good, decisions=(*others, replace(stuck, reason=reason)))


def one_that_could_not_be_deleted(number: int, name: str) -> VolumeOutcome:
    """Make a volume that got its snapshot, and whose oldest one EC2 refused to delete."""
    good = a_good_one(number, name, fate=Fate.NOT_DELETED)
    refused = a_failure(
        resource=good.decisions[-1].snapshot.id,
        action="delete a snapshot",
        code="OperationNotPermitted",
        message="Not now.",
        advice=real_advice("OperationNotPermitted"),
    )
    return altered(good, checks=(refused,))


GONE = Unselected(
    volume_id="vol-0dead1dead1dead1d",
    name="db-9 data",
    there=False,
    lately=True,
    snapshots=3,
    at_most_gib=300,
)
RETIRED = Unselected(
    volume_id="vol-0dead2dead2dead2d", name="old web", there=True, lately=False, snapshots=11, at_most_gib=88
)
NEAR = (
    NearMiss(volume=a_volume(id="vol-0c000199fe01c2d4e", name="mail"), why="its tag is 'backup'='True'"),
    NearMiss(
        volume=a_volume(id="vol-0c000299fe01c2d4e", name="log", instance_name="db-1"),
        why="the tag is on its instance db-1 (i-07aa), not on the volume",
    ),
)


def unwrapped(body: str) -> str:
    """Return the text of a mail as if no line had been broken."""
    return " ".join(body.split())


def text(mail_: Mail) -> str:
    return f"Subject: {mail_.subject}\n\n{mail_.body}\n"


def test_a_clean_run(golden: Golden) -> None:
    outcome = an_outcome(
        a_good_one(2, "web-1 root", size=8),
        a_good_one(1, "db-1 data", size=1000),
        a_good_one(3, ""),
        unselected=(GONE,),
        holdings=HOLDINGS,
    )

    mail_ = render(outcome)

    golden("clean.txt", text(mail_))


def test_one_volume_and_one_snapshot_are_written_in_the_singular(golden: Golden) -> None:
    mail_ = render(an_outcome(a_good_one(1, "db-1 data"), seconds=1.2))

    golden("one-volume.txt", text(mail_))


def test_a_partial_failure_says_on_what_why_and_what_to_do_worst_first(golden: Golden) -> None:
    limit = a_failure(
        code="SnapshotLimitExceeded",
        message="Snapshot limit of 100000 exceeded",
        advice=real_advice("SnapshotLimitExceeded"),
    )
    outcome = an_outcome(
        a_good_one(2, "web-1 root", size=8),
        a_failed_one(1, "db-1 data"),
        a_failed_one(2, "db-2 data", newest_days_ago=1),
        a_failed_one(3, "cache", limit, newest_days_ago=None),
        one_that_an_ami_uses(4, "golden root"),
        one_that_could_not_be_deleted(6, "logs"),
        an_outcome_of(
            volume=a_volume(id="vol-0c00ffee00c0ffee0", name="tmp"),
            gone=True,
            notes=("was deleted before its snapshot was made",),
        ),
        altered(a_good_one(5, "app"), notes=("no room for its tags cost-centre, owner",)),
        unselected=(GONE, RETIRED),
        holdings=HOLDINGS,
    )

    mail_ = render(outcome)

    golden("partial.txt", text(mail_))


def test_a_snapshot_that_an_ami_uses_is_normal(golden: Golden) -> None:
    mail_ = render(an_outcome(one_that_an_ami_uses(1, "golden root"), a_good_one(2, "web-1 root")))

    golden("in-use.txt", text(mail_))


def test_thousands_of_snapshots_that_aws_keeps_stay_a_short_table_and_a_short_answer() -> None:
    held = a_good_one(1, "golden")
    many = tuple(
        expired(point("vol-1", age), f"beyond keep_day=4, but used by ami-{age % 40:04x}", Fate.UNDELETABLE)
        for age in range(15_000)
    )
    outcome = an_outcome(replace(held, decisions=many))

    mail_ = render(outcome)

    assert mail_.subject == "[OK] 1 created, 0 expired (EBS day, eu-west-1)"
    assert "KEPT BY AWS  15,000 snapshots" in mail_.body
    assert "\n- 375 snapshots used by ami-0000\n" in mail_.body
    assert "\n... and 20 more\n" in mail_.body
    assert len(mail_.body) < 4000
    assert len(json.dumps(answer(outcome))) < 6000


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


def test_near_misses_skipped_volumes_and_bad_tags_are_told(golden: Golden) -> None:
    bad = Failure(
        resource="vol-0a000199fe01c2d4e",
        action="read a tag of the volume",
        code="InvalidTag",
        message="'ebs-backup:keep-day' must be a whole number from 1 to 1000, got 'four'",
        advice="Correct the tag or remove it; until then the set's own keep_day=4 applies.",
    )
    skipped = VolumeOutcome(
        volume=a_volume(id="vol-0d000199fe01c2d4e", name="tmp"), skipped="until 2026-12-24"
    )
    outcome = an_outcome(
        altered(a_good_one(1, "db-1 data"), checks=(bad,)), skipped, near_misses=NEAR, holdings=HOLDINGS
    )

    mail_ = render(outcome)

    golden("near-misses.txt", text(mail_))


def test_where_everything_is_skipped_the_mail_says_so_loudly() -> None:
    skipped = VolumeOutcome(volume=a_volume(), skipped="until the tag is removed")

    mail_ = render(an_outcome(skipped))

    assert (
        mail_.subject == "[FAILED] nothing backed up: every volume is skipped; 1 skipped (EBS day, eu-west-1)"
    )
    assert "EVERYTHING SKIPPED" in mail_.body


def test_without_the_names_of_the_instances_the_mail_says_what_it_lacks() -> None:
    lookup_failure = a_failure(resource="instances", action="list the tags of the instances")

    mail_ = render(replace(an_outcome(a_good_one(1, "db-1")), lookup_failure=lookup_failure))

    assert mail_.subject == ("[CHECK] 1 to check; 1 created, 1 expired (EBS day, eu-west-1)")
    assert "TO CHECK  1\n- instances\n  could not list the tags of the instances\n" in mail_.body


def test_machines_get_the_same_report_as_json() -> None:
    outcome = an_outcome(
        a_good_one(1, "db-1"), a_failed_one(2, "db-2"), holdings=HOLDINGS, unselected=(GONE,)
    )

    mail_ = render(outcome)

    assert json.loads(mail_.data) == {"subject": mail_.subject, **answer(outcome)}
    assert mail_.attributes == {"status": "PROBLEM", "set": "default", "period": "day"}


def test_a_broken_run_is_told_to_machines_too() -> None:
    mail_ = render_broken(a_run(), code="InvalidSettings", message="keep_day must be", advice="Correct it.")

    told = json.loads(mail_.data)
    assert told["status"] == mail_.attributes["status"] == "FAILED"
    assert told["broken"] == {
        "code": "InvalidSettings",
        "message": "keep_day must be",
        "advice": "Correct it.",
    }


def test_the_json_of_thousands_of_failures_leaves_room_for_the_text_and_counts_what_it_lacks() -> None:
    mail_ = render(an_outcome(*(a_failed_one(number, f"db-{number}") for number in range(3000))))

    told = json.loads(mail_.data)
    assert size(mail_.data) <= MAX_DATA
    assert 0 < len(told["failures"]) == 3000 - told["not_shown"]["failures"]


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


def test_what_the_limit_deferred_asks_for_a_look(golden: Golden) -> None:
    """A mistyped keep drains slowly enough to be noticed, if the mail does not look like any other."""
    volumes = [a_good_one(1, "db-1 data"), a_good_one(2, "web-1 root"), a_good_one(3, "app")]
    later = [
        expired(point(volumes[number].volume.id, age, name=name), "beyond keep_day=1", Fate.DEFERRED)
        for number, age, name in (
            (0, 9, "db-1 data"),
            (0, 8, "db-1 data"),
            (0, 7, "db-1 data"),
            (1, 7, "web-1"),
        )
    ]
    outcome = an_outcome(
        replace(volumes[0], decisions=(*volumes[0].decisions, *later[:3])),
        replace(volumes[1], decisions=(*volumes[1].decisions, later[3])),
        volumes[2],
        retired=(expired(point("vol-0dead", 90, name="gone"), "gone for 90 days", Fate.DEFERRED),),
    )

    mail_ = render(outcome)

    golden("left.txt", text(mail_))


def test_what_is_deferred_by_a_volumes_own_tag_is_not_blamed_on_the_setting_alone() -> None:
    deferred = expired(point("vol-1", 9), "beyond its tag ebs-backup:keep-day=1", Fate.DEFERRED)

    mail_ = render(an_outcome(replace(a_good_one(1, "db"), decisions=(deferred,))))

    assert "A volume's own count is its tag ebs-backup:keep-day." in unwrapped(mail_.body)
    assert "`npx cdk deploy`" in unwrapped(mail_.body)


def test_that_a_volume_has_none_does_not_say_that_it_never_had_one() -> None:
    """A person may have deleted them."""
    late = altered(a_good_one(1, "db"), overdue=(Overdue(period=Period.MONTH, limit=33, newest=None),))

    mail_ = render(an_outcome(late))

    assert "it has none" in mail_.body
    assert "never" not in mail_.body


def test_a_volume_that_lost_its_tag_asks_for_a_look_until_it_is_old_news() -> None:
    """Somebody's deployment drops the tag, and the backups stop without a failure."""
    lost = replace(RETIRED, lately=True)

    mail_ = render(an_outcome(a_good_one(1, "db-1 data"), unselected=(lost, RETIRED, GONE)))

    assert mail_.subject == ("[CHECK] 1 volume deselected; 1 created, 1 expired (EBS day, eu-west-1)")
    assert mail_.attributes["status"] == "CHECK"
    assert "DESELECTED  1 volume" in mail_.body
    assert "NO LONGER BACKED UP  2 volumes\n" in mail_.body
    assert mail_.body.count("- old web\n") == 2  # one volume each


def test_a_volume_that_is_attached_to_nothing_has_no_place() -> None:
    failed = a_failed_one(1, "spare")
    loose = replace(failed, volume=replace(failed.volume, instance="", device=""))

    assert "()" not in render(an_outcome(loose)).body


def test_another_set_and_period_are_named(golden: Golden) -> None:
    run = a_run(period=Period.MONTH, backup_set="databases", region="us-gov-west-1", id="8d5c2f9e-manual")

    mail_ = render(an_outcome(a_good_one(1, "db-1 data"), run=run))

    golden("set.txt", text(mail_))


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
    """An event may come late, or ask by hand for a time long ago: as of then, what came after it has no age."""
    newest = a_snapshot(id="snap-0good", started=NIGHT - timedelta(hours=hours))
    failed = altered(a_failed_one(1, "db-1 data"), newest_completed=newest)

    body = render(an_outcome(failed)).body

    assert f"last good one {age}, snap-0good" in unwrapped(body)


# Oversized: what does not fit goes in an order, and the mail says what went.


def shown(name: str, mail_: Mail, golden: Golden) -> None:
    """Hold an oversized mail to a golden file of its head and tail: the whole would be 256 KB."""
    lines = mail_.body.splitlines()
    omitted = f"[the golden file leaves out {max(0, len(lines) - 30)} lines]"
    golden(name, "\n".join([f"Subject: {mail_.subject}", "", *lines[:20], omitted, *lines[-10:], ""]))


def test_thousands_of_volumes_cut_the_successes_first(golden: Golden) -> None:
    good = (a_good_one(number, f"worker-{number:04} data") for number in range(3000))
    mail_ = render(
        an_outcome(*good, a_failed_one(1, "db-1 data"), one_that_could_not_be_deleted(9000, "golden"))
    )

    assert "CREATED  3,001 snapshots\n- golden, 100 GiB\n" in mail_.body
    assert "\n... and 2,501 more\n" in mail_.body
    assert "- db-1 data\n" in mail_.body
    shown("oversized.txt", mail_, golden)


def test_of_thousands_of_overdue_volumes_each_period_is_told_with_its_number() -> None:
    late = tuple(Overdue(period=period, limit=4, newest=None) for period in Period)

    body = render(an_outcome(*(altered(a_good_one(n, "db"), overdue=late) for n in range(5000)))).body

    for period in Period:
        assert f"No {period} backup for 4 days (max_age_{period}) or longer: 5,000 volumes." in unwrapped(
            body
        )
    assert body.count("... and 4,500 more") == 3


def test_failures_that_alone_do_not_fit_are_shortened(golden: Golden) -> None:
    odd = [
        a_failure(code="Odd", message=f"{number} " + "m" * 290, advice="Look it up.")
        for number in range(1000)
    ]
    mail_ = render(an_outcome(*(a_failed_one(n, f"db-{n:04}", message) for n, message in enumerate(odd))))

    assert all(f"db-{number:04}" in mail_.body for number in range(1000))
    assert "... and 980 more" in mail_.body.partition("AWS'S OWN WORDS")[2]
    shown("oversized-shortened.txt", mail_, golden)


def test_failures_that_do_not_fit_even_so_are_counted(golden: Golden) -> None:
    failed = (a_failed_one(number, f"db-{number:04} " + "x" * 60) for number in range(6000))
    mail_ = render(an_outcome(*failed))

    assert mail_.body.count("\n- db-") - 2 == 500  # two of them at the top
    assert "at most 500 rows of each problem" in unwrapped(mail_.body)
    assert "To do: Look for a policy that forbids it." in mail_.body
    assert "\n... and 5,500 more\n" in mail_.body
    shown("oversized-counted.txt", mail_, golden)


def test_thousands_of_overdue_volumes_are_counted_where_they_do_not_fit_and_never_hide_a_failure() -> None:
    late = (Overdue(period=Period.MONTH, limit=33, newest=None),)
    volumes = [
        altered(a_good_one(number, f"db-{number:04} " + "x" * 60), overdue=late) for number in range(6000)
    ]

    mail_ = render(an_outcome(*volumes, a_failed_one(1, "zz-last")))

    assert "\n... and 5,500 more\n" in mail_.body
    assert "zz-last" in mail_.body
    assert mail_.subject.startswith("[PROBLEM] zz-last: NO backup; 6,000 overdue")


def test_a_failure_to_delete_never_takes_the_place_of_a_volume_without_a_backup() -> None:
    volumes = [one_that_could_not_be_deleted(number, f"a-{number:04}" + "x" * 70) for number in range(4000)]
    mail_ = render(an_outcome(*volumes, a_failed_one(1, "zz-last")))

    assert "zz-last" in mail_.body
    assert mail_.body.index("NOT BACKED UP") < mail_.body.index("NOT DELETED")


def test_a_subject_that_is_cut_says_so_also_where_a_word_ends() -> None:
    cut = one_line("x" * 98 + " y", 99)

    assert cut == "x" * 96 + "..."


def test_a_long_set_name_gives_way_to_the_numbers_in_the_subject() -> None:
    run = a_run(backup_set="s" * 64, region="ap-southeast-2")

    subject = render(an_outcome(a_failed_one(1, "db"), run=run)).subject

    assert len(subject) < 100
    assert re.fullmatch(
        r"\[FAILED\] db: NO backup; 0 created, 0 expired \(EBS s+\.\.\. day, ap-southeast-2\)", subject
    )


def test_a_selector_in_another_script_leaves_the_subject_ascii_and_the_body_true() -> None:
    run = a_run(selector="Sicherung=täglich")

    mail_ = render(an_outcome(run=run))

    assert "no volume is tagged Sicherung=t?glich" in mail_.subject
    assert "Sicherung=täglich" in mail_.body


# What holds for every mail.


def test_where_nothing_else_fits_the_subject_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ebs_backup.report.text.MAX_BODY", 100)

    mail_ = render(an_outcome(a_failed_one(1, "db-1 data")))

    assert mail_.body == mail_.subject


def test_the_limits_are_sns_own() -> None:
    assert (MAX_SUBJECT, MAX_MESSAGE) == (99, 262_144)
