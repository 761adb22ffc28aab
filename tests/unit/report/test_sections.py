"""The report, section by section: what failed, what asks for a look, and commands that redo what is missing."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from ebs_backup.freshness import Overdue
from ebs_backup.inventory import Foreign
from ebs_backup.model import Continued, Fate
from ebs_backup.names import Period
from ebs_backup.report.render import render, render_bad_event
from ebs_backup.volume_outcome import VolumeOutcome
from tests.unit.builders import (
    NIGHT,
    a_decision,
    a_failed_snapshot,
    a_failure,
    a_run,
    a_snapshot,
    a_volume,
    altered,
    an_outcome,
)
from tests.unit.commands import lines, payload_of
from tests.unit.report.examples import (
    GONE,
    RETIRED,
    a_failed_one,
    a_good_one,
    expired,
    point,
    text,
    unwrapped,
)
from tests.unit.report.test_properties import headings

Golden = Callable[[str, str], None]


def test_an_event_that_cannot_be_used_says_what_is_allowed_and_how_to_send_it(golden: Golden) -> None:
    mail = render_bad_event(
        backup_set="default",
        account="111122223333",
        region="eu-west-1",
        function="ebs-backup-default",
        log_group="/aws/lambda/ebs-backup-default",
        error="period must be one of day, week, month, got 'dya'",
    )

    assert mail.attributes == {"status": "FAILED", "set": "default", "period": "?"}
    told = json.loads(mail.data)
    assert told["error"] == "period must be one of day, week, month, got 'dya'"
    assert told["status"] == "FAILED"
    golden("bad-event.txt", text(mail))


def test_failed_snapshots_are_told_with_ec2s_reason_and_what_lacks_because_of_them(golden: Golden) -> None:
    key = "The KMS key arn:aws:kms:eu-west-1:111122223333:key/1 is not accessible"
    volume = a_good_one(1, "db-1 data")
    id_ = volume.volume.id
    of_last_night = a_failed_snapshot(id="snap-0e1", volume_id=id_, name="db-1 data", message=key)
    of_the_month = replace(of_last_night, id="snap-0e2", period="month")
    at_once = replace(of_last_night, id="snap-0e3", volume_id="vol-0e", name="cache", message="")
    earlier = a_failed_snapshot(id="snap-0e4", volume_id="vol-0f", name="log", period="day", message=key)
    continued = Continued(
        run=a_run().id, began=NIGHT, invocation=2, expired=101, failed=(earlier,), more_failed=100
    )
    nothing = VolumeOutcome(volume=a_volume(id="vol-0e", name="cache"), failed=(at_once,))

    mail = render(
        an_outcome(
            replace(volume, failed=(of_last_night, of_the_month)), nothing, run=a_run(continued=continued)
        )
    )

    assert unwrapped(mail.body).count(key) == 1
    assert "\n... and 100 more\n" in mail.body
    (again,) = [line for line in mail.body.splitlines() if '"month"' in line]
    assert payload_of(again) == {"period": "month", "volumes": [id_]}
    golden("failed-snapshots.txt", text(mail))


def test_a_volume_that_ec2_has_lost_is_a_problem_of_its_own() -> None:
    lost = a_failed_one(
        1, "db-1 data", a_failure(code="VolumeError", message="state error", advice="Restore it.")
    )
    late = altered(lost, overdue=(Overdue(period=Period.DAY, limit=4, newest=None),))
    of_weeks = altered(lost, overdue=(Overdue(period=Period.WEEK, limit=9, newest=None),))

    body = render(an_outcome(late, a_good_one(2, "web-1"))).body

    assert headings(body)[0] == "VOLUMES IN ERROR"
    assert "NOT BACKED UP" not in body
    assert "For those under VOLUMES IN ERROR, follow the advice there." in unwrapped(body)
    assert "lambda invoke" not in body
    assert "lambda invoke" not in render(an_outcome(of_weeks, a_good_one(2, "web-1"))).body


def test_a_volume_without_a_restore_point_is_told_even_where_nothing_says_why() -> None:
    """The mail must not rely on a failure to be there: it looks whether the restore point is."""
    body = render(an_outcome(VolumeOutcome(volume=a_volume()), a_good_one(2, "web-1"))).body

    assert "NOT BACKED UP  1 of 2 volumes" in body
    assert "this run made no snapshot of it" in unwrapped(body)


def test_what_asks_for_a_look_is_named_with_what_to_do(golden: Golden) -> None:
    db = a_good_one(1, "db-1 data")
    spreading = Foreign(
        volume_id="vol-0f1",
        name="copy of db-1",
        spreads=True,
        snapshots=tuple(f"snap-0f{n}" for n in range(20)),
    )
    quiet = Foreign(volume_id="vol-0f2", name="", spreads=False, snapshots=("snap-0f20",))
    edited = a_decision(
        point(db.volume.id, 30, name="db-1 data"), "same ebs-backup:run as snap-0a", edited=True
    )
    outcome = an_outcome(
        altered(
            db,
            decisions=(*db.decisions, edited),
            stale=(point(db.volume.id, 20, state="pending", name="db-1"),),
        ),
        foreign=(quiet, spreading),
        strays=(a_snapshot(id="snap-0b1", period="yearly", name="old"), a_snapshot(id="snap-0b2", run="")),
        missing=("vol-0b1",),
        on_hold=2,
        unselected=(replace(RETIRED, lately=True), GONE),
    )

    mail = render(outcome)

    assert mail.subject.startswith("[CHECK] 21 foreign snapshots; 2 stray snapshots; 1 edited tag (EBS day")
    golden("check.txt", text(mail))


def test_a_delete_that_failed_for_a_volume_that_is_gone_is_told_too() -> None:
    retired = expired(point("vol-0dead", 90, name="gone"), "gone for 90 days", Fate.NOT_DELETED)
    known, unknown = (a_failure(resource=id_, action="delete it") for id_ in (retired.snapshot.id, "snap-0"))
    outcome = an_outcome(a_good_one(1, "db"), retired=(retired,))

    mail = render(replace(outcome, other_checks=(known, unknown)))

    assert mail.subject == "[CHECK] 1 not deleted; 1 to check; 1 created, 1 expired (EBS day, eu-west-1)"
    assert f"- gone\n  vol-0dead {retired.snapshot.id}\n  2026-08-25 01:30Z, gone for 90 days\n" in mail.body
    assert "\nTO CHECK  1\n" in mail.body


@pytest.mark.parametrize(("scheduled", "time"), [(True, {"time": a_run().id}), (False, {})])
def test_a_command_that_redoes_the_run_has_its_time_and_names_the_volumes_where_they_are_few(
    *, scheduled: bool, time: dict[str, str]
) -> None:
    run = a_run(scheduled=scheduled)
    failed = [a_failed_one(number, f"db-{number}") for number in range(6)]
    late = Overdue(period=Period.WEEK, limit=9, newest=None)

    few = render(an_outcome(altered(failed[0], overdue=(late,)), a_good_one(9, "web"), run=run))
    many = render(an_outcome(*failed, run=run))

    assert list(map(payload_of, lines(few.body))) == [
        {"period": "day", **time, "volumes": [failed[0].volume.id]},
        {"period": "week", "volumes": [failed[0].volume.id]},
    ]
    assert list(map(payload_of, lines(many.body))) == [{"period": "day", **time}]


def test_what_a_run_by_hand_was_limited_to_limits_what_redoes_it() -> None:
    only = tuple(f"vol-{number:03x}" for number in range(200))
    failed = [a_failed_one(number, f"db-{number}") for number in range(6)]

    (command,) = lines(render(an_outcome(*failed, run=a_run(only=only))).body)

    assert payload_of(command)["volumes"] == list(only)


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "console.aws.amazon.com"),
        ("cn-north-1", "console.amazonaws.cn"),
        ("us-gov-west-1", "console.amazonaws-us-gov.com"),
    ],
)
def test_links_open_the_volume_the_log_and_the_dashboard_in_the_partitions_console(
    region: str, host: str
) -> None:
    run = a_run(region=region, log_group="/aws/lambda/a b")

    body = render(an_outcome(a_failed_one(1, "db-1"), run=run)).body

    home = f"https://{host}/cloudwatch/home?region={region}#"
    assert (
        f"\nvolume: https://{host}/ec2/home?region={region}#VolumeDetails:volumeId=vol-0b000122d3e4f5a6b\n"
        in body
    )
    assert f"\nlog: {home}logsV2:log-groups/log-group/$252Faws$252Flambda$252Fa$2520b\n" in body
    assert f"{home}dashboards/dashboard/ebs-backup-default-{region}\n" in body


def test_where_the_consoles_address_is_not_certain_the_mail_has_no_links() -> None:
    run = a_run(region="us-iso-east-1")

    assert "LINKS" not in render(an_outcome(a_failed_one(1, "db-1"), run=run)).body
