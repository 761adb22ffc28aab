"""The report: an outcome as a mail that a person reads in ten seconds, worst first. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from ebs_backup.labels import minute
from ebs_backup.model import Decision, Failure, Outcome, Run, Status, VolumeOutcome

# SNS: a subject is under 100 ASCII characters without a line break, a message at most 262,144 bytes.
MAX_SUBJECT, MAX_MESSAGE = 99, 262_144
MAX_IDS = 5  # volume ids in one line
TAGS = {Status.OK: "OK", Status.PARTIAL: "PROBLEM", Status.FAILED: "FAILED"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What SNS is given."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Detail:
    """How much a mail tells: the lists of what went well, the advice, and how many failed volumes."""

    lists: bool = True
    advice: bool = True
    failed: int


def render(outcome: Outcome) -> Mail:
    """Write the mail of a run that came to its end, cut to what SNS takes."""
    subject = _subject(TAGS[outcome.status], outcome.run, _headline(outcome))
    bodies = (
        "\n".join(_body(outcome, subject, detail)) for detail in _details(len(_failed_volumes(outcome)))
    )
    return Mail(subject=subject, body=next(body for body in bodies if len(body.encode()) <= MAX_MESSAGE))


def render_broken(run: Run, *, code: str, message: str, advice: str) -> Mail:
    """Write the mail of a run that could not do its job."""
    subject = _subject("FAILED", run, f"the run broke: {code}")
    lines = (
        subject,
        "",
        "THE RUN BROKE",
        f"  {code}: {message[:1000]}",
        f"      {advice}",
        "      Lambda tries this run twice more; a try that breaks too mails again.",
        "",
        f"{_where(run)}.",
    )
    return Mail(subject=subject, body="\n".join(lines))


def _details(failed: int) -> Iterator[_Detail]:
    """Give less and less detail: successes are cut first, then advice, then failed volumes."""
    yield _Detail(failed=failed)
    yield _Detail(failed=failed, lists=False)
    while True:
        yield _Detail(failed=failed, lists=False, advice=False)
        failed //= 2


def _subject(tag: str, run: Run, headline: str) -> str:
    of_set = "" if run.backup_set == "default" else f" of {run.backup_set}"
    subject = f"[{tag}] EBS {run.period} backup{of_set}, {run.region}: {headline}"
    return subject.encode("ascii", "replace").decode()[:MAX_SUBJECT]


def _headline(outcome: Outcome) -> str:
    if not outcome.volumes:
        return f"nothing selected, no volume is tagged {outcome.run.selector}"
    without = sum(bool(each.failures) and not each.made for each in outcome.volumes)
    if without:
        return f"{without} of {len(outcome.volumes)} volumes failed"
    counts = {
        "created": len(_created(outcome)),
        "already there": sum(each.found for each in outcome.volumes),
        "expired": sum(len(each.expired) for each in outcome.volumes),
        "left for later": sum(len(each.left) for each in outcome.volumes),
        "not deleted": sum(len(each.stuck) for each in outcome.volumes),
    }
    always = ("created", "expired")
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count or what in always)


def _body(outcome: Outcome, subject: str, detail: _Detail) -> Iterator[str]:
    yield subject
    yield from _nothing_selected(outcome)
    yield from _failed(outcome, detail)
    yield from _left(outcome, detail)
    yield from _notes(outcome, detail)
    yield from _created_lines(outcome, detail)
    yield from _expired_lines(outcome, detail)
    yield from _kept(outcome)
    if not (detail.lists and detail.advice):
        yield from (
            "",
            f"Cut to the 256 KB that SNS takes; every line is in the log: {outcome.run.log_group}.",
        )
    yield from ("", f"{_where(outcome.run)}, {outcome.seconds:.0f} s.")


def _nothing_selected(outcome: Outcome) -> Iterator[str]:
    if not outcome.volumes:
        (failure,) = outcome.failures
        yield from ("", "NOTHING SELECTED", f"  {failure.message[0].upper()}{failure.message[1:]}.")
        yield f"      Nothing was backed up and nothing was deleted. {failure.advice}"


def _failed(outcome: Outcome, detail: _Detail) -> Iterator[str]:
    volumes = _failed_volumes(outcome)
    if volumes:
        yield from ("", f"FAILED  {len(volumes)}")
    for each in volumes[: detail.failed]:
        yield f"  {each.volume}"
        for failure in each.failures:
            yield from _failure(failure, detail)
        if not each.made and detail.advice:
            yield f"      {_what_it_has(each, outcome.run)} Nothing of this volume was expired."
    if len(volumes) > detail.failed:
        yield f"  ... and {len(volumes) - detail.failed} more volumes"


def _failure(failure: Failure, detail: _Detail) -> Iterator[str]:
    what = f"{failure.resource} not deleted" if failure.resource.startswith("snap-") else "no snapshot made"
    if not detail.advice:
        yield f"      {what}: {failure.code}"
        return
    yield f"      {what}: {failure.code}: {failure.message}"
    yield f"      {failure.advice}"


def _what_it_has(each: VolumeOutcome, run: Run) -> str:
    newest = each.newest_completed
    if newest is None:
        return "It has no good snapshot in this backup set."
    days = (run.time - newest.started).days
    age = "less than a day" if days < 1 else "1 day" if days == 1 else f"{days} days"
    return f"Newest good one: {newest.id}, {minute(newest.started)} ({age} old)."


def _left(outcome: Outcome, detail: _Detail) -> Iterator[str]:
    lines = [_went(each, decision) for each in outcome.volumes for decision in each.left]
    if lines:
        yield from ("", f"LEFT FOR LATER  {len(lines)}")
        yield "  One run deletes at most max_expired_per_volume restore points of a volume; the next runs go on."
        yield f"  If you did not lower keep_{outcome.run.period}, correct it now in cdk.json and run `cdk deploy`."
        yield from lines if detail.lists else ()


def _notes(outcome: Outcome, detail: _Detail) -> Iterator[str]:
    lines = [f"  {each.volume}  {note}" for each in outcome.volumes for note in each.notes]
    if lines:
        yield from ("", f"NOTED  {len(lines)}", *(lines if detail.lists else ()))


def _created_lines(outcome: Outcome, detail: _Detail) -> Iterator[str]:
    created = _created(outcome)
    yield from ("", f"CREATED  {len(created)}")
    if detail.lists:
        yield from (
            f"  {each.volume}  {each.made.id}  {each.volume.size} GiB" for each in created if each.made
        )
    if found := sum(each.found for each in outcome.volumes):
        yield f"  {found} more had been made by an earlier delivery of this run."


def _expired_lines(outcome: Outcome, detail: _Detail) -> Iterator[str]:
    lines = [_went(each, decision) for each in outcome.volumes for decision in each.expired]
    yield from ("", f"EXPIRED  {len(lines)}", *(lines if detail.lists else ()))


def _went(each: VolumeOutcome, decision: Decision) -> str:
    snapshot = decision.snapshot
    of_volume = f"{each.volume.id} {each.volume.name}".rstrip()
    return f"  {snapshot.id} of {of_volume}  {minute(snapshot.started)}  {decision.reason}"


def _kept(outcome: Outcome) -> Iterator[str]:
    points = [
        each.snapshot for volume in outcome.volumes for each in (*volume.kept, *volume.left, *volume.stuck)
    ]
    kept = {(each.volume_id, each.run) for each in points if each.usable}
    text = f"KEPT  {len(kept)} restore points of {len({volume_id for volume_id, _ in kept})} volumes"
    if others := outcome.unselected:
        ids = ", ".join(sorted(others)[:MAX_IDS]) + (", ..." if len(others) > MAX_IDS else "")
        count = f"{len(others)} volumes that are" if len(others) > 1 else "1 volume that is"
        text += f"; {sum(others.values())} more of {count} gone or no longer selected ({ids})"
    yield from ("", f"{text}.")


def _where(run: Run) -> str:
    return f"Account {run.account}, {run.region}, set {run.backup_set}, period {run.period}, run {run.id}"


def _created(outcome: Outcome) -> list[VolumeOutcome]:
    return [each for each in outcome.volumes if each.made and not each.found]


def _failed_volumes(outcome: Outcome) -> list[VolumeOutcome]:
    """Give the volumes that failed, those without a new snapshot first."""
    return sorted((each for each in outcome.volumes if each.failures), key=lambda each: each.made is not None)
