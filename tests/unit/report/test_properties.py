"""The report by properties: what holds for every mail, whatever happened and whatever names people gave."""

import json
import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ebs_backup.model import Run
from ebs_backup.outcome import Outcome
from ebs_backup.report.data import answer
from ebs_backup.report.render import render, render_broken
from ebs_backup.report.text import Mail, one_line, size
from tests.unit.outcomes import outcomes, runs, words

# The order of the mail: what went wrong, what can wait, what was done, what there is.
SECTIONS = (
    "NOTHING SELECTED",
    "EVERYTHING SKIPPED",
    "NOTHING LEFT",
    "NOT FINISHED",
    "NOT BACKED UP",
    "VOLUMES IN ERROR",
    "OVERDUE",
    "FAILED SNAPSHOTS",
    "WENT WRONG",
    "NOT DELETED",
    "TO CHECK",
    "NOT LOOKED UP",
    "DEFERRED",
    "FOREIGN SNAPSHOTS",
    "STRAY SNAPSHOTS",
    "EDITED TAGS",
    "PENDING TOO LONG",
    "NO LONGER SELECTED",
    "NOT SELECTED",
    "NEAR MISSES",
    "SKIPPED",
    "NOTED",
    "CREATED",
    "EXPIRED",
    "KEPT BY AWS",
    "ON HOLD",
    "NO LONGER BACKED UP",
    "HELD",
)


def headings(body: str) -> list[str]:
    """Return the sections' headings in the order of the mail: only they begin a line that way."""
    found = (re.match(r"([A-Z][A-Z ]+)  ", line) for line in body.splitlines())
    return [match[1] for match in found if match and match[1] in SECTIONS]


def fits(mail: Mail) -> bool:
    return (
        len(mail.subject) < 100
        and mail.subject.isascii()
        and mail.subject.isprintable()
        and len(mail.message.encode(errors="surrogatepass")) + 200 <= 262_144
        and all(mail.attributes.values())
    )


@hypothesis_settings(max_examples=60)
@given(outcomes)
def test_whatever_happened_the_mail_is_one_that_sns_takes_worst_first(outcome: Outcome) -> None:
    mail = render(outcome)

    assert fits(mail)
    found = headings(mail.body)
    assert found == sorted(found, key=SECTIONS.index)
    assert len(set(found)) == len(found)


@hypothesis_settings(max_examples=60)
@given(outcomes)
def test_one_word_tells_the_status_everywhere(outcome: Outcome) -> None:
    mail = render(outcome)

    told = {json.loads(mail.data)["status"], mail.attributes["status"], answer(outcome)["status"]}
    assert told == {outcome.status.value}
    assert mail.subject.startswith(f"[{outcome.status}] ")


@hypothesis_settings(max_examples=60)
@given(outcomes)
def test_every_failure_and_check_is_named_with_what_to_do_and_nothing_deletes_a_snapshot(
    outcome: Outcome,
) -> None:
    body = render(outcome).body

    assert "delete-snapshot" not in body or "delete-snapshot" in repr(outcome)
    assert "CUT to what SNS takes" not in body
    for failure in (*outcome.failures, *outcome.checks):
        assert one_line(failure.code) in body
        assert one_line(failure.message) in body
        assert f"To do: {one_line(failure.advice, 1000)}" in body
    for failed in outcome.failed:
        assert one_line(failed.id) in body


@hypothesis_settings(max_examples=60)
@given(outcomes)
def test_a_section_is_there_where_it_has_something_to_tell_and_is_referred_to_only_then(
    outcome: Outcome,
) -> None:
    body = render(outcome).body

    found = headings(body)
    count = outcome.count
    unmade = count(lambda volume: not (volume.made or volume.gone or volume.skipped))
    assert ("NOT BACKED UP" in found or "VOLUMES IN ERROR" in found) or not unmade
    assert ("NOT FINISHED" in found) == (outcome.continuation_failure is not None)
    assert ("OVERDUE" in found) == bool(count(lambda volume: volume.overdue))
    assert ("DEFERRED" in found) == bool(outcome.deferred)
    assert ("FOREIGN SNAPSHOTS" in found) == bool(outcome.foreign)
    assert outcome.status != "FAILED" or "  To do: " in body
    drawn = re.sub(r"<\w+\.\w+: '\w+'>", "", repr(outcome))  # people may give any name
    told = [line for line in body.splitlines() if not line.startswith(SECTIONS)]
    named = {name for name in SECTIONS if any(name in line for line in told)}
    assert {name for name in named if name not in drawn} <= set(found)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(outcome=outcomes, times=st.integers(1, 100))
def test_a_mail_is_cut_only_where_it_does_not_fit_and_then_says_so(
    outcome: Outcome, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = replace(outcome, volumes=outcome.volumes * times)
    whole = render(outcome)
    monkeypatch.setattr("ebs_backup.report.text.MAX_BODY", 20_000)

    cut = render(outcome)

    assert size(cut.body) <= 20_000
    assert (cut.body == whole.body) == (size(whole.body) <= 20_000)
    assert ("\nCUT to" in cut.body) == (cut.body not in (whole.body, cut.subject) or "\nCUT to" in whole.body)
    assert cut.subject == whole.subject


@given(run=runs, code=words, message=words | st.just("m" * 300_000), advice=words)
def test_whatever_broke_the_run_the_mail_is_one_that_sns_takes(
    run: Run, code: str, message: str, advice: str
) -> None:
    assert fits(render_broken(run, code=code, message=message, advice=advice))
