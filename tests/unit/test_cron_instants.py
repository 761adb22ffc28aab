"""When an expression fires, and fired last: AWS's own examples, and every form compared with a second, naive reader."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebs_backup import cron


def fired(expression: str, start: str, end: str) -> list[str]:
    """List when it fires from one day to before another, as texts."""
    assert cron.can_fire(expression)
    first, last = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (start, end))
    return [f"{instant:%Y-%m-%d %H:%M}" for instant in cron.instants(expression, start=first, end=last)]


@pytest.mark.parametrize(
    "expression",
    ["*/0 1 ? * MON *", "5/ 1 ? * MON *", "60 1 ? * MON *", "30 1 ? * ? *", "30 1 * * 1-5", "", f"30 1 ? * {'MON,' * 90}MON *"],
)  # fmt: skip
def test_what_eventbridge_would_refuse_cannot_fire(expression: str) -> None:
    """infra/settings/cron_check.py tells the operator why."""
    assert not cron.can_fire(expression)


@pytest.mark.parametrize(
    ("expression", "end", "expected"),
    [  # The EventBridge guide's examples and what it says of them, from Thursday 2026-01-01 on.
        ("0 10 * * ? *", "2026-01-03", ["2026-01-01 10:00", "2026-01-02 10:00"]),
        ("15 12 * * ? *", "2026-01-02", ["2026-01-01 12:15"]),
        ("0 18 ? * MON-FRI *", "2026-01-06", ["2026-01-01 18:00", "2026-01-02 18:00", "2026-01-05 18:00"]),
        ("0 8 1 * ? *", "2026-03-01", ["2026-01-01 08:00", "2026-02-01 08:00"]),
        ("0/15 * * * ? *", "2026-01-01T00:50", [f"2026-01-01 00:{minute}" for minute in ("00", "15", "30", "45")]),
        ("0/30 20-2 ? * MON-FRI *", "2026-01-01T03:00", [f"2026-01-01 0{h}:{m}0" for h in (0, 1, 2) for m in (0, 3)]),
        ("15 10 ? * 6L 2019-2022", "2027-01-01", []),
        ("15 10 ? * 6L *", "2026-03-01", ["2026-01-30 10:15", "2026-02-27 10:15"]),
        ("0 9 ? * 2#1 *", "2026-03-01", ["2026-01-05 09:00", "2026-02-02 09:00"]),
        ("0 9 ? * 3#2 *", "2026-02-01", ["2026-01-13 09:00"]),
        ("0 9 3W * ? *", "2026-04-01", ["2026-01-02 09:00", "2026-02-03 09:00", "2026-03-03 09:00"]),
        ("0 9 L * ? *", "2026-03-01", ["2026-01-31 09:00", "2026-02-28 09:00"]),
        ("0 9 ? * L *", "2026-01-12", ["2026-01-03 09:00", "2026-01-10 09:00"]),
        ("1/10 0 1 * ? 2026,2028", "2026-01-02", [f"2026-01-01 00:{minute}1" for minute in range(6)]),
    ],
)  # fmt: skip
def test_it_fires_when_the_eventbridge_guide_says(expression: str, end: str, expected: list[str]) -> None:
    assert fired(expression, "2026-01-01", end) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 1 1W 8 ? *", ["2026-08-03 01:00"]),  # a Saturday: not back into July
        ("0 1 31W 5 ? *", ["2026-05-29 01:00"]),  # a Sunday: not on into June
        ("0 1 31W 6 ? *", []),  # June has 30 days
        ("0 1 ? 2 FRI#5 *", []),  # four Fridays
        ("0 1 ? dec-jan suN#1 *", ["2026-01-04 01:00", "2026-12-06 01:00"]),
        ("0 1 29 2 ? *", []),
        ("0 22-3/3 5 1 ? 2020/3", ["2026-01-05 01:00", "2026-01-05 22:00"]),
    ],
)
def test_weekdays_stay_in_their_month_and_what_does_not_exist_does_not_fire(
    expression: str, expected: list[str]
) -> None:
    assert fired(expression, "2026-01-01", "2027-01-01") == expected


def test_the_span_holds_its_start_and_not_its_end() -> None:
    assert fired("30 1 * * ? *", "2026-01-01T01:30", "2026-01-02T01:30") == ["2026-01-01 01:30"]


def items(low: int, high: int, *, steps: bool) -> st.SearchStrategy[str]:
    """Draw a list of numbers, ranges (also over the end), stars and steps."""
    number = st.integers(low, high)
    base = st.one_of(
        st.just("*"), number.map(str), st.tuples(number, number).map(lambda ends: f"{ends[0]}-{ends[1]}")
    )
    step = st.integers(1, high).map(lambda n: f"/{n}") if steps else st.just("")
    return st.lists(
        st.tuples(base, st.one_of(st.just(""), step)).map("".join), min_size=1, max_size=3
    ).map(",".join)  # fmt: skip


DAY = st.one_of(items(1, 31, steps=True), st.just("L"), st.integers(1, 31).map(lambda n: f"{n}W"))
WEEKDAY = st.one_of(
    items(1, 7, steps=False),
    st.sampled_from(["L", "SUN-TUE", "fri-mon", "SAT,2"]),
    st.tuples(st.integers(1, 7), st.sampled_from(["L", "#1", "#2", "#3", "#4", "#5"])).map(
        lambda n: f"{n[0]}{n[1]}"
    ),
)
DAYS = st.one_of(DAY.map(lambda day: (day, "?")), WEEKDAY.map(lambda weekday: ("?", weekday)))


def month_of(day: date) -> list[date]:
    """List every day of this day's month."""
    around = (day + timedelta(days=past) for past in range(-31, 32))
    return [other for other in around if (other.year, other.month) == (day.year, day.month)]


def holds(text: str, value: int, low: int, high: int) -> bool:
    """Return whether a field's text includes this value; this is arithmetic on a circle, and lists nothing."""
    size = high - low + 1
    for item in text.split(","):
        base, _, step = item.partition("/")
        first, _, last = (f"{low}-{high}" if base == "*" else base).partition("-")
        end = int(last or (high if step else first))
        past = (value - int(first)) % size
        if past <= (end - int(first)) % size and past % int(step or 1) == 0:
            return True
    return False


def is_on(day: date, of_month: str, of_week: str) -> bool:
    month = month_of(day)
    if of_month == "L":
        return day == month[-1]
    if of_month.endswith("W"):
        wanted = [candidate for candidate in month if candidate.day == int(of_month[:-1])]
        working = [candidate for candidate in month if candidate.isoweekday() < 6]
        return bool(wanted) and day == min(working, key=lambda candidate: abs(candidate - wanted[0]))
    return holds(of_month, day.day, 1, 31) if of_month != "?" else is_on_weekday(day, month, of_week)


def is_on_weekday(day: date, month: list[date], of_week: str) -> bool:
    if of_week == "L":
        return f"{day:%a}" == "Sat"
    alike = [other for other in month if other.weekday() == day.weekday()]
    for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1):
        of_week = of_week.upper().replace(name, str(number))
    today = day.isoweekday() % 7 + 1
    if of_week[-1] == "L":
        return today == int(of_week[0]) and day == alike[-1]
    if "#" in of_week:
        return today == int(of_week[0]) and alike.index(day) + 1 == int(of_week[2])
    return holds(of_week, today, 1, 7)


@given(
    items(0, 59, steps=True), items(0, 23, steps=True), DAYS, items(1, 12, steps=True),
    st.dates(date(2024, 1, 1), date(2031, 1, 1)),
)  # fmt: skip
def test_every_form_fires_when_a_naive_reading_says(
    minutes: str, hours: str, days: tuple[str, str], months: str, first: date
) -> None:
    start = datetime.combine(first, datetime.min.time(), UTC)
    span = [first + timedelta(days=past) for past in range(40)]

    found = cron.instants(
        f"{minutes} {hours} {days[0]} {months} {days[1]} 2024-2030/2",
        start=start,
        end=start + timedelta(days=40),
    )

    on = [
        day
        for day in span
        if holds(months, day.month, 1, 12) and is_on(day, *days) and day.year in (2024, 2026, 2028, 2030)
    ]
    at = [(h, m) for h in range(24) if holds(hours, h, 0, 23) for m in range(60) if holds(minutes, m, 0, 59)]
    assert list(found) == [
        datetime(day.year, day.month, day.day, h, m, tzinfo=UTC) for day in on for h, m in at
    ]


@pytest.mark.parametrize(
    ("expression", "at", "last"),
    [
        ("30 1 * * ? *", "2026-11-23T01:30", "2026-11-23T01:30"),  # at the very instant
        ("30 1 * * ? *", "2026-11-23T01:29:59.999999", "2026-11-22T01:30"),
        ("30 1 * * ? *", "2026-01-01T00:00", "2025-12-31T01:30"),
        ("0/15 20-2 * * ? *", "2026-11-23T12:00", "2026-11-23T02:45"),
        ("0/15 20-2 * * ? *", "2026-11-23T01:59", "2026-11-23T01:45"),
        ("30 1 ? * MON-FRI *", "2026-11-22T12:00", "2026-11-20T01:30"),  # a Sunday
        ("0 1 ? * FRI#5 *", "2026-11-23T12:00", "2026-10-30T01:00"),  # the fourth Friday is November's last
        ("0 1 ? * 6L *", "2026-11-23T12:00", "2026-10-30T01:00"),
        ("0 1 1W 8 ? *", "2026-08-02T12:00", "2025-08-01T01:00"),  # its first weekday is Monday the third
        ("0 1 31W 5 ? *", "2026-05-31T12:00", "2026-05-29T01:00"),
        ("0 1 L 2 ? *", "2028-02-29T12:00", "2028-02-29T01:00"),
        ("0 1 29 2 ? *", "2028-02-28T12:00", "2024-02-29T01:00"),
        ("0 1 29 2 ? *", "2104-02-28T12:00", "2096-02-29T01:00"),  # 2100 is no leap year
        ("0 1 ? 2 SUN#5 *", "2128-02-28T12:00", "2088-02-29T01:00"),  # the longest pause there is
        ("30 1 * * ? 2020-2024", "2026-11-23T12:00", "2024-12-31T01:30"),  # fires no more
        ("30 1 * * ? 2020/5", "2026-11-23T12:00", "2025-12-31T01:30"),
    ],
)
def test_the_last_firing_is_the_one_at_or_before_an_instant(expression: str, at: str, last: str) -> None:
    found = cron.latest(expression, at=datetime.fromisoformat(at).replace(tzinfo=UTC))

    assert found == datetime.fromisoformat(last).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "at"),
    [
        ("30 1 * * ? 2027-2199", "2026-12-31T23:59"),
        ("30 1 * * ? 2027", "2027-01-01T01:29"),
        ("30 1 1 JUN ? 2026/2", "2026-05-31T12:00"),
        ("0 1 31 2 ? *", "2026-11-23T12:00"),  # never
    ],
)
def test_before_its_first_firing_there_is_no_last_one(expression: str, at: str) -> None:
    assert cron.latest(expression, at=datetime.fromisoformat(at).replace(tzinfo=UTC)) is None


def the_last_of_instants(expression: str, at: datetime) -> datetime | None:
    """Ask for the firings of one day after another, back to 2024: the year fields below begin there."""
    start, end = at.replace(hour=0, minute=0, second=0, microsecond=0), at + timedelta(microseconds=1)
    while start.year >= 2024:
        if found := list(cron.instants(expression, start=start, end=end)):
            return found[-1]
        start, end = start - timedelta(days=1), start
    return None


@given(
    items(0, 59, steps=True), items(0, 23, steps=True), DAYS, items(1, 12, steps=True),
    st.sampled_from(["2024-2199", "2024/3", "2024-2026", "2025,2027", "2024,2028"]),
    st.datetimes(datetime(2024, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - Hypothesis's
)  # fmt: skip
def test_the_last_firing_is_the_last_of_all_instants_until_then(
    minutes: str, hours: str, days: tuple[str, str], months: str, years: str, at: datetime
) -> None:
    expression = f"{minutes} {hours} {days[0]} {months} {days[1]} {years}"

    assert cron.latest(expression, at=at) == the_last_of_instants(expression, at)
