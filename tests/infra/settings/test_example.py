"""settings.example.toml, the README's table and the code name the same settings with the same defaults."""

import json
import re
import tomllib
from pathlib import Path

from infra.settings.defaults import DEFAULTS
from infra.settings.source import read
from infra.settings.targets import Target, targets
from tests.infra.conftest import ROOT

EXAMPLE = (ROOT / "settings.example.toml").read_text(encoding="utf-8")
SET = re.compile(
    r"^#([a-z_]+ = .+)$", re.MULTILINE
)  # a setting with its default; prose has a space after the #
TWO_SETS = re.compile(r"^#   (\S.+)$", re.MULTILINE)


def planned(folder: Path, text: str) -> tuple[Target, ...]:
    """Plan the stacks of a settings file with this text."""
    (folder / "settings.toml").write_text(text, encoding="utf-8")
    return targets(read({}, folder), region="eu-west-1")


def test_the_example_as_it_is_changes_nothing(tmp_path: Path) -> None:
    assert tomllib.loads(EXAMPLE) == {}
    assert planned(tmp_path, EXAMPLE) == planned(tmp_path, "")


def test_every_commented_setting_is_one_with_its_default() -> None:
    lines = [tomllib.loads(line) for line in SET.findall(EXAMPLE)]

    assert {name: value for line in lines for name, value in line.items()} == DEFAULTS
    assert len(lines) == len(DEFAULTS)


def test_all_of_it_without_its_comment_signs_are_the_defaults(tmp_path: Path) -> None:
    everything = SET.sub(r"\1", EXAMPLE)

    assert tomllib.loads(everything) == DEFAULTS
    assert planned(tmp_path, everything) == planned(tmp_path, "")


def test_the_example_of_two_sets_makes_two_stacks(tmp_path: Path) -> None:
    web, databases = planned(tmp_path, EXAMPLE + "\n".join(TWO_SETS.findall(EXAMPLE)))

    assert (web.name, web.settings.tag_value, web.settings.keep_day) == ("ebs-backup-web", "web", 7)
    assert (databases.settings.keep_day, databases.settings.keep_week) == (28, 4)
    assert databases.settings.extra_tags == {"CostCenter": "4711"}


def test_the_example_stands_in_lines_that_a_terminal_shows() -> None:
    assert max(map(len, EXAMPLE.splitlines())) <= 120


def test_git_ignores_the_operators_file() -> None:
    assert "/settings.toml" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_cdk_json_holds_no_setting() -> None:
    assert set(json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))) == {"app"}


def test_the_readme_names_every_setting_with_its_default() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    told: dict[str, str] = {}
    for names, values in re.findall(r"^\| (`[a-z_`, ]+`) \| (.+?) \|", readme, re.MULTILINE):
        row = re.findall(r"`([^`]+)`", names)
        defaults = [value.strip("` ") for value in values.split(", ")]
        told |= dict(zip(row, defaults if len(defaults) == len(row) else defaults * len(row), strict=True))

    assert told == {name: _written(value) for name, value in DEFAULTS.items()}


def _written(default: object) -> str:
    return "none" if default in ("", [], {}) else json.dumps(default).strip('"')
