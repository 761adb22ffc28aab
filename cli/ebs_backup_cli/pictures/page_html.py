"""The page: one HTML document that needs nothing but itself, from a survey. Every text in it is escaped."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from html import escape

from ebs_backup.aws.convert import printable
from ebs_backup.model import COMPLETED, ERROR, Snapshot
from ebs_backup.retention import hold
from ebs_backup.tags import minute
from ebs_backup_cli.pictures.nights import Made, Night
from ebs_backup_cli.pictures.page_style import SCRIPT, STYLE
from ebs_backup_cli.pictures.survey import Freshness, Survey, VolumeView
from ebs_backup_cli.terminal import words

BEGINS = "<!doctype html><!-- ebs-backup page -->"
# Nothing may be fetched, whatever a name holds: the page is its own style and script.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SORTS = {"late": "overdue", "name": "name", "gib": "size", "points": "restore points", "age": "oldest news"}


def document(survey: Survey) -> str:
    """Return the whole page."""
    title = f"EBS backups: {survey.backup_set}, {survey.region}"
    return "\n".join(
        (
            BEGINS,
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            f"<title>{_text(title)}</title><style>{STYLE}{_grid(survey)}</style></head><body>",
            f"<h1>{_text(title)}</h1>",
            f'<p class="quiet">As of {minute(survey.now)}.</p>',
            *_totals(survey),
            *_calendar(survey),
            *_volumes(survey),
            f"<script>{SCRIPT}</script></body></html>\n",
        )
    )


def _text(value: str) -> str:
    """Return a name or tag as text of one line: never as markup."""
    return escape(printable(value))


def _totals(survey: Survey) -> Iterator[str]:
    late = len(survey.overdue)
    held = sum(volume.on_hold for volume in survey.volumes)
    gone = sum(volume.note == "gone" for volume in survey.volumes)
    numbers = {
        "volumes": f"{survey.backed_up:,}",
        "overdue": f"{late:,}",
        "snapshots": f"{survey.points:,}",
        "at most, GiB": f"{survey.at_most_gib:,}",
        "on hold": f"{held:,}",
        "volumes gone": f"{gone:,}",
    }
    yield '<dl class="totals">'
    for name, number in numbers.items():
        mark = ' class="late"' if name == "overdue" and late else ""
        yield f"<div{mark}><dt>{name}</dt><dd>{number}</dd></div>"
    yield "</dl>"


def _calendar(survey: Survey) -> Iterator[str]:
    yield "<h2>Nights</h2>"
    yield (
        '<p class="key"><span class="all">every volume</span><span class="some">some volumes</span>'
        '<span class="none">no volume</span><span class="held">only what is still held</span></p>'
    )
    yield '<ol class="nights">'
    yield from (f'<li aria-hidden="true">{weekday}</li>' for weekday in WEEKDAYS)
    yield from (_night(night) for night in survey.nights)
    yield "</ol>"
    odd = [night for night in survey.nights if night.made in (Made.SOME, Made.NONE)]
    for night in reversed(odd[-7:]):
        yield f"<p><b>{_day(night.on)}</b>: {night.words}</p>"
    yield (
        '<p class="quiet"><small>A night whose snapshots have expired since is not judged.'
        " Times are UTC.</small></p>"
    )


def _night(night: Night) -> str:
    kind = f' class="{night.made.value}"' if night.made else ""
    shown = words.month(night.on) if night.on.day == 1 else str(night.on.day)
    return f'<li{kind} title="{_day(night.on)}: {night.words}">{shown}</li>'


def _day(on: date) -> str:
    return f"{WEEKDAYS[on.weekday()]} {words.day(on)}"


def _grid(survey: Survey) -> str:
    """Return the style of all timelines: a line at the first of each month, and where they begin."""
    days = (survey.now - survey.start).days
    firsts = [
        at for number in range(days + 1) if (at := survey.start.date() + timedelta(days=number)).day == 1
    ]
    lines = ", ".join(
        f"linear-gradient(var(--line), var(--line)) {_share(survey, datetime(at.year, at.month, 1, tzinfo=survey.now.tzinfo))}% 0 / 1px 100% no-repeat"
        for at in firsts
    )
    ground = f".t {{ background: {lines}, var(--card) }}" if lines else ""
    return f'{ground} .axis {{ --from: "{words.short(survey.start, survey.now)}" }}'


def _share(survey: Survey, at: datetime) -> str:
    """Return where an instant is on a timeline, in percent."""
    share = (at - survey.start) / (survey.now - survey.start)
    return f"{100 * min(max(share, 0.0), 1.0):.1f}"


def _volumes(survey: Survey) -> Iterator[str]:
    yield "<h2>Volumes</h2>"
    if not survey.volumes:
        yield "<p>No volume is backed up here.</p>"
        return
    pressed = "true" if survey.overdue else "false"
    buttons = "".join(
        f'<button type="button" data-key="{key}" aria-pressed="{pressed if key == "late" else "false"}">{name}</button>'
        for key, name in SORTS.items()
    )
    search = '<input type="search" placeholder="Find a volume" aria-label="Find a volume">'
    yield f'<div class="tools" hidden><span>Sort:</span>{buttons}{search}</div>'
    lanes = ", ".join(f'<span class="{period[0]}">{period}</span>' for period in survey.periods)
    yield (
        f"<table><thead><tr><th>Volume</th><th>Restore points: {lanes}</th><th>Age of the newest, limit</th>"
        "<th>Held</th></tr></thead><tbody>"
    )
    for volume in survey.volumes:
        yield from _volume(volume, survey)
    yield "</tbody></table>"


def _volume(volume: VolumeView, survey: Survey) -> Iterator[str]:
    ages = [fresh.age / fresh.limit for fresh in volume.freshness if fresh.age is not None]
    data = {
        "name": f"{volume.name.casefold()} {volume.id}",
        "late": str(len(volume.late)),
        "gib": str(volume.at_most_gib),
        "points": str(len(volume.points)),
        "age": f"{max(ages, default=0):.2f}",
    }
    yield "<tr " + " ".join(f'data-{key}="{_text(value)}"' for key, value in data.items()) + ">"
    yield f"<td>{''.join(_name(volume))}</td>"
    yield f"<td>{''.join(_timeline(volume, survey))}</td>"
    yield f"<td>{''.join(_bar(fresh) for fresh in volume.freshness) if not volume.note else ''}</td>"
    hold_words = f", {volume.on_hold} on hold" if volume.on_hold else ""
    held = words.several(len(volume.points), "snapshot")
    yield f"<td>{held}{hold_words}<br><small>at most {volume.at_most_gib:,} GiB</small></td></tr>"


def _name(volume: VolumeView) -> Iterator[str]:
    yield f"<b>{_text(volume.name) or '(no name)'}</b><br><small>{_text(volume.id)}</small>"
    if volume.place:
        yield f"<br><small>{_text(volume.place)}</small>"
    if volume.note:
        yield f' <span class="tag">{volume.note}</span>'
    if volume.late:
        yield f' <span class="tag late">overdue: {", ".join(volume.late)}</span>'


def _timeline(volume: VolumeView, survey: Survey) -> Iterator[str]:
    if not volume.points:
        yield "no restore point"
        return
    yield '<div class="t">'
    yield from (_dot(snapshot, survey) for snapshot in volume.points)
    yield '</div><div class="axis"></div>'
    yield f"<details><summary>{words.several(len(volume.points), 'restore point')}</summary><ol>"
    today = survey.now.date()
    for snapshot in volume.points:
        more = [snapshot.state] if snapshot.state != COMPLETED else []
        more += [held] if (held := hold(snapshot, today)) else []
        told = f" ({_text(', '.join(more))})" if more else ""
        yield f"<li>{minute(snapshot.started)} {_text(snapshot.period)} <code>{_text(snapshot.id)}</code>{told}</li>"
    yield "</ol></details>"


def _dot(snapshot: Snapshot, survey: Survey) -> str:
    kinds = [snapshot.period[0]] if snapshot.period in survey.periods else []
    kinds += ["e"] if snapshot.state == ERROR else ["p"] if snapshot.state != COMPLETED else []
    kinds += ["h"] if hold(snapshot, survey.now.date()) else []
    told = f"{_text(snapshot.period)} {minute(snapshot.started)}"
    return (
        f'<i class="{" ".join(kinds)}" style="left:{_share(survey, snapshot.started)}%" title="{told}"></i>'
    )


def _bar(fresh: Freshness) -> str:
    late = " late" if fresh.late else ""
    share = 0 if fresh.age is None else min(100, round(100 * fresh.age / fresh.limit))
    told = "none" if fresh.age is None else f"{fresh.age:.1f} of {fresh.limit} d"
    return f'<div class="f{late}"><span>{fresh.period}</span><i><i style="width:{share}%"></i></i><span>{told}</span></div>'
