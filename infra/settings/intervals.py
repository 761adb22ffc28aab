"""How long a set pauses between its runs; the heartbeat alarm and the ages must be longer."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise

from ebs_backup import cron
from ebs_backup.settings import InvalidSettingsError, Settings
from infra.settings.stack_settings import StackSettings

# Two whole years, one of them a leap year, the same at every synth: a template must not change with the day.
START, END = datetime(2027, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)

USUAL_HOURS = 72  # three days
SPARE_HOURS = 24  # EventBridge tries for a day to deliver an event
MOST_HOURS = 168  # CloudWatch looks at most seven days back


def heartbeat_hours(settings: Settings) -> int | None:
    """Return after how many hours without a run something is wrong; None if runs pause longer than CloudWatch sees."""
    pause = longest_pause(settings.schedule(period) for period in settings.periods) / timedelta(hours=1)
    if pause > MOST_HOURS - 1:
        return None
    return min(max(USUAL_HOURS, math.ceil(pause) + SPARE_HOURS), MOST_HOURS)


def check_ages(settings: StackSettings) -> StackSettings:
    """Refuse an age that every volume reaches between two runs: all volumes would often be overdue."""
    for period in settings.periods:
        pause = longest_pause([settings.schedule(period)]) / timedelta(days=1)
        if settings.max_age(period) <= pause:
            least = f"more than {pause:.4g} days, the longest pause of schedule_{period} ({settings.schedule(period)})"
            raise InvalidSettingsError(f"max_age_{period}", least, settings.max_age(period))
    return settings


def longest_pause(schedules: Iterable[str]) -> timedelta:
    """Return the longest time in which no schedule fires; both years if none ever fires."""
    every = sorted({instant for schedule in schedules for instant in _instants(schedule)})
    return max(later - earlier for earlier, later in pairwise((START, *every, END)))


@cache
def _instants(schedule: str) -> tuple[datetime, ...]:
    return tuple(cron.instants(schedule, start=START, end=END))
