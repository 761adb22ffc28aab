"""The settings file: read, overridden by `-c`, and refused in one line that says where the fault stands."""

import os
from pathlib import Path
from typing import Any

import pytest

from infra.settings.source import SettingsError, Source, line_of, read
from infra.settings.targets import targets


def written(folder: Path, text: str | bytes, name: str = "settings.toml") -> Path:
    """Write a settings file into the folder, and return the folder."""
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def refusal(folder: Path, **options: Any) -> str:  # noqa: ANN401 - as loose as `-c`
    """Return the line with which the folder's settings are refused."""
    with pytest.raises(SettingsError) as refused:
        targets(read(options, folder), region="eu-west-1")
    line = str(refused.value)
    assert len(line.splitlines()) == 1
    return line


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert read({}, tmp_path) == Source()


def test_what_the_file_says_wins_over_the_default_and_an_option_over_both(tmp_path: Path) -> None:
    written(tmp_path, "keep_day = 7\nkeep_week = 8\n")

    (target,) = targets(read({"keep_week": "9"}, tmp_path))

    keeps = target.settings.keep_day, target.settings.keep_week, target.settings.keep_month
    assert keeps == (7, 9, 3)


def test_another_file_is_read_in_its_place(tmp_path: Path) -> None:
    written(tmp_path, "keep_day = 7")
    written(tmp_path, "keep_day = 5", "other.toml")

    for path in ("other.toml", str(tmp_path / "other.toml")):
        (target,) = targets(read({"settings": path}, tmp_path))
        assert target.settings.keep_day == 5


def test_a_byte_order_mark_and_windows_line_ends_are_taken(tmp_path: Path) -> None:
    written(tmp_path, b'\xef\xbb\xbfkeep_day = 7\r\n\r\n[backup_sets.web]\r\nkeep_week = "0"\r\n')

    assert "got 0 (settings.toml, line 4)" in refusal(tmp_path)


def test_tables_of_tags_and_of_sets_are_taken_as_toml_has_them(tmp_path: Path) -> None:
    written(
        tmp_path,
        """
alert_email = ["a@example.com", "b@example.com"]
regions = ["eu-west-1", "eu-central-1"]
copy_tags = ["Team"]
dashboard = false
[extra_tags]
CostCenter = "4711"
[backup_sets.web]
keep_day = 7
[backup_sets.db]
extra_tags = { Team = "data" }
""",
    )

    web, _, db, _ = targets(read({}, tmp_path))

    assert (web.settings.keep_day, web.settings.extra_tags) == (7, {"CostCenter": "4711"})
    assert (db.settings.keep_day, db.settings.extra_tags) == (4, {"Team": "data"})
    assert db.settings.alert_email == ("a@example.com", "b@example.com")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("keep_day = 0", "keep_day must be a whole number from 1 to 1000, got 0 (settings.toml, line 1)"),
        ("# a\n\nkeep_day = 4.0\n", "got 4.0 (settings.toml, line 3)"),
        ("keep_day = true", "got True (settings.toml, line 1)"),
        ("keep_day = 2026-12-24", "got datetime.date(2026, 12, 24) (settings.toml, line 1)"),
        ("keep_day = [4]", "got [4] (settings.toml, line 1)"),
        ("keep_day.a = 4", "got {'a': 4} (settings.toml, line 1)"),
        ("[keep_day]", "got {} (settings.toml, line 1)"),
        ("keep_day = 0x" + "f" * 9000, "got a value that is too long (int) (settings.toml, line 1)"),
        ('regions = [\n  "eu-west-1",\n  7,\n]', "got ['eu-west-1', 7] (settings.toml, line 1)"),
        ('alert_email = [\n"""\nkeep_day = 1\n"""]\nkeep_day = 0', "got 0 (settings.toml, line 5)"),
        ('keep_week = 4\nkeep_dya = "7"\n', "keep_dya is not a setting: did you mean keep_day? Got 7 (settings.toml, line 2)"),
        ('settings = "a.toml"', "settings is not a setting. Got 'a.toml' (settings.toml, line 1)"),
        ("[[backup_sets]]", "backup_sets must be a table [backup_sets.NAME] for each set"),
        ("backup_sets.web = 7", "backup_sets must be a table [backup_sets.NAME] for each set"),
        (
            "[backup_sets.web]\nkeep_day = 1\nbackup_set = 'x'",
            "backup_sets['web']: backup_set must not be set here: the set's name is the name of its table (settings.toml, line 3)",
        ),
        (
            "keep_day = 7\n[backup_sets.web]\n\nkeep_wek = 3",
            "backup_sets['web']: keep_wek is not a setting of one set: did you mean keep_week? Got 3 (settings.toml, line 4)",
        ),
        ("keep_day = 0\n[backup_sets.web]\nkeep_week = 1", "backup_sets['web']: keep_day must be a whole number"),
        ("keep_day = 0\n[backup_sets.web]\nkeep_week = 1", "got 0 (settings.toml, line 1)"),
        ("[backup_sets]\ndb = {}\nweb = { keep_day = 0 }", "got 0 (settings.toml, line 3)"),
        ("[backup_sets.We_b]", "backup_sets['We_b']: backup_set must be 1 to 64 of a-z, 0-9 and -, got 'We_b' (settings.toml, line 1)"),
        ("""backup_sets = '{"web": {"keep_day": 0}}'""", "got 0 (settings.toml, line 1)"),
        (
            '[extra_tags]\nTeam = "a"\nalert_email = "you@example.com"',
            "alert_email is in the table [extra_tags] (settings.toml, line 3), which holds tags: move it above",
        ),
        (
            "[backup_sets.web.extra_tags]\nreport = 'problems'",
            "report is in the table [backup_sets.web.extra_tags] (settings.toml, line 2), which holds tags",
        ),
    ],
)  # fmt: skip
def test_a_bad_setting_is_refused_with_its_file_and_line(tmp_path: Path, text: str, words: str) -> None:
    assert words in refusal(written(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("keep_day = 7\nkeep_day 8\n", "settings.toml is not valid TOML: Expected '=' after a key"),
        ("keep_day = 7\nkeep_day 8\n", "(at line 2, column 10)"),
        ("alert_email = you@example.com", "(put texts in quotes, and use each name only once)"),
        ("keep_day = 7\nkeep_day = 8", "settings.toml is not valid TOML: Cannot overwrite a value (at line 2, column 13)"),
        ("[extra_tags]\n[extra_tags]\n", "settings.toml is not valid TOML: Cannot declare ('extra_tags',) twice (at line 2"),
        ("a = 2026-13-45", "settings.toml is not valid TOML: "),
        ("a = '\x00'", "settings.toml is not valid TOML: Found invalid character '\\x00' (at line 1, column 6)"),
        ("a = " + "[" * 9000, "settings.toml cannot be read: it holds a value that is too long"),
        ("a = " + "9" * 9000, "settings.toml cannot be read: it holds a value that is too long"),
        (b"# t\xe4glich", "settings.toml must be a text file in UTF-8; its byte 4 is not"),
        ("keep_day = 7".encode("utf-16"), "settings.toml must be a text file in UTF-8; its byte 1 is not"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_toml_is_refused_in_one_line(tmp_path: Path, text: str | bytes, words: str) -> None:
    assert words in refusal(written(tmp_path, text))


def test_a_named_file_that_is_missing_or_a_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, settings="web.toml") == "web.toml cannot be read: No such file or directory"
    assert refusal(tmp_path, settings=".") == ". cannot be read: Is a directory"
    assert refusal(tmp_path, settings="a\n\0b") == r"'a\n\x00b' cannot be read: embedded null byte"


@pytest.mark.parametrize("bad", ["", 7, None, ["a.toml"]])
def test_what_is_no_path_is_refused(tmp_path: Path, bad: object) -> None:
    assert refusal(tmp_path, settings=bad).startswith(
        "-c settings= must be the path of a settings file, got "
    )


def test_a_settings_file_that_is_a_folder_or_a_dead_link_is_not_taken_for_none(tmp_path: Path) -> None:
    """The defaults in its place would unsubscribe every address."""
    path = tmp_path / "settings.toml"
    path.mkdir()
    assert refusal(tmp_path) == "settings.toml cannot be read: Is a directory"

    path.rmdir()
    path.symlink_to("nowhere.toml")
    assert refusal(tmp_path) == "settings.toml cannot be read: No such file or directory"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    written(tmp_path, "keep_day = 7")
    (tmp_path / "settings.toml").chmod(0)

    assert refusal(tmp_path) == "settings.toml cannot be read: Permission denied"


def test_an_option_is_named_where_it_is_what_is_wrong(tmp_path: Path) -> None:
    written(tmp_path, "keep_day = 7")

    assert refusal(tmp_path, keep_day="0").endswith("got 0 (-c)")


def test_in_a_file_of_thousands_of_lines_no_line_is_looked_for(tmp_path: Path) -> None:
    written(tmp_path, "#\n" * 5000 + "keep_day = 0")

    assert refusal(tmp_path).endswith("got 0 (settings.toml)")


def test_a_line_that_is_not_there_is_none() -> None:
    assert line_of(("keep_day",), "keep_week = 1") is None
