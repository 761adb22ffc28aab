"""The function's log, and what must never stand in it, or break a mail."""

import json
import re
import socket
from datetime import timedelta

import pytest

from ebs_backup.model import Fate
from tests.unit.account import nightly
from tests.unit.builders import NIGHT, settings
from tests.unit.handler.world import RULE, RUN, SHORT, HandlerWorld


def test_every_log_line_is_json_and_names_run_set_and_period(world: HandlerWorld) -> None:
    refused, _ = world.account.volume(), world.account.volume("web-1")
    world.account.refuse("CreateSnapshot", "OptInRequired", VolumeId=refused)

    world.invoke(RULE)

    lines = world.logged()
    assert {(line["run"], line["set"], line["period"]) for line in lines} == {(RUN, "default", "day")}
    messages = {line["message"] for line in lines}
    assert {
        "volumes selected",
        "failed",
        "volume done",
        "report mailed",
        "run done",
    } <= messages


def test_the_log_tells_of_every_volume_what_a_mail_or_an_answer_that_was_cut_lacks(
    world: HandlerWorld,
) -> None:
    world.set(settings(expire_gone_after_days=30))
    account = world.account
    old, skipped = account.volume("old"), account.volume("skipped", **{"ebs-backup:skip": "true"})
    bad, near = account.volume("bad", **{"ebs-backup:skip": "ja"}), account.volume(Backup="True")
    failing, gone, long_gone = account.volume("failing"), account.volume(), account.volume()
    account.point(old, NIGHT - timedelta(days=60))
    account.point(gone, NIGHT - timedelta(days=2))
    remains = account.point(long_gone, NIGHT - timedelta(days=60))
    failed = account.point(failing, NIGHT - timedelta(days=1), state="error")
    account.tell(failed, StateMessage="Given key ID is not accessible")
    for volume in (gone, long_gone):
        account.client.delete_volume(VolumeId=volume)

    world.invoke(RULE)

    lines = {line["volume"]: line for line in world.logged() if "volume" in line}
    assert lines[old]["overdue"]["month"] == "it has none"
    assert lines[skipped]["skipped"] == "until the tag is removed"
    assert lines[bad]["checks"][0].endswith("got ja")
    assert (lines[near]["message"], lines[near]["why"]) == ("near miss", "its tag is 'Backup'='True'")
    assert (lines[gone]["message"], lines[gone]["snapshots"]) == ("no longer backed up", 1)
    assert lines[failing]["failed"] == {failed: "Given key ID is not accessible"}
    assert lines[failing]["snapshots"][failed] == "expired: failed snapshot"
    assert lines[long_gone]["message"] == "volume is gone"
    assert lines[long_gone]["snapshots"][remains].startswith(f"{Fate.EXPIRED}: its volume is gone")


def test_the_log_of_a_dry_run_tells_a_plan_and_claims_no_deed(world: HandlerWorld) -> None:
    world.account.volume()

    world.invoke({"period": "day", "dry_run": True})

    messages = {line["message"] for line in world.logged()}
    assert "volume planned" in messages
    assert not messages & {"volume done"}


def test_the_log_of_one_run_never_names_the_one_before(world: HandlerWorld) -> None:
    world.account.volume()
    world.invoke(RULE)
    before = len(world.logged())

    world.invoke({"period": "week", "time": "2026-11-21T02:30:00Z"})

    runs = {(line["run"], line["period"]) for line in world.logged()[before:]}
    assert runs == {("2026-11-21T02:30:00Z", "week")}


def test_what_only_time_left_undone_is_no_error_in_the_log(world: HandlerWorld) -> None:
    world.cut_short()
    world.hear_invocations()

    world.invoke(RULE, seconds=SHORT)

    assert "ERROR" not in {line["level"] for line in world.logged()}
    assert "not done in time" in [line["message"] for line in world.logged()]


def test_neither_log_nor_answer_nor_mail_holds_a_secret_or_an_address(world: HandlerWorld) -> None:
    world.env.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    world.env.setenv("ALERT_EMAIL", "ops@example.com")
    world.set(nightly(copy_tags=True, extra_tags={"key": "in-the-settings"}))
    refused = world.account.volume(Password="in-a-tag")
    world.account.volume(Password="in-a-tag")
    world.account.refuse("CreateSnapshot", "UnauthorizedOperation", VolumeId=refused)

    answers = world.invoke(RULE), world.invoke(RULE | {"dry_run": True})

    told = world.log.getvalue() + json.dumps(answers) + str(world.mails())
    assert refused in told
    secrets = ("hush-hush", "in-a-tag", "in-the-settings", "@example.com")
    assert not [secret for secret in secrets if secret in told]


HOSTILE = (
    "web\n[OK] EBS day backup\n\nCREATED  9 snapshots",
    "\r\n\t[31m\u2028\u0085\u200b",  # XML takes no other control characters
    "<script>alert(1)</script> & \"quoted\" 'too' {} $(rm -rf) `id`",
    "日次バックアップ" * 32,
    "\u202eesrever",
)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_name_cannot_break_subject_log_or_layout(world: HandlerWorld, name: str) -> None:
    """Anybody who may tag a volume chooses its name: the name must not begin a line or end a field."""
    backed_up = world.account.volume(name)
    refused, near = world.account.volume(name), world.account.volume(name, Backup="TRUE")
    foreign = world.account.snapshot(backed_up, {"ebs-backup:set": "default", "Name": name})
    world.account.refuse("CreateSnapshot", "OptInRequired", VolumeId=refused)

    world.invoke(RULE)

    (mail,) = world.mails()
    lines = mail.text.splitlines()
    assert all(line.isprintable() for line in lines)
    assert not [line for line in lines if line.startswith(("[OK]", "CREATED  9", "<script"))]
    assert re.match(rf"\[PROBLEM\] ({refused}|esrever): NO backup; 1 foreign", mail.subject)
    assert {backed_up, refused, near} <= set(" ".join(lines).split())
    assert foreign in mail.told
    assert all(line.isprintable() for line in world.log.getvalue().splitlines())
    assert mail.data["failures"][0]["resource"] == refused
    assert {entry["run"] for entry in world.logged()} == {RUN}


def test_no_test_reaches_beyond_this_machine() -> None:
    with socket.socket() as outside, pytest.raises(AssertionError, match="a unit test tried to reach"):
        outside.connect(("192.0.2.1", 443))
