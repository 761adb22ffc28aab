"""A mail that does not fit into SNS's 256 KB: what is cut, in which order, and that the mail says so."""

import json

import pytest

from ebs_backup.freshness import Overdue
from ebs_backup.names import Period
from ebs_backup.report.render import render
from ebs_backup.report.text import MAX_DATA, MAX_MESSAGE, MAX_SUBJECT, Mail, size
from tests.unit.builders import a_failure, altered, an_outcome
from tests.unit.report.examples import (
    Golden,
    a_failed_one,
    a_good_one,
    one_that_could_not_be_deleted,
    unwrapped,
)

pytestmark = pytest.mark.no_cover  # thousands of rows; the other tests cover these lines with a few


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


def test_the_json_of_thousands_of_failures_leaves_room_for_the_text_and_counts_what_it_lacks() -> None:
    mail_ = render(an_outcome(*(a_failed_one(number, f"db-{number}") for number in range(3000))))

    told = json.loads(mail_.data)
    assert size(mail_.data) <= MAX_DATA
    assert 0 < len(told["failures"]) == 3000 - told["not_shown"]["failures"]


def test_where_nothing_else_fits_the_subject_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ebs_backup.report.text.MAX_BODY", 100)

    mail_ = render(an_outcome(a_failed_one(1, "db-1 data")))

    assert mail_.body == mail_.subject


def test_the_limits_are_sns_own() -> None:
    assert (MAX_SUBJECT, MAX_MESSAGE) == (99, 262_144)
