"""The text of a mail where volumes have odd names, or thousands are overdue."""

from ebs_backup.freshness import Overdue
from ebs_backup.names import Period
from ebs_backup.report.render import render
from ebs_backup.report.text import one_line, table
from tests.unit.builders import altered, an_outcome
from tests.unit.report.test_render import a_good_one


def test_a_text_with_line_breaks_and_control_characters_stands_on_one_line() -> None:
    assert one_line("\tweb\n\x07data ") == "web  data"


def test_overdue_volumes_that_do_not_fit_are_counted() -> None:
    overdue = (Overdue(period=Period.DAY, limit=4, newest=None),)
    late = (
        altered(a_good_one(number, f"db-{number:04} {'x' * 60}"), overdue=overdue) for number in range(4000)
    )

    body = render(an_outcome(*late)).body

    told = body.count("\n    db-")
    assert 0 < told < 4000
    assert f"  ... and {4000 - told:,} more" in body


def test_rows_of_different_lengths_line_up_and_those_beyond_are_counted() -> None:
    rows = [("a", "", "x"), ("long", ""), ("b", "", "")]

    assert list(table(rows, 2)) == ["  a     x", "  long", "  ... and 1 more"]
    assert list(table(rows, 0)) == ["  ... and 3 more"]
    assert list(table([], 2)) == []
