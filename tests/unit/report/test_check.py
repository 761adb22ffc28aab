"""The mail of a check: what it says on a phone, and that it fits whatever was found."""

from collections.abc import Callable

from ebs_backup.checked import CREATE, DELETE, GO_ON, LIST, LISTENERS, Checked, Probe, answer
from ebs_backup.listeners import Listeners
from ebs_backup.report.check import render_check
from tests.unit.builders import a_failure, a_run

TOPIC = "arn:aws:sns:eu-west-1:111122223333:backups"


def test_the_mail_of_a_check_that_found_something(golden: Callable[[str, str], None]) -> None:
    refused = a_failure(resource="vol-0b")
    tags = a_failure(action="copy its tags Team", code="TagPolicyViolation", message="Team is not allowed")
    probes = (
        *[Probe(what=LIST)] * 3,
        Probe(what=CREATE, fault=refused),
        Probe(what=CREATE, fault=tags, hinders=False),
        Probe(what=DELETE, tried=False),
        Probe(what=GO_ON),
        Probe(what=LISTENERS, fault=Listeners(topic_arn=TOPIC, confirmed=0).failure),
    )

    mail = render_check(Checked(run=a_run(), probes=probes, selected=2))

    golden("a-check.txt", mail.body + "\n")


def test_a_thousand_refusals_fit_the_mail_and_the_answer_counts_what_it_lacks() -> None:
    faults = [
        a_failure(resource=f"vol-{number:017x}", code=f"Code{number % 30}", message="x" * 300)
        for number in range(1000)
    ]
    probes = tuple(Probe(what=CREATE, fault=fault) for fault in faults)
    checked = Checked(run=a_run(), probes=probes, selected=1000)

    mail = render_check(checked)

    assert len(mail.message.encode()) < 262_144
    assert "WOULD NOT WORK: 10 kinds more" in mail.body
    assert "and 14 more" in mail.body
    assert answer(checked)["not_shown"] == {"failures": 500}


def test_a_subject_is_short_and_ascii_whatever_the_set_is_called() -> None:
    run = a_run(backup_set="s" * 64)

    subject = render_check(Checked(run=run, probes=(Probe(what=CREATE),), selected=1)).subject

    assert len(subject) <= 99
    assert subject.startswith("[OK] check: 1 of 1 volume would be backed up, set sss")
