"""The event: what is taken, and each refusal in one line that names the key, the value and what is allowed."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebs_backup.event import InvalidEventError, Request, parse, to_event
from ebs_backup.model import Continued, FailedSnapshot
from ebs_backup.names import Period

CONTINUED = {
    "run": "2026-11-23T01:30:00Z",
    "began": "2026-11-23T01:30:04+00:00",
    "invocation": 2,
    "expired": 7,
    "failed": [],
    "more_failed": 0,
    "tags_refused": 0,
}
LEFT_OUT = "continued must be left out: only the function itself sends it, and never for a dry run, got"


@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_a_rule_sends_its_period_and_the_scheduled_time(period: str) -> None:
    request = parse({"period": period, "time": "2026-11-23T01:30:00Z"})

    assert request == Request(
        period=Period(period), time=datetime(2026, 11, 23, 1, 30, tzinfo=UTC), dry_run=False
    )


def test_by_hand_the_period_is_enough() -> None:
    assert parse({"period": "day"}) == Request(period=Period.DAY, time=None, dry_run=False)


def test_a_check_may_be_limited_to_some_volumes() -> None:
    assert parse({"period": "week", "check": True, "sample": 1000}) == Request(
        period=Period.WEEK, check=True, sample=1000
    )
    assert parse({"period": "day", "check": True}) == Request(period=Period.DAY, check=True)
    assert parse({"period": "day", "check": False}) == Request(period=Period.DAY)


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_dry_run_is_asked_for_with_a_boolean(dry_run: bool) -> None:  # noqa: FBT001 - a case of the test
    assert parse({"period": "day", "dry_run": dry_run}).dry_run is dry_run


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-23T01:30:00Z",
        "2026-11-23T01:30:00+00:00",
        "2026-11-23T02:30:00+01:00",
        "2026-11-22T19:30:00-06:00",
        "2026-11-23 07:00:00+05:30",
    ],
)
def test_one_instant_is_one_time_in_whatever_zone_it_is_written(written: str) -> None:
    time = parse({"period": "day", "time": written}).time

    assert time == datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
    assert time.isoformat() == "2026-11-23T01:30:00+00:00"


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (None, 'the event must be an object such as {"period": "day"}, got None'),
        ("day", 'the event must be an object such as {"period": "day"}, got \'day\''),
        (["day"], 'the event must be an object such as {"period": "day"}, got [\'day\']'),
        ({}, "period must be one of day, week, month, got None"),
        ({"period": "hour"}, "period must be one of day, week, month, got 'hour'"),
        ({"period": "Day"}, "period must be one of day, week, month, got 'Day'"),
        ({"period": ["day"]}, "period must be one of day, week, month, got ['day']"),
        (
            {"period": "day", "dryrun": True},
            "a key of the event must be one of period, time, dry_run, volumes, check, sample, got 'dryrun'",
        ),
        (
            {"period": "day", 1: 2},
            "a key of the event must be one of period, time, dry_run, volumes, check, sample, got '1'",
        ),
        ({"period": "day", "dry_run": "true"}, "dry_run must be true or false, got 'true'"),
        ({"period": "day", "check": "true"}, "check must be true or false, got 'true'"),
        ({"period": "day", "check": 1}, "check must be true or false, got 1"),
        (
            {"period": "day", "check": True, "dry_run": False},
            "dry_run must be left out of a check, got False",
        ),
        (
            {"period": "day", "check": True, "time": "2026-11-23T01:30:00Z"},
            "time must be left out of a check, got '2026-11-23T01:30:00Z'",
        ),
        (
            {"period": "day", "check": True, "volumes": ["vol-0a"]},
            "volumes must be left out of a check, got ['vol-0a']",
        ),
        ({"period": "day", "check": True, "continued": {}}, "continued must be left out of a check, got {}"),
        *(
            (
                {"period": "day", "check": True, "sample": sample},
                f"sample must be a whole number from 1 to 1000, got {sample!r}",
            )
            for sample in (0, 1001, -1, True, "5", 2.0, None)
        ),
        ({"period": "day", "sample": 5}, 'sample must be left out without "check": true, got 5'),
        (
            {"period": "day", "check": False, "sample": 5},
            'sample must be left out without "check": true, got 5',
        ),
        ({"period": "day", "dry_run": 1}, "dry_run must be true or false, got 1"),
        ({"period": "day", "dry_run": None}, "dry_run must be true or false, got None"),
        *(
            (
                {"period": "day", "volumes": volumes},
                'volumes must be a list of 1 to 200 volume ids, such as ["vol-0123456789abcdef0"], got '
                + repr(volumes)[:100],
            )
            for volumes in ([], "vol-0a", ["vol-0a", 1], ["snap-0a"], ["vol-0a "], None, ["vol-0a"] * 201)
        ),
        *(
            (
                {"period": "day", "time": time},
                f"time must be a time with a zone, such as 2026-11-23T01:30:00Z, got {time!r}",
            )
            for time in ("2026-11-23T01:30:00", "2026-11-23", "01:30Z", "yesterday", "", 1763861400, None)
        ),
    ],
)
def test_a_refusal_names_the_key_the_value_and_what_is_allowed(event: object, line: str) -> None:
    with pytest.raises(InvalidEventError, match=f"^{re.escape(line)}$"):
        parse(event)


def test_what_the_function_sends_to_itself_says_which_run_goes_on() -> None:
    request = parse({"period": "day", "time": "2026-11-23T01:30:00Z", "continued": CONTINUED})

    assert request.continued == Continued(
        run="2026-11-23T01:30:00Z",
        began=datetime(2026, 11, 23, 1, 30, 4, tzinfo=UTC),
        invocation=2,
        expired=7,
    )


def test_volumes_are_named_once_each_in_their_order() -> None:
    request = parse({"period": "day", "volumes": ["vol-0b", "vol-0a", "vol-0b"]})

    assert request.volumes == ("vol-0b", "vol-0a")


@pytest.mark.parametrize(
    ("continued", "line"),
    [
        (None, f"{LEFT_OUT} None"),
        ("yes", f"{LEFT_OUT} 'yes'"),
        ({}, f"{LEFT_OUT} {{}}"),
        ({**CONTINUED, "more": 1}, f"{LEFT_OUT} {{"),
        ({**CONTINUED, "run": 1}, "continued.run must be 1 to 100 ASCII characters without a space, got 1"),
        (
            {**CONTINUED, "run": "two words"},
            "continued.run must be 1 to 100 ASCII characters without a space, got 'two words'",
        ),
        (
            {**CONTINUED, "began": "today"},
            "continued.began must be a time with a zone, such as 2026-11-23T01:30:00Z, got 'today'",
        ),
        *(
            (
                {**CONTINUED, "invocation": number},
                f"continued.invocation must be a whole number from 2 to 12, got {number!r}",
            )
            for number in (1, 13, 2.0, True, "2", None)
        ),
        *(
            ({**CONTINUED, "failed": failed}, "continued.failed must be a list of objects with id, message,")
            for failed in ("x", [1], [{"id": "snap-0a"}], None)
        ),
        (
            {**CONTINUED, "expired": -1},
            "continued.expired must be a whole number from 0 to 1000000000, got -1",
        ),
    ],
)
def test_what_a_stranger_sends_as_continued_is_refused_in_one_line(continued: object, line: str) -> None:
    with pytest.raises(InvalidEventError, match=f"^{re.escape(line)}") as refusal:
        parse({"period": "day", "continued": continued})

    assert "\n" not in str(refusal.value)


def test_a_dry_run_is_never_continued() -> None:
    with pytest.raises(InvalidEventError, match=f"^{re.escape(LEFT_OUT)}"):
        parse({"period": "day", "dry_run": True, "continued": CONTINUED})


def test_a_refusal_is_one_short_line_whatever_was_sent() -> None:
    with pytest.raises(InvalidEventError) as refusal:
        parse({"period": "line\nbreak" * 1000})

    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 200


def test_an_instant_that_utc_cannot_hold_is_refused_like_any_other() -> None:
    with pytest.raises(InvalidEventError, match=r"^time must be a time with a zone"):
        parse({"period": "day", "time": "0001-01-01T00:00:00+01:00"})


zones = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
instants = st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30), timezones=zones)  # noqa: DTZ001 - the zone is drawn


@given(instants)
def test_any_instant_with_a_zone_is_taken_for_what_it_is(instant: datetime) -> None:
    request = parse({"period": "week", "time": instant.isoformat()})

    assert request.time == instant
    assert request.time.tzinfo is UTC


texts = st.text(st.characters(codec="utf-8"), max_size=20)


@given(
    st.builds(
        Continued,
        run=st.from_regex(r"[!-~]{1,100}", fullmatch=True),
        began=instants,
        invocation=st.integers(2, 12),
        expired=st.integers(0, 10**9),
        failed=st.lists(
            st.builds(
                FailedSnapshot,
                id=texts,
                volume_id=texts,
                name=texts,
                period=texts,
                started=instants,
                message=texts,
            ),
            max_size=3,
        ).map(tuple),
        more_failed=st.integers(0, 10**9),
        tags_refused=st.integers(0, 10**9),
    ),
    st.none() | instants,
    st.sampled_from([(), ("vol-0a", "vol-0b")]),
)
def test_what_is_written_for_the_next_invocation_is_read_back_and_small(
    continued: Continued, time: datetime | None, volumes: tuple[str, ...]
) -> None:
    """Lambda takes 256 KB of an event; however many volumes there are, this one is a few lines."""
    request = Request(period=Period.WEEK, time=time, volumes=volumes)

    event = json.dumps(to_event(request, continued))

    assert parse(json.loads(event)) == replace(request, continued=continued)
    assert len(event) < 500 + 1000 * len(continued.failed)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)


@given(
    json_values
    | st.fixed_dictionaries(
        {"period": st.just("day")},
        optional={
            "time": json_values,
            "dry_run": json_values,
            "volumes": json_values,
            "continued": json_values
            | st.fixed_dictionaries({key: json_values | st.just(CONTINUED[key]) for key in CONTINUED}),
        },
    )
)
def test_any_json_is_taken_or_refused_in_one_line(event: object) -> None:
    try:
        request = parse(event)
    except InvalidEventError as refusal:
        assert "\n" not in str(refusal)  # noqa: PT017 - either way is right; what is refused must be one line
    else:
        assert request.period in tuple(Period)
