"""The pages for those who come from another tool: their settings and commands work as they are printed."""

import re
import tomllib
from pathlib import Path

import pytest

from ebs_backup.settings import Settings
from tests.unit.builders import settings
from tests.unit.commands import printed

PAGES = sorted((Path(__file__).parents[2] / "docs").glob("coming-from-*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_settings_that_a_page_prints_are_valid(page: Path) -> None:
    (block,) = re.findall(r"```toml\n(.+?)```", page.read_text(encoding="utf-8"), re.DOTALL)

    assert isinstance(settings(**tomllib.loads(block)), Settings)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_schedule_of_the_table_of_cron_lines_is_one_that_the_settings_take(page: Path) -> None:
    rows = re.findall(
        r'^\| `.+` \| `(schedule_\w+) = "(.+)"` \|', page.read_text(encoding="utf-8"), re.MULTILINE
    )

    assert sorted(name for name, _ in rows) == ["schedule_day", "schedule_month", "schedule_week"]
    assert all(getattr(settings(**{name: cron}), name) == cron for name, cron in rows)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_page_has_the_commands_of_every_step(page: Path) -> None:
    """`test_docs` checks each of them; this test checks that it finds them all, also those inside a list."""
    operations = {command.split()[2] for command in printed(page.read_text(encoding="utf-8"))}

    assert {"create-tags", "describe-snapshots", "update-access-key", "delete-access-key"} <= operations


def test_the_schedules_of_makesnapshots_are_the_defaults() -> None:
    text = next(page for page in PAGES if "makesnapshots" in page.name).read_text(encoding="utf-8")
    (block,) = re.findall(r"```toml\n(.+?)```", text, re.DOTALL)
    defaults = settings()

    assert {name: value for name, value in tomllib.loads(block).items() if name.startswith("schedule")} == {
        f"schedule_{period}": defaults.schedule(period) for period in defaults.periods
    }
