"""A period whose schedule is off: no rule, and nothing that mentions it."""

import pytest
from aws_cdk.assertions import Template

from infra.settings.intervals import check_ages
from infra.settings.source import SettingsError
from tests.infra.conftest import synthesize
from tests.infra.test_alerts import settings
from tests.infra.test_dashboard import body


def schedules(template: Template) -> list[str]:
    """Return the schedules of the rules that have one: another waits for events of failed snapshots."""
    rules = [rule["Properties"] for rule in template.find_resources("AWS::Events::Rule").values()]
    return sorted(rule["ScheduleExpression"] for rule in rules if "ScheduleExpression" in rule)


@pytest.mark.parametrize("off", ["off", "OFF"])
def test_no_rule_is_made_for_it(off: str) -> None:
    found = schedules(synthesize(schedule_week=off))

    assert found == ["cron(30 1 ? * MON-FRI *)", "cron(30 3 1 * ? *)"]


def test_a_schedule_with_cron_around_it_is_the_same_rule() -> None:
    found = schedules(synthesize(schedule_week="cron(0 4 ? * SUN *)"))

    assert "cron(0 4 ? * SUN *)" in found


def test_its_age_is_not_asked_for() -> None:
    given = {"schedule_month": "0 1 1 * ? *", "max_age_month": 1}

    with pytest.raises(SettingsError, match="max_age_month"):
        settings(**given)
    assert check_ages(settings(**given | {"schedule_month": "off"})).max_age_month == 1


def test_the_dashboard_does_not_draw_it() -> None:
    drawn = str(body(synthesize(schedule_week="off")))

    assert "month" in drawn
    assert "week" not in drawn
