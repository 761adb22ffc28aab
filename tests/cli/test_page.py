"""`page`: it needs no other file, shows names as text and nights as they were, and overwrites no file unasked."""

import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ebs_backup_cli.backups.points import Holdings
from ebs_backup_cli.pictures.nights import Made, Night, calendar
from ebs_backup_cli.pictures.page_html import BEGINS, document
from ebs_backup_cli.pictures.survey import survey
from tests.cli.conftest import Command
from tests.cli.estate import NOW, SCRIPT, estate
from tests.cli.schemas import assert_conforms
from tests.unit.builders import settings

TEXT = document(survey(estate(), settings(), region="eu-west-1", now=NOW))


class Parsed(HTMLParser):
    """The page's tags with their attributes, and all text outside of style and script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag with its attributes."""
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element: it must be this one."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += f"{data}\n"


def nights(found: Holdings, **changed: object) -> dict[str, Night]:
    return {f"{night.on:%m-%d}": night for night in calendar(found, settings(**changed), NOW)}


def test_every_element_is_closed_and_nothing_is_fetched() -> None:
    page = Parsed(TEXT)

    assert not page.open
    assert not {"src", "href", "srcset", "action"} & {
        name for _, attributes in page.tags for name in attributes
    }
    assert re.findall(r"https?:|url\(|@import|\bfetch\b|XMLHttp", TEXT) == []
    (policy,) = [attributes["content"] for _, attributes in page.tags if "http-equiv" in attributes]
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_a_name_is_text_whatever_it_holds() -> None:
    page = Parsed(TEXT)

    assert SCRIPT in page.text
    assert "log & archive" in page.text
    assert sum(tag == "script" for tag, _ in page.tags) == 1


def test_those_that_are_overdue_stand_first_and_every_volume_is_there() -> None:
    shown = survey(estate(), settings(), region="eu-west-1", now=NOW)

    assert [view.name for view in shown.volumes][:2] == ["db-1 data (stopped)", SCRIPT]
    assert shown.volumes[0].late == ["day", "week"]
    assert {view.name: view.note for view in shown.volumes if view.note} == {
        "old web": "gone",
        "left out": "not selected",
    }
    assert (shown.backed_up, len(shown.overdue), shown.at_most_gib) == (12, 1, 100 * shown.points)
    assert "overdue: day, week" in Parsed(TEXT).text


def test_a_night_is_judged_by_those_volumes_that_should_still_hold_it() -> None:
    night = nights(estate())

    assert (night["11-25"].made, night["11-25"].words) == (Made.SOME, "day: 10 of 11 volumes")
    assert (night["11-24"].made, night["11-24"].words) == (Made.SOME, "day: 9 of 11 volumes")
    assert (night["11-14"].made, night["11-14"].words) == (Made.ALL, "week: 11 of 11 volumes")
    assert (night["11-19"].made, night["11-19"].words) == (Made.NOTHING, "nothing is held of it")
    assert night["11-22"].made is Made.NOTHING  # a Sunday


def test_a_night_in_which_no_volume_got_a_restore_point_is_told() -> None:
    found = estate()
    lost = [point for point in found.points if point.snapshot.started < NOW - timedelta(days=1)]

    night = nights(Holdings(points=lost, volumes=found.volumes, instances={}))

    assert (night["11-25"].made, night["11-25"].words) == (Made.NONE, "day: 0 of 11 volumes")


def test_what_is_held_for_longer_than_it_is_judged_shows_as_held() -> None:
    assert nights(estate(), keep_week=1)["11-14"].made is Made.HELD


def test_a_set_without_volumes_has_a_page() -> None:
    empty = Holdings(points=[], volumes={}, instances={})

    assert "No volume is backed up here." in document(survey(empty, settings(), region="eu-west-1", now=NOW))


@pytest.mark.usefixtures("wednesday")
def test_the_command_writes_the_file_and_says_what_is_in_it(command: Command, tmp_path: Path) -> None:
    command.deploy()
    command.nights(command.volume(SCRIPT, Backup="true"), 3)
    file = tmp_path / "backups.html"

    done = command("page", str(file), "--json")

    assert_conforms(done.json, "page")
    assert (done.json["snapshots"], done.json["bytes"]) == (3, file.stat().st_size)
    assert file.read_text("utf-8").startswith(BEGINS)
    assert SCRIPT not in file.read_text("utf-8")


def test_a_file_that_is_there_is_overwritten_with_yes_alone(command: Command, tmp_path: Path) -> None:
    command.deploy()
    file = tmp_path / "backups.html"
    file.write_text("mine", "utf-8")

    refused = command("page", str(file))
    assert (refused.status, file.read_text("utf-8")) == (2, "mine")
    assert "Add --yes." in refused.err

    done = command("page", str(file), "--yes")
    assert (done.status, file.read_text("utf-8")[: len(BEGINS)]) == (0, BEGINS)
    assert done.out.startswith(f"{file}: 0 snapshots of 0 volumes")
