"""The session that EC2's client is made of serves other services, too: their times may be numbers."""

from datetime import UTC, datetime

import pytest

from ebs_backup.aws.connection import _time


@pytest.mark.parametrize(
    "told",
    [
        "2026-11-23T01:30:00.000Z",
        "2026-11-23T01:30:00+00:00",
        "Mon, 23 Nov 2026 01:30:00 GMT",
        1795397400,
        1795397400.0,
    ],
)
def test_a_time_is_read_however_a_service_writes_it(told: object) -> None:
    assert _time(told) == datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
