"""`simulate`: needs no AWS where the settings come from elsewhere, and draws README's picture."""

from dataclasses import fields
from datetime import date, timedelta
from pathlib import Path

import pytest

from ebs_backup.settings import Settings
from ebs_backup_cli.aws.deployment import default_settings
from ebs_backup_cli.pictures.simulation import simulate
from tests.cli.conftest import Command
from tests.cli.schemas import assert_conforms
from tests.unit.builders import settings

KEEP = Path(__file__).parents[2] / "docs" / "keep.svg"


@pytest.fixture
def no_aws(command: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Return the command where neither credentials nor a region are known."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    return command


def test_the_picture_of_the_readme_is_made_by_this_command(no_aws: Command, tmp_path: Path) -> None:
    file = tmp_path / "keep.svg"

    done = no_aws("simulate", "--days", "92", "--start", "2026-10-01", "--svg", str(file))

    assert (done.status, done.err) == (0, "")
    assert file.read_bytes() == KEEP.read_bytes()
    assert done.out.startswith(
        "With the default settings (no stack was found).\nOne volume from 1 Oct to 31 Dec 2026."
    )


def test_the_defaults_are_those_of_the_stack() -> None:
    names = [field.name for field in fields(Settings) if field.name != "topic_arn"]

    assert {name: getattr(default_settings(), name) for name in names} == {
        name: getattr(settings(), name) for name in names
    }


def test_a_settings_file_is_simulated_without_asking_aws(no_aws: Command, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("keep_day = 2\n", "utf-8")

    done = no_aws("simulate", "--settings", str(file), "--json")

    assert (done.status, done.json["keep"]["day"], done.json["settings"]) == (0, 2, f"the settings of {file}")


def test_a_deployed_stack_has_its_own_settings(command: Command) -> None:
    command.deploy(keep_day=2, schedule_month="off")

    done = command("simulate", "--days", "30", "--json")

    assert done.json["settings"] == "the settings of the stack of set default"
    assert done.json["keep"] == {"day": 2, "week": 4}


def test_a_set_that_was_named_and_is_not_there_is_an_error(command: Command) -> None:
    assert command("simulate", "--set", "web").status == 2


def test_the_document_counts_what_is_held_on_every_day(no_aws: Command) -> None:
    document = no_aws("simulate", "--days", "400", "--start", "2026-01-05", "--json").json

    simulation = simulate(settings(), date(2026, 1, 5), 400)
    assert_conforms(document, "simulate")
    assert [day["snapshots"] for day in document["held"]] == [
        len(simulation.held(date(2026, 1, 5) + timedelta(days=number))) for number in range(400)
    ]
    assert document["held"][-1] == {"date": "2027-02-08", "snapshots": 11, "day": 4, "week": 4, "month": 3}


def test_a_picture_is_drawn_over_an_older_one_but_over_nothing_else(no_aws: Command, tmp_path: Path) -> None:
    picture, other = tmp_path / "keep.svg", tmp_path / "thesis.txt"
    picture.write_text("<svg>older</svg>", "utf-8")
    other.write_text("years of work", "utf-8")

    drawn, refused = no_aws("simulate", "--svg", str(picture)), no_aws("simulate", "--svg", str(other))

    assert (drawn.status, refused.status) == (0, 2)
    assert "restore" not in other.read_text("utf-8")
    assert refused.err.startswith(f"ebs-backup: {other} exists, and is not an SVG picture.")


@pytest.mark.parametrize(
    "arguments", [("--days", "0"), ("--start", "yesterday"), ("--svg", "/nowhere/at/all.svg")]
)
def test_what_cannot_be_simulated_is_a_few_lines(no_aws: Command, arguments: tuple[str, str]) -> None:
    done = no_aws("simulate", *arguments)

    assert (done.status, done.out) == (2, "")
    assert arguments[0] in done.err or arguments[1] in done.err
    assert "Traceback" not in done.err
