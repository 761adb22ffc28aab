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
from ebs_backup.report.problems import lacking, worst_first
from ebs_backup.report.render import render, render_bad_event, render_broken
from ebs_backup.report.text import WIDTH, Mail, one_line, size
from tests.unit.commands import check, lines, redoes
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
    "DEFERRED",
    "FOREIGN SNAPSHOTS",
    "STRAY SNAPSHOTS",
    "EDITED TAGS",
    "PENDING TOO LONG",
    "DESELECTED",
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


times = st.datetimes().map(lambda time: f"{time.isoformat()}Z")


def dated(run: Run, time: str) -> Run:
    """Return the run with an id as its event gives it: a time, if a rule started it."""
    return replace(run, id=time if run.scheduled else run.id)


def sns_takes_it_and_the_worst_comes_first(_outcome: Outcome, mail: Mail) -> None:
    assert fits(mail)
    found = headings(mail.body)
    assert found == sorted(found, key=SECTIONS.index)
    assert len(set(found)) == len(found)


def one_word_tells_the_status_everywhere(outcome: Outcome, mail: Mail) -> None:
    told = {json.loads(mail.data)["status"], mail.attributes["status"], answer(outcome)["status"]}
    assert told == {outcome.status.value}
    assert mail.subject.startswith(f"[{outcome.status}] ")


def every_failure_and_check_is_named_with_what_to_do_and_nothing_deletes_a_snapshot(
    outcome: Outcome, mail: Mail
) -> None:
    body = mail.body
    told = " ".join(body.split())

    assert "delete-snapshot" not in body or "delete-snapshot" in repr(outcome)
    assert "\nCUT  " not in body
    for failure in (*outcome.failures, *outcome.checks):
        for said, most in ((failure.code, 300), (failure.message, 300), (failure.advice, 1000)):
            assert " ".join(one_line(said, most).split()) in told
    for failed in outcome.failed:
        assert " ".join(one_line(failed.id).split()) in told


def a_section_is_there_if_it_has_something_to_tell_and_is_referred_to_only_then(
    outcome: Outcome, mail: Mail
) -> None:
    body = mail.body

    found = headings(body)
    count = outcome.count
    unmade = count(lambda volume: not (volume.made or volume.gone or volume.skipped))
    assert ("NOT BACKED UP" in found or "VOLUMES IN ERROR" in found) or not unmade
    assert ("NOT FINISHED" in found) == (outcome.continuation_failure is not None)
    assert ("OVERDUE" in found) == bool(count(lambda volume: volume.overdue))
    assert ("DEFERRED" in found) == bool(outcome.deferred)
    assert ("FOREIGN SNAPSHOTS" in found) == bool(outcome.foreign)
    drawn = re.sub(r"<\w+\.\w+: '\w+'>", "", repr(outcome))  # people may give any name
    told = [line for line in body.splitlines() if not line.startswith(SECTIONS)]
    named = {name for name in SECTIONS if any(name in line for line in told)}
    assert {name for name in named if name not in drawn} <= set(found)


def the_first_lines_fit_a_phone_and_say_what_has_no_backup_and_what_to_do(
    outcome: Outcome, mail: Mail
) -> None:
    first, *_ = mail.body.split("\n\n")
    lines = first.splitlines()

    assert len(lines) <= 5
    assert all(len(line) <= WIDTH and line.isprintable() for line in lines)
    assert lines[-1].startswith(
        "To do: " if outcome.status in ("FAILED", "PROBLEM") else ("To do: ", "Nothing to do.")
    )
    unmade = [volume for volume in worst_first(outcome.volumes) if lacking(volume)]
    in_error = [volume for volume in unmade if any(it.code == "VolumeError" for it in volume.failures)]
    if not in_error and not outcome.continuation_failure:
        assert f"{len(unmade):,} of {len(outcome.volumes):,} volume" in first or not unmade
    shown = [one_line(volume.volume.name, 10).rstrip(".")[:7] or "(no name)" for volume in unmade]
    if not in_error or len(in_error) == len(unmade):
        assert all(" ".join(name.split()) in " ".join(first.split()) for name in shown[:2] if len(unmade) < 4)


def lines_end_where_a_phone_ends_but_for_ids_commands_links_and_aws_own_words(
    _outcome: Outcome, mail: Mail
) -> None:
    told = re.split(r"\n\n(?:AWS'S OWN WORDS|COMMAND 1|LINKS)\n", mail.body)[0]

    for line in told.splitlines():
        start = re.match(r"(- |  |Why: |To do: )?", line)
        assert len(line) <= WIDTH or " " not in line[start.end() if start else 0 :], line


def the_subject_begins_with_the_news_and_ends_with_where(outcome: Outcome, _mail: Mail) -> None:
    run, subject = outcome.run, render(replace(outcome, run=replace(outcome.run, region="eu-west-1"))).subject

    unmade = [volume.volume for volume in outcome.volumes if lacking(volume)]
    assert ": NO backup" in subject or not unmade or outcome.continuation_failure
    assert subject.endswith(f"{run.period}, eu-west-1)")


def commands_that_a_mail_refers_to_are_at_its_end_under_their_numbers(_outcome: Outcome, mail: Mail) -> None:
    body = mail.body

    there = [int(number) for number in re.findall(r"^COMMAND (\d+)$", body, re.MULTILINE)]
    told = {int(number) for number in re.findall(r": command (\d+), at the end\.", " ".join(body.split()))}
    assert there == list(range(1, len(there) + 1))
    assert told == set(there)


def every_command_is_one_that_the_aws_cli_takes(outcome: Outcome, mail: Mail) -> None:
    """Whatever names, ids and regions hold, a shell passes them on as they are."""
    run = outcome.run
    for command in lines(mail.body):
        check(command)
        if "lambda invoke" in command:
            redoes(command, time=run.id if run.scheduled else None, period=run.period)


# They share their outcomes, because to draw one takes longer than to write its mail and check it.
PROMISES = (
    sns_takes_it_and_the_worst_comes_first,
    one_word_tells_the_status_everywhere,
    every_failure_and_check_is_named_with_what_to_do_and_nothing_deletes_a_snapshot,
    a_section_is_there_if_it_has_something_to_tell_and_is_referred_to_only_then,
    the_first_lines_fit_a_phone_and_say_what_has_no_backup_and_what_to_do,
    lines_end_where_a_phone_ends_but_for_ids_commands_links_and_aws_own_words,
    the_subject_begins_with_the_news_and_ends_with_where,
    commands_that_a_mail_refers_to_are_at_its_end_under_their_numbers,
    every_command_is_one_that_the_aws_cli_takes,
)


@hypothesis_settings(max_examples=200)
@given(outcomes, times)
def test_whatever_happened_every_mail_keeps_every_promise(outcome: Outcome, time: str) -> None:
    outcome = replace(outcome, run=dated(outcome.run, time))
    mail = render(outcome)

    for promise in PROMISES:
        promise(outcome, mail)


@given(runs, times)
def test_every_command_of_a_mail_without_an_outcome_is_one_that_the_aws_cli_takes(
    run: Run, time: str
) -> None:
    run = dated(run, time)
    broken = render_broken(run, code="Odd", message="odd", advice="Look.")
    bad = render_bad_event(
        backup_set=run.backup_set,
        account=run.account,
        region=run.region,
        function=run.function,
        log_group=run.log_group,
        error="period must be one of day, week, month, got 'dya'",
    )

    for command in lines(broken.body):
        check(command)
        redoes(command, time=run.id if run.scheduled else None, period=run.period)
    for command in lines(bad.body):
        check(command)


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
    assert ("\nCUT  " in cut.body) == (cut.body not in (whole.body, cut.subject) or "\nCUT  " in whole.body)
    assert cut.subject == whole.subject


@given(run=runs, code=words, message=words | st.just("m" * 300_000), advice=words)
def test_whatever_broke_the_run_the_mail_is_one_that_sns_takes(
    run: Run, code: str, message: str, advice: str
) -> None:
    assert fits(render_broken(run, code=code, message=message, advice=advice))
