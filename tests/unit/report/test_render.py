"""The report: whole mails as golden files, to be read as somebody woken at night, and what holds for every mail.

`pytest tests/unit --update-golden` writes the files anew; read their diff before you commit it.
"""

import json
import re
from dataclasses import replace

from ebs_backup.names import Period
from ebs_backup.report.data import answer
from ebs_backup.report.render import render, render_broken
from ebs_backup.report.text import one_line
from tests.unit.builders import a_failure, a_run, a_volume, altered, an_outcome, an_outcome_of
from tests.unit.outcomes import HOLDINGS
from tests.unit.report.examples import (
    GONE,
    RETIRED,
    Golden,
    a_failed_one,
    a_good_one,
    one_that_an_ami_uses,
    one_that_could_not_be_deleted,
    real_advice,
    text,
)


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


def test_a_volume_that_is_attached_to_nothing_has_no_place() -> None:
    failed = a_failed_one(1, "spare")
    loose = replace(failed, volume=replace(failed.volume, instance="", device=""))

    assert "()" not in render(an_outcome(loose)).body


def test_another_set_and_period_are_named(golden: Golden) -> None:
    run = a_run(period=Period.MONTH, backup_set="databases", region="us-gov-west-1", id="8d5c2f9e-manual")

    mail_ = render(an_outcome(a_good_one(1, "db-1 data"), run=run))

    golden("set.txt", text(mail_))


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
