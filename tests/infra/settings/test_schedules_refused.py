"""Which schedules are refused, and why, whatever the period."""

import pytest

from ebs_backup.names import Period
from tests.infra.settings.test_values import settings
from tests.infra.settings.test_values_refused import refusal

SIX_FIELDS = (
    "an EventBridge cron expression of six fields (minutes hours day-of-month month day-of-week year, UTC), "
    "such as '30 1 ? * MON-FRI *', or off"
)


@pytest.mark.parametrize("name", ["schedule_day", "schedule_week", "schedule_month"])
@pytest.mark.parametrize(
    ("bad", "shown", "because"),
    [
        (
            "30 1 * * 1-5",
            "'30 1 * * 1-5'",
            "it is a five-field crontab line; in EventBridge that is '30 1 ? * MON-FRI *'",
        ),
        ("30 25 ? * MON *", "'30 25 ? * MON *'", "its hours cannot be '25'"),
        ("30 1 ? * \x1b[31m *", r"'30 1 ? * \x1b[31m *'", r"its day-of-week cannot be '\x1b[31m'"),
        (
            "cron(30 1 * * 1-5)",
            "'cron(30 1 * * 1-5)'",
            "it is a five-field crontab line; in EventBridge that is '30 1 ? * MON-FRI *'",
        ),
        ("cron(off", "'cron(off'", "it has 1 fields"),
        ("rate(1 day)", "'rate(1 day)'", "it has 2 fields"),
        (None, "None", "it is not a text"),
        (30, "30", "it is not a text"),
        (False, "False", "it is not a text"),
    ],
)
def test_a_bad_schedule_is_refused_with_its_reason(name: str, bad: object, shown: str, because: str) -> None:
    assert refusal(**{name: bad}) == f"{name} must be {SIX_FIELDS}, got {shown}: {because}"


def test_a_schedule_that_is_longer_than_eventbridge_takes_is_refused() -> None:
    long, longest = (
        ",".join(minutes) + " 1 ? * MON-FRI *" for minutes in (["59"] * 78 + ["5"], ["59"] * 77 + ["5", "5"])
    )

    assert (len(f"cron({long})"), len(f"cron({longest})")) == (257, 256)
    assert refusal(schedule_day=long).endswith(": it is longer than 250 characters")
    assert settings(schedule_day=longest).schedule(Period.DAY) == longest


def test_at_least_one_period_runs() -> None:
    off = dict.fromkeys(("schedule_day", "schedule_week", "schedule_month"), "off")

    assert settings(**off | {"schedule_month": "0 1 1 * ? *"}).periods == (Period.MONTH,)
    assert refusal(**off) == (
        "schedule_day must be a cron expression, because schedule_week and schedule_month are off too, "
        "and one period must run, got off"
    )
