"""The text of a mail where volumes have odd names, or thousands are overdue."""

from dataclasses import replace

from ebs_backup.freshness import Overdue
from ebs_backup.names import Period
from ebs_backup.report.render import render
from ebs_backup.report.text import FEW, Part, one_line, wrapped
from tests.unit.builders import altered, an_outcome
from tests.unit.report.examples import a_good_one


def test_a_text_with_line_breaks_and_control_characters_stands_on_one_line() -> None:
    assert one_line("\tweb\n\x07data ") == "web  data"


def test_overdue_volumes_that_do_not_fit_are_counted() -> None:
    overdue = (Overdue(period=Period.DAY, limit=4, newest=None),)
    late = (
        altered(a_good_one(number, f"db-{number:04} {'x' * 60}"), overdue=overdue) for number in range(4000)
    )

    body = render(an_outcome(*late)).body

    assert "\nOVERDUE  4,000 volumes\n" in body
    assert "\n... and 3,500 more\n" in body


def test_rows_that_are_few_stand_above_what_to_do_and_many_below_it() -> None:
    few = Part(rows=[("a", "fact", "")], why="Odd", to_do="Look.", nameless=2)
    many = replace(few, rows=[("a",)] * (FEW + 1), nameless=0)

    assert list(few.lines(9, {})) == ["- a", "  fact", "... and 2 more", "Why: Odd", "To do: Look."]
    assert list(many.lines(1, {})) == ["Why: Odd", "To do: Look.", "- a", "... and 5 more"]


def test_a_line_is_broken_where_a_phone_ends_but_never_inside_a_word() -> None:
    assert wrapped("word " * 10 + "x" * 60, "To do: ") == [
        "To do: word word word word word word word word",
        "  word word",
        "  " + "x" * 60,
    ]
    assert wrapped("") == []
