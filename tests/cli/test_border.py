"""What all commands share: where options can be, what --json prints, and one line for each error."""

from pathlib import Path

import pytest
import typer

from tests.cli.conftest import Command


def test_json_is_one_document_and_nothing_else(command: Command) -> None:
    command.deploy()
    volume = command.volume("data", Backup="true")

    done = command("plan", "day", "--json")

    assert [planned["volume"] for planned in done.json["plan"]] == [volume]
    assert (done.json["created"], done.err) == (1, "")


@pytest.mark.parametrize(
    "arguments",
    [("--set", "web", "plan", "day"), ("plan", "day", "--set", "web"), ("plan", "--set=web", "day")],
)
def test_common_options_may_stand_before_or_behind_the_command(
    command: Command, arguments: tuple[str, ...]
) -> None:
    command.deploy(backup_set="web")

    assert command(*arguments, "--json").json["set"] == "web"


def test_a_set_that_is_not_there_is_one_line_with_those_that_are(command: Command) -> None:
    command.deploy(backup_set="web")

    done = command("plan", "day")

    assert (done.status, done.out) == (2, "")
    assert done.err.splitlines() == [
        "ebs-backup: No stack of set 'default' in eu-west-1.",
        "Sets there: web. Choose one with --set.",
    ]


def test_an_error_is_a_json_document_too(command: Command) -> None:
    done = command("plan", "day", "--json")

    assert done.status == 2
    assert done.json["error"] == "No stack of set 'default' in eu-west-1."


def test_without_a_region_it_says_how_to_name_one(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")

    done = command("list")

    assert (done.status, done.err.splitlines()[0]) == (2, "ebs-backup: No AWS region is set.")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(("plam", "day"), "plan"), (("plan", "dya"), "day"), (("plan", "day", "--regoin", "x"), "--region")],
)
def test_wrong_usage_names_the_nearest_right_one(
    command: Command, arguments: tuple[str, ...], word: str
) -> None:
    done = command(*arguments)

    assert done.status == 2
    assert word in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", ""),
        ("list", "--instance", ""),
        ("list", "--set", ""),
        ("--region", "", "list"),
        ("plan", "day", "--volume", ""),
        ("run", "day", "--volume", "db-1", "--volume", ""),
        ("restore", "db-1", "--at", "", "--yes"),
        ("restore", "db-1", "--snapshot", "", "--yes"),
        ("verify", "", "--yes"),
        ("hold", ""),
        ("undelete", ""),
        ("bin", ""),
        ("adopt", "--volume", "", "--yes"),
    ],
)
def test_a_shell_variable_that_is_not_set_chooses_nothing(
    command: Command, arguments: tuple[str, ...]
) -> None:
    command.deploy()
    command.volume("db-1", Backup="true")

    done = command(*arguments)

    assert (done.status, done.out) == (2, "")
    assert "It is empty. Is a variable of your shell not set?" in done.err


def test_ctrl_c_at_a_question_changes_nothing_and_is_no_problem_of_the_backups(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken_off(*_: object, **__: object) -> bool:
        raise typer.Abort

    (tmp_path / "page.html").write_text("mine", "utf-8")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("typer.confirm", broken_off)

    done = command("page", str(tmp_path / "page.html"))

    assert done.status == 2
    assert done.err.splitlines()[-1] == "ebs-backup: Nothing was changed."


def test_without_any_input_a_question_is_refused_too(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "page.html").write_text("mine", "utf-8")
    monkeypatch.setattr("sys.stdin", None)

    done = command("page", str(tmp_path / "page.html"))

    assert done.status == 2
    assert "This needs an answer, and there is no terminal." in done.err


def test_a_settings_file_takes_the_place_of_the_deployed_stack(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('backup_set = "web"\ntag_value = "web"\n')
    volume = command.volume("data", Backup="web")

    done = command("plan", "day", "--settings", str(file), "--json")

    assert (done.json["set"], [planned["volume"] for planned in done.json["plan"]]) == ("web", [volume])


def test_a_settings_file_with_several_sets_asks_for_one(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[backup_sets.web]\n[backup_sets.db]\nkeep_day = 7\n")

    done = command("plan", "day", "--settings", str(file))
    chosen = command("plan", "day", "--settings", str(file), "--set", "db", "--json")

    assert done.err.splitlines()[1] == "Its sets: web, db. Choose one with --set."
    assert chosen.json["set"] == "db"


def test_a_bad_settings_file_is_one_line(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("keep_day = 0\n")

    done = command("plan", "day", "--settings", str(file))

    assert done.status == 2
    assert done.err.startswith("ebs-backup: keep_day must be a whole number from 1 to 1000, got 0")


def broken(_: object) -> None:
    raise KeyError("nothing")


def test_a_fault_of_the_command_itself_is_a_line_and_no_traceback(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ebs_backup_cli.aws.operator.connect", broken)
    command.deploy()

    done = command("list")

    assert (done.status, done.out) == (2, "")
    assert done.err.splitlines() == [
        "ebs-backup: KeyError: 'nothing'",
        "Report this fault, with what EBS_BACKUP_TRACEBACK=1 prints.",
    ]


def test_a_fault_can_be_seen_whole(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ebs_backup_cli.aws.operator.connect", broken)
    monkeypatch.setenv("EBS_BACKUP_TRACEBACK", "1")
    command.deploy()

    with pytest.raises(KeyError):
        command("list")
