"""Schedules: what EventBridge takes, what it does not, and what a crontab line means to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebs_backup import cron
from infra.settings.cron_check import refusal as refused

# EventBridge User Guide, "Cron expressions reference": its own examples, and one for each wildcard that it names.
AWS_EXAMPLES = (
    "0 10 * * ? *",
    "15 12 * * ? *",
    "0 18 ? * MON-FRI *",
    "0 8 1 * ? *",
    "0/15 * * * ? *",
    "0/10 * ? * MON-FRI *",
    "0/5 8-17 ? * MON-FRI *",
    "0/30 20-2 ? * MON-FRI *",
    "15 10 ? * 6L 2019-2022",
    "0 9 ? * 2#1 *",
    "0 9 3W * ? *",
    "0 9 L * ? *",
    "0 9 ? * L *",
    "0 9 1-15 JAN,FEB,MAR ? *",
    "1/10 * 7 * ? 2026,2028",
    "0 9 ? jan mon-fri *",
    "0 1 ? * FRI-MON *",
)


@pytest.mark.parametrize("expression", AWS_EXAMPLES)
def test_what_the_eventbridge_guide_shows_is_taken(expression: str) -> None:
    assert refused(expression) is None


@pytest.mark.parametrize(
    ("expression", "field"),
    [
        ("60 1 ? * MON *", "minutes"),
        ("-1 1 ? * MON *", "minutes"),
        ("*/0 1 ? * MON *", "minutes"),
        ("*/60 1 ? * MON *", "minutes"),
        ("5/ 1 ? * MON *", "minutes"),
        ("/5 1 ? * MON *", "minutes"),
        ("1-2-3 1 ? * MON *", "minutes"),
        ("1,,2 1 ? * MON *", "minutes"),
        ("٣ 1 ? * MON *", "minutes"),
        ("? 1 ? * MON *", "minutes"),
        ("cron(30 1 ? * MON *)", "minutes"),
        ("30 24 ? * MON *", "hours"),
        ("30 1 0 * ? *", "day-of-month"),
        ("30 1 32 * ? *", "day-of-month"),
        ("30 1 32W * ? *", "day-of-month"),
        ("30 1 1W,15W * ? *", "day-of-month"),
        ("30 1 L,15 * ? *", "day-of-month"),
        ("30 1 ?,1 * ? *", "day-of-month"),
        ("30 1 ? 0 MON *", "month"),
        ("30 1 ? 13 MON *", "month"),
        ("30 1 ? JAM MON *", "month"),
        ("30 1 ? * 0 *", "day-of-week"),
        ("30 1 ? * 8 *", "day-of-week"),
        ("30 1 ? * MONDAY *", "day-of-week"),
        ("30 1 ? * MON-? *", "day-of-week"),
        ("30 1 ? * 3#6 *", "day-of-week"),
        ("30 1 ? * 3#1,6#3 *", "day-of-week"),
        ("30 1 ? * */2 *", "day-of-week"),
        ("30 1 ? * MON 1969", "year"),
        ("30 1 ? * MON 2200", "year"),
        ("30 1 ? * MON 2030-2026", "year"),
    ],
)
def test_nonsense_is_refused_with_the_name_of_its_field(expression: str, field: str) -> None:
    refusal = refused(expression)

    assert refusal is not None
    assert refusal.startswith(f"its {field} cannot be '")


@pytest.mark.parametrize(("expression", "count"), [("", 0), ("rate(1 day)", 2), ("1 2 3 4 5 6 7", 7)])
def test_any_other_number_of_fields_is_refused_with_the_number(expression: str, count: int) -> None:
    assert refused(expression) == f"it has {count} fields"


@pytest.mark.parametrize("expression", ["30 1 * * * *", "30 1 ? * ? *", "30 1 1 * MON *"])
def test_exactly_one_of_the_two_day_fields_is_a_question_mark(expression: str) -> None:
    assert refused(expression) == "exactly one of its day-of-month and day-of-week must be '?'"


@pytest.mark.parametrize(
    ("crontab", "translation"),
    [
        ("30 1 * * 1-5", "30 1 ? * MON-FRI *"),
        ("30 1 * * *", "30 1 * * ? *"),
        ("30 3 1 * *", "30 3 1 * ? *"),
        ("*/15 8-18 * 1-6 *", "*/15 8-18 * 1-6 ? *"),
        ("30 1 * * 0", "30 1 ? * SUN *"),
        ("30 1 * * 7", "30 1 ? * SUN *"),
        ("30 1 * * 5-7", "30 1 ? * FRI,SAT,SUN *"),
        ("30 1 * * 0-7", "30 1 ? * SUN,MON,TUE,WED,THU,FRI,SAT *"),
        ("30 1 * * */2", "30 1 ? * SUN,TUE,THU,SAT *"),
        ("30 1 * * 1-5/2", "30 1 ? * MON,WED,FRI *"),
        ("30 1 * * 1,3,6", "30 1 ? * MON,WED,SAT *"),
        ("30 1 * * mon-fri", "30 1 ? * MON-FRI *"),
        ("30 1 * jan sat", "30 1 ? jan SAT *"),
    ],
)
def test_a_crontab_line_is_refused_with_its_translation(crontab: str, translation: str) -> None:
    assert refused(crontab) == f"it is a five-field crontab line; in EventBridge that is '{translation}'"


@pytest.mark.parametrize(
    "crontab",
    [
        "30 1 1 * 1",  # crontab takes either day; EventBridge cannot
        "30 1 * * 8",
        "30 1 * * xyz",
        "30 1 * * 1-xyz",
        "30 1 * * 5-1",
        "30 1 * * 1/2",
        "30 1 * * *-5",
        "61 1 * * 1",
        "a b c d e",
    ],
)
def test_a_crontab_line_that_no_single_expression_equals_is_refused_without_one(crontab: str) -> None:
    refusal = refused(crontab)

    assert (
        refusal
        == "it has five fields, like a crontab line, but no single EventBridge expression means the same"
    )


item = st.one_of(
    st.just("*"),
    st.integers(0, 7).map(str),
    st.sampled_from([name.lower() for name in cron.WEEKDAYS]),
    st.tuples(st.integers(0, 7), st.integers(0, 7)).map(lambda ends: f"{ends[0]}-{ends[1]}"),
)
stepped = st.tuples(item, st.sampled_from(["", "/1", "/2", "/7"])).map("".join)
weekdays = st.lists(stepped, min_size=1, max_size=3).map(",".join)
crontabs = st.tuples(
    st.integers(0, 59), st.integers(0, 23), st.sampled_from(["*", "1", "*/2"]), st.integers(1, 12), weekdays
).map(lambda fields: " ".join(map(str, fields)))


@given(crontabs)
def test_every_translation_is_itself_taken(crontab: str) -> None:
    refusal = refused(crontab)

    assert refusal is not None
    if "that is" in refusal:
        assert refused(refusal.split("'")[1]) is None


@given(st.text(max_size=40))
def test_any_text_is_taken_or_refused_and_never_breaks_the_check(text: str) -> None:
    refusal = refused(text)

    assert refusal is None or "\n" not in refusal
    assert cron.can_fire(text) == (refusal is None)
