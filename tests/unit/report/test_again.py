"""The mail about failed snapshots, minutes after: what it says on a phone, and that a thousand of them fit."""

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from ebs_backup.aws.errors import AwsError, Kind, failure
from ebs_backup.made_again import RunAgain, VolumeAgain
from ebs_backup.model import FailedSnapshot, Failure
from ebs_backup.names import Period
from ebs_backup.outcome import as_failure
from ebs_backup.report.again import render_again
from ebs_backup.report.text import MAX_MESSAGE, Mail
from tests.unit.builders import a_failed_snapshot, a_run, a_snapshot

Golden = Callable[[str, str], None]
KEY = "Given key ID is not accessible"
INTERNAL = "An internal error has occurred"


def text(mail: Mail) -> str:
    return f"Subject: {mail.subject}\n\n{mail.body}\n"


def a_failed(number: int, name: str, message: str, period: str = "day") -> FailedSnapshot:
    return a_failed_snapshot(
        id=f"snap-0e{number:04x}99fe01c2d4e",
        volume_id=f"vol-0a{number:04x}99fe01c2d4e",
        name=name,
        message=message,
        period=period,
    )


def made(number: int, name: str = "web-1 data", message: str = INTERNAL) -> VolumeAgain:
    failed = a_failed(number, name, message)
    new = a_snapshot(id=f"snap-0f{number:04x}99fe01c2d4e", volume_id=failed.volume_id)
    return VolumeAgain(volume_id=failed.volume_id, failed=(failed,), made=new)


def refused(number: int, name: str, code: str, message: str) -> VolumeAgain:
    failed = a_failed(number, name, KEY)
    error = AwsError(kind=Kind.REJECTED, code=code, message=message, service="ec2")
    fault = failure(error, resource=failed.volume_id, action="make the day snapshot again")
    return VolumeAgain(volume_id=failed.volume_id, failed=(failed,), fault=fault, runnable=True)


def twice(number: int, name: str = "db-1 data", message: str = KEY) -> VolumeAgain:
    failed = a_failed(number, name, message)
    fault = replace(as_failure(failed), message=f"made again already, and failed again: {message}")
    return VolumeAgain(volume_id=failed.volume_id, failed=(failed,), fault=fault, runnable=True)


def gone(number: int) -> VolumeAgain:
    failed = a_failed(number, "old", KEY)
    fault = Failure(
        resource=failed.volume_id,
        action="make the day snapshot again",
        code="VolumeGone",
        message="not made again: the volume is gone",
        advice="There is nothing to do, if the volume was deleted on purpose.",
    )
    return VolumeAgain(volume_id=failed.volume_id, failed=(failed,), fault=fault)


def mail_of(*volumes: VolumeAgain, period: Period = Period.DAY) -> Mail:
    return render_again(RunAgain(run=a_run(period=period), volumes=volumes))


def test_one_that_was_made_again(golden: Golden) -> None:
    golden("again-one.txt", text(mail_of(made(1))))


def test_one_that_could_not_be_made_again(golden: Golden) -> None:
    words = "The customer master key is revoked."

    golden("again-refused.txt", text(mail_of(refused(1, "db-1 data", "CustomerKeyHasBeenRevoked", words))))


def test_one_that_failed_a_second_time(golden: Golden) -> None:
    golden("again-twice.txt", text(mail_of(twice(1))))


def test_a_storm_of_a_thousand(golden: Golden) -> None:
    volumes = [made(number, f"node-{number}", KEY) for number in range(998)]
    mail = mail_of(*volumes, twice(998), gone(999))

    lines = text(mail).splitlines()
    golden("again-storm.txt", "\n".join([*lines[:60], f"[and {len(lines) - 80} lines]", *lines[-20:], ""]))
    assert len(mail.message.encode()) < MAX_MESSAGE
    told = json.loads(mail.data)
    assert told["not_shown"]["again"] == 1000 - len(told["again"])
    assert [row["made"] for row in told["again"][:2]] == [None, None]


@pytest.mark.parametrize("number", [1, 2, 2000])
@pytest.mark.parametrize("period", Period)
@pytest.mark.parametrize("make", [made, twice])
def test_the_first_five_lines_fit_a_phone_and_say_what_whose_why_and_what_to_do(
    number: int, period: Period, make: Callable[[int], VolumeAgain]
) -> None:
    mail = mail_of(*map(make, range(number)), period=period)

    first = mail.body.split("\n\n")[0].splitlines()
    assert len(first) <= 5
    assert max(map(len, re.split("COMMAND|LINKS", mail.body)[0].splitlines())) <= 46
    assert f"{number:,} {period} snapshot" in first[0]
    assert ("NOT made again" if make is twice else "made again") in first[0]
    assert first[1].startswith("- ")
    assert first[-1].startswith("To do: ")
    assert len(mail.subject) < 100
    assert mail.subject.startswith("[PROBLEM] ")


def test_a_name_that_could_be_misread_stands_as_its_volumes_id() -> None:
    mail = mail_of(made(1, "web\u202e\n: all is well"))

    assert mail.subject.startswith("[PROBLEM] vol-0a000199fe01c2d4e: snapshot failed")


def test_the_same_is_told_to_machines(golden: Golden) -> None:
    mail = mail_of(made(1), twice(2), gone(3))

    assert mail.attributes == {"status": "PROBLEM", "set": "default", "period": "day"}
    golden("again.json", json.dumps(json.loads(mail.data), indent=2) + "\n")
