"""`ebs-backup doctor`: one screen that says what is good, what is not, and what to do. Changes nothing."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from rich.console import Console

from ebs_backup.aws.convert import printable
from ebs_backup_cli.aws.operator import Operator
from ebs_backup_cli.aws.stack import Stack
from ebs_backup_cli.backups.points import Holdings, holdings
from ebs_backup_cli.command import OK, PROBLEM, Result
from ebs_backup_cli.doctor import examine_backups as backups
from ebs_backup_cli.doctor import examine_mails as mails
from ebs_backup_cli.doctor import examine_stack as stack
from ebs_backup_cli.doctor.examine_check import last_check
from ebs_backup_cli.doctor.findings import Finding, State, examine
from ebs_backup_cli.terminal.screen import Line, Piece, put, say, under
from ebs_backup_cli.terminal.words import several

STYLES = {State.GOOD: "green", State.LOOK: "yellow", State.BAD: "bold red", State.UNKNOWN: "dim"}
WORDS = {State.GOOD: "good", State.UNKNOWN: "?"}
INDENT = " " * len("good  dead letters  ")
Check = Callable[[], Iterator[Finding]]


def doctor(operator: Operator) -> Result:
    """Check stack, rules, mails, alarms, runs, overdue volumes and quota, and say what to do."""
    found = [finding for topic, check in _checks(operator) for finding in examine(topic, check)]
    return Result(
        document=_document(operator, found),
        show=lambda console: _show(console, operator, found),
        status=PROBLEM if any(finding.state is State.BAD for finding in found) else OK,
    )


def _checks(operator: Operator) -> list[tuple[str, Check]]:
    """Return each check with the topic under which it is reported if it cannot be made."""
    settings, now = operator.deployment.settings, operator.now()
    of = Stack(operator.session, settings.backup_set)

    @cache
    def found() -> Holdings:
        return holdings(operator.ec2, operator.listing(), settings.backup_set, tag_name=settings.tag_name)

    return [
        ("stack", lambda: stack.stack(of)),
        ("rule", lambda: stack.rules(of, settings)),
        ("volumes", lambda: backups.selection(found(), settings)),
        ("run", lambda: backups.runs(found(), settings, now)),
        ("run", lambda: backups.heartbeat(of, settings, now)),
        ("overdue", lambda: backups.too_old(found(), settings, now)),
        ("foreign", lambda: backups.strangers(found(), settings)),
        ("mail", lambda: mails.mails(of, settings)),
        ("alarm mail", lambda: mails.alarm_mails(of, settings)),
        ("unsubscribe", lambda: mails.unsubscribes(of, settings)),
        ("alarm", lambda: stack.alarms(of)),
        ("dead letters", lambda: stack.dead_letters(of)),
        ("quota", lambda: backups.quota(of, found(), settings)),
        ("check", lambda: last_check(of, now)),
        ("role", lambda: stack.role(of, settings, operator.account)),
    ]


def _document(operator: Operator, found: list[Finding]) -> dict[str, Any]:
    states = {finding.state for finding in found}
    worst = next(state for state in (State.BAD, State.LOOK, State.GOOD) if state in states | {State.GOOD})
    return {
        "set": operator.deployment.settings.backup_set,
        "region": operator.region,
        "state": worst.value,
        "checks": [
            {
                "topic": finding.topic,
                "state": finding.state.value,
                "text": finding.text,
                "advice": finding.advice,
                "items": list(finding.items),
            }
            for finding in found
        ],
    }


def _show(console: Console, operator: Operator, found: list[Finding]) -> None:
    say(console, f"Set {operator.deployment.settings.backup_set} in {operator.region}", "bold")
    put(console, (line for finding in found for line in _lines(finding, console.width)))
    say(console, _sum(found), "bold")


def _lines(finding: Finding, width: int) -> Iterator[Line]:
    """Write one finding, and below it what to do."""
    style = STYLES[finding.state]
    word = WORDS.get(finding.state, finding.state.upper())
    first, *more = under(printable(finding.text), len(INDENT), width)
    text = first[0].text[len(INDENT) :]
    plain = finding.state is State.GOOD
    yield (Piece(f"{word:5} ", style), Piece(f"{finding.topic:13} "), Piece(text, "" if plain else style))
    yield from more
    yield from under(printable(finding.advice), len(INDENT), width)


def _sum(found: list[Finding]) -> str:
    count = {state: sum(finding.state is state for finding in found) for state in State}
    told = [f"{several(len(found) - count[State.UNKNOWN], 'line')} checked: {count[State.BAD]} bad"]
    told += [f"{count[State.LOOK]} to look at"] if count[State.LOOK] else []
    told += [f"{count[State.UNKNOWN]} not checked"] if count[State.UNKNOWN] else []
    return ", ".join(told) + "."
