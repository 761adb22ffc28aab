"""docs/command.md: its table is what main.py registers; `--update-golden` writes it anew."""

import re
from pathlib import Path

import pytest
from typer.core import TyperCommand
from typer.main import get_group

from ebs_backup_cli.command import COMMON
from ebs_backup_cli.main import app
from tests.cli.conftest import Command

PAGE = Path(__file__).parents[2] / "docs" / "command.md"
BLOCK = re.compile(r"(?<=<!-- commands -->\n).*?(?=<!-- /commands -->)", re.DOTALL)
COMMANDS = {name: it for name, it in get_group(app).commands.items() if isinstance(it, TyperCommand)}


def table() -> str:
    """Return what main.py registers as the page's table."""
    rows = (
        f"| `{name}` | {_sentence(command)} | `{_example(command)}` |\n" for name, command in COMMANDS.items()
    )
    return "".join(("| command | | example |\n", "|---|---|---|\n", *rows))


def _sentence(command: TyperCommand) -> str:
    whole = " ".join((command.help or "").split())
    return whole.partition(". ")[0].removesuffix(".")


def _example(command: TyperCommand) -> str:
    return (command.epilog or "").removeprefix("Example: ")


def test_the_table_of_commands_is_what_is_registered(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden", default=False):
        PAGE.write_text(BLOCK.sub(lambda _: table(), PAGE.read_text("utf-8")), encoding="utf-8")

    (written,) = BLOCK.findall(PAGE.read_text(encoding="utf-8"))

    assert written == table(), "pytest tests/unit/conftest.py tests/cli/test_command_page.py --update-golden"


def test_every_common_option_is_on_the_page_and_no_other() -> None:
    page = PAGE.read_text(encoding="utf-8")
    (section,) = re.findall(r"## Common options\n.*?\| exit status", page, re.DOTALL)

    documented = set(re.findall(r"`(--[a-z]+)", section))
    assert documented == {f"--{name.removeprefix('backup_')}" for name in COMMON}


@pytest.mark.parametrize("name", COMMANDS)
def test_each_example_is_of_its_command_and_its_options_exist(name: str) -> None:
    command = COMMANDS[name]
    known = {option for parameter in command.params for option in parameter.opts}

    words = _example(command).split()

    assert words[:2] == ["ebs-backup", name]
    assert {word.partition("=")[0] for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_completion(command: Command, monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    monkeypatch.setenv("_EBS_BACKUP_COMPLETE", f"source_{shell}")

    assert "ebs-backup" in command().out


def test_the_commands_are_completed(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_EBS_BACKUP_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "ebs-backup ad")
    monkeypatch.setenv("COMP_CWORD", "1")

    assert command().out.split() == ["adopt"]
