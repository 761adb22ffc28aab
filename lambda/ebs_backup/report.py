"""The report: an outcome as a mail that a person reads in ten seconds, worst first. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ebs_backup.labels import minute
from ebs_backup.mail import Mail, columns, counted, one_line, paragraph, subject, text_within
from ebs_backup.model import Failure, Outcome, Run, Snapshot, Status, Volume, VolumeOutcome

MAX_IDS = 5  # volume ids in one line
TAGS = {Status.OK: "OK", Status.PARTIAL: "PROBLEM", Status.FAILED: "FAILED"}
CHECK = "CHECK"  # all well, but a person should look: an [OK] is easily filed away unread
# EC2 ends some refusals with a long code that only `aws sts decode-authorization-message` reads; the log has it.
ENCODED = "Encoded authorization failure message"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Detail:
    """How much a mail tells.

    In the order in which they give way: lists of what went well, lists of what to look at, EC2's words, advice that
    differs under one code, how many failures.
    """

    lists: bool = True
    notes: bool = True
    words: bool = True
    advice: bool = True
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failed:
    """One failure as the mail shows it: `row` says on what, in columns (the first two suffice); `more` in a line below."""

    failure: Failure
    row: tuple[str, ...]
    more: str = ""

    @property
    def message(self) -> str:
        return one_line(self.failure.message.partition(ENCODED)[0])


def render(outcome: Outcome) -> Mail:
    """Write the mail of a run that came to its end, cut to what SNS takes."""
    tag = CHECK if outcome.status is Status.OK and outcome.needs_a_person else TAGS[outcome.status]
    title = subject(tag, outcome.run, _headline(outcome))
    unmade, undeleted = _unmade(outcome), _undeleted(outcome)
    bodies = (
        text_within(_parts(outcome, title, unmade, undeleted, detail))
        for detail in _details(len(unmade) + len(undeleted))
    )
    return Mail(subject=title, body=next(filter(None, bodies), title))


def render_broken(run: Run, *, code: str, message: str, advice: str) -> Mail:
    """Write the mail of a run that could not do its job."""
    title = subject("FAILED", run, f"the run broke: {code}")
    lines = (
        title,
        "",
        "THE RUN BROKE",
        *paragraph(one_line(f"{code}: {message}", 1000)),
        *paragraph(f"To do: {one_line(advice)}"),
        "",
        "What it had done before stays as it is, and the next try does only what is lacking. Lambda tries a",
        "scheduled run twice more, within minutes. A try that breaks too mails again; if none does, one worked.",
        "",
        f"{_where(run)}.",
        _log(run),
    )
    return Mail(subject=title, body="\n".join(lines))


def _details(failed: int) -> Iterator[_Detail]:
    """Give less and less detail: successes are cut first, then failures are shortened, then counted."""
    detail = _Detail(failed=failed)
    yield detail
    for less in ({"lists": False}, {"notes": False}, {"words": False}, {"advice": False}):
        detail = replace(detail, **less)
        yield detail
    while detail.failed:
        detail = replace(detail, failed=detail.failed * 3 // 4)
        yield detail


def _headline(outcome: Outcome) -> str:
    if not outcome.volumes:
        return f"nothing selected, no volume is tagged {outcome.run.selector}"
    if unmade := sum(bool(each.failures) and not each.made for each in outcome.volumes):
        return f"{unmade} of {counted(len(outcome.volumes), 'volume')} failed"
    if outcome.status is Status.FAILED:
        return "nothing was backed up"
    counts = {
        "created": len(_created(outcome)),
        "already there": len(_found(outcome)),
        "expired": outcome.expired,
        "left for later": sum(len(each.left) for each in outcome.volumes),
        "not deleted": sum(len(each.stuck) for each in outcome.volumes),
    }
    always = ("created", "expired")
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count or what in always)


def _parts(
    outcome: Outcome, title: str, unmade: Sequence[_Failed], undeleted: Sequence[_Failed], detail: _Detail
) -> Iterator[Iterable[str]]:
    total = len(unmade) + len(undeleted)
    yield [title]
    yield _cut(outcome.run, detail, total)
    yield _nothing_selected(outcome)
    yield _stopped(outcome)
    yield _not_backed_up(outcome, unmade, detail)
    yield _not_deleted(undeleted, replace(detail, failed=max(0, detail.failed - len(unmade))))
    yield _left(outcome, detail)
    yield _noted(outcome, detail)
    yield _created_lines(outcome, detail)
    yield _expired_lines(outcome, detail)
    yield _kept(outcome)
    continued = outcome.run.continued
    took = f"{outcome.seconds:.0f} s" + (f" in {continued.invocation} invocations" if continued else "")
    yield [f"{_where(outcome.run)}, {took}.", _log(outcome.run)]


def _cut(run: Run, detail: _Detail, failures: int) -> Iterator[str]:
    """Say what the mail lacks: at the top, for nobody reaches the end of 256 KB."""
    lacking = {
        "the lists of what was created and expired": detail.lists,
        "the lists of what was left and noted": detail.notes,
        "EC2's messages": detail.words,
        "what to do where one code asks for several things": detail.advice,
        f"{failures - detail.failed} of {counted(failures, 'failure')}": detail.failed == failures,
    }
    if cut := [what for what, there in lacking.items() if not there]:
        yield from paragraph(
            f"CUT to the 256 KB that SNS takes. Missing here: {'; '.join(cut)}. {_log(run)}", indent=0
        )


def _nothing_selected(outcome: Outcome) -> Iterator[str]:
    if not outcome.volumes:
        (failure,) = outcome.failures
        yield "NOTHING SELECTED"
        yield from paragraph(
            one_line(f"{failure.message[0].upper()}{failure.message[1:]}.", 1000)
            + " Nothing was backed up and nothing was deleted."
        )
        yield from paragraph(f"To do: {failure.advice}")


def _stopped(outcome: Outcome) -> Iterator[str]:
    if failure := outcome.stopped:
        undone = counted(sum(each.unfinished for each in outcome.volumes), "volume")
        yield f"NOT FINISHED  {undone}; the function's time ended, and it could not {one_line(failure.action)}"
        yield from paragraph(one_line(f"{failure.resource}: {failure.code}: {failure.message}", 1000))
        yield from paragraph(f"To do: {one_line(failure.advice)}")


def _not_backed_up(outcome: Outcome, failed: Sequence[_Failed], detail: _Detail) -> Iterator[str]:
    if failed:
        them = "it" if len(failed) == 1 else "them"
        of_all = f"{len(failed)} of {counted(len(outcome.volumes), 'volume')}"
        yield f"NOT BACKED UP  {of_all}; nothing of {them} was expired"
        yield from _failures(failed, detail)


def _not_deleted(failed: Sequence[_Failed], detail: _Detail) -> Iterator[str]:
    if failed:
        yield f"NOT DELETED  {counted(len(failed), 'snapshot')}"
        yield from _failures(failed, detail)


def _failures(failed: Sequence[_Failed], detail: _Detail) -> Iterator[str]:
    """Say once what many have in common: the code, what EC2 said, what to do; then list them."""
    groups: defaultdict[tuple[str, str], list[_Failed]] = defaultdict(list)
    for each in failed[: detail.failed]:
        groups[each.failure.code, each.failure.advice if detail.advice else ""].append(each)
    for (code, _), group in groups.items():
        said = {each.message for each in group} if detail.words else set()
        in_common = f": {said.pop()}" if len(said) == 1 else ""
        yield from paragraph(f"{one_line(code)}{in_common}")
        advices = {each.failure.advice for each in group}
        yield from paragraph(f"To do: {one_line(advices.pop())}") if len(advices) == 1 else ()
        rows = [each.row if detail.words else each.row[:2] for each in group]
        for each, line in zip(group, columns(rows, indent=4), strict=True):
            yield line
            yield from paragraph(each.message, indent=8) if said else ()
            yield from [f"        {each.more}"] if each.more and detail.words else ()
    if len(failed) > detail.failed:
        yield f"  ... and {len(failed) - detail.failed} more"


def _left(outcome: Outcome, detail: _Detail) -> Iterator[str]:
    volumes = _by_name(each for each in outcome.volumes if each.left)
    if volumes:
        points = counted(sum(len(each.left) for each in volumes), "restore point")
        yield f"LEFT FOR LATER  {points} of {counted(len(volumes), 'volume')}"
        yield from paragraph(
            "One run deletes at most max_expired_per_volume restore points of a volume; the next runs go on."
        )
        yield from paragraph(
            f"To do: if you did not lower keep_{outcome.run.period} on purpose, correct it now in cdk.json and run"
            " `cdk deploy`."
        )
        yield from columns([_left_row(each) for each in volumes], indent=4) if detail.notes else ()


def _left_row(each: VolumeOutcome) -> tuple[str, ...]:
    times = sorted(decision.snapshot.started for decision in each.left)
    span = minute(times[0]) if len(times) == 1 else f"{minute(times[0])} to {minute(times[-1])}"
    return (*_volume(each.volume), counted(len(times), "restore point"), span)


def _noted(outcome: Outcome, detail: _Detail) -> Iterator[str]:
    rows = [
        (*_volume(each.volume), one_line(note)) for each in _by_name(outcome.volumes) for note in each.notes
    ]
    if rows:
        yield f"NOTED  {counted(len({row[0] for row in rows}), 'volume')}"
        yield from columns(rows) if detail.notes else ()


def _created_lines(outcome: Outcome, detail: _Detail) -> Iterator[str]:
    if made := [each for each in _created(outcome) if each.made]:
        digits = max(len(str(each.volume.size)) for each in made)
        rows = [
            (*_volume(each.volume), one_line(each.made.id), f"{each.volume.size:>{digits}} GiB")
            for each in made
            if each.made
        ]
        yield f"CREATED  {counted(len(rows), 'snapshot')}"
        yield from columns(rows) if detail.lists else ()
    if found := _found(outcome):
        yield f"ALREADY THERE  {counted(len(found), 'snapshot')}, made by an earlier delivery or try of this run"


def _expired_lines(outcome: Outcome, detail: _Detail) -> Iterator[str]:
    rows = [
        (*_snapshot(each.volume, decision.snapshot), one_line(decision.reason))
        for each in _by_name(outcome.volumes)
        for decision in each.expired
    ]
    if outcome.expired:
        before = outcome.expired - len(rows)
        where = (
            f", {before} of them by earlier invocations of this run: the log lists those" if before else ""
        )
        yield f"EXPIRED  {counted(outcome.expired, 'snapshot')}{where}"
        yield from columns(rows) if detail.lists and rows else ()


def _kept(outcome: Outcome) -> Iterator[str]:
    points = [
        each.snapshot for volume in outcome.volumes for each in (*volume.kept, *volume.left, *volume.stuck)
    ]
    kept = {(each.volume_id, each.run) for each in points if each.usable}
    volumes = counted(len({volume_id for volume_id, _ in kept}), "volume")
    parts = [f"{counted(len(kept), 'restore point')} of {volumes}"] if kept else []
    if others := outcome.unselected:
        ids = ", ".join(map(one_line, sorted(others)[:MAX_IDS])) + (", ..." if len(others) > MAX_IDS else "")
        are = "are" if len(others) > 1 else "is"
        count = f"{sum(others.values())} more" if kept else counted(sum(others.values()), "restore point")
        parts.append(
            f"{count} of {counted(len(others), 'volume')} that {are} gone or no longer selected ({ids})"
        )
    if parts:
        yield f"KEPT  {'; '.join(parts)}"


def _unmade(outcome: Outcome) -> list[_Failed]:
    """Give what failed of volumes that got no backup: first those that have no good one at all, then the oldest."""
    volumes = [each for each in _by_name(outcome.volumes) if not each.made]
    volumes.sort(key=lambda each: each.newest_completed.started.timestamp() if each.newest_completed else 0)
    return [
        _Failed(
            failure=failure,
            row=(*_volume(each.volume), _place(each.volume)),
            more=_last_good(each, outcome.run),
        )
        for each in volumes
        for failure in each.failures
    ]


def _undeleted(outcome: Outcome) -> list[_Failed]:
    return [
        _Failed(failure=failure, row=_stuck_row(each, failure))
        for each in _by_name(outcome.volumes)
        if each.made
        for failure in each.failures
    ]


def _stuck_row(each: VolumeOutcome, failure: Failure) -> tuple[str, ...]:
    decision = next((held for held in each.stuck if held.snapshot.id == failure.resource), None)
    if decision is None:
        volume_id, name = _volume(each.volume)
        return (one_line(failure.resource), f"of {volume_id}", name, "", one_line(failure.action))
    return (*_snapshot(each.volume, decision.snapshot), one_line(decision.reason))


def _volume(volume: Volume) -> tuple[str, str]:
    return one_line(volume.id), one_line(volume.name, 80)


def _snapshot(volume: Volume, snapshot: Snapshot) -> tuple[str, ...]:
    return (
        one_line(snapshot.id),
        f"of {one_line(volume.id)}",
        one_line(volume.name, 80),
        minute(snapshot.started),
    )


def _place(volume: Volume) -> str:
    return one_line(f"(on {volume.instance}, {volume.device})", 80) if volume.instance else ""


def _last_good(each: VolumeOutcome, run: Run) -> str:
    newest = each.newest_completed
    if newest is None:
        return "IT HAS NO GOOD SNAPSHOT AT ALL in this backup set"
    days = (run.time - newest.started).days
    age = "less than a day" if days < 1 else counted(days, "day")
    return f"newest good snapshot: {age} old, {one_line(newest.id)} of {minute(newest.started)}"


def _where(run: Run) -> str:
    where = f"Account {run.account}, {run.region}, set {run.backup_set}, period {run.period}, run {run.id}"
    return one_line(where, 500)


def _log(run: Run) -> str:
    return f"Every step is in the log group {one_line(run.log_group)}."


def _created(outcome: Outcome) -> list[VolumeOutcome]:
    return _by_name(each for each in outcome.volumes if each.created)


def _found(outcome: Outcome) -> list[VolumeOutcome]:
    return [each for each in outcome.volumes if each.repeated]


def _by_name(volumes: Iterable[VolumeOutcome]) -> list[VolumeOutcome]:
    """Order volumes as people look for them: by name, those without one last."""
    return sorted(
        volumes, key=lambda each: (not each.volume.name, each.volume.name.casefold(), each.volume.id)
    )
