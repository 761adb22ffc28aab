"""A run that cannot do its job mails, then raises; an event that asks for nothing is answered."""

import pytest
from botocore.parsers import ResponseParserError

from ebs_backup import handler as module
from ebs_backup.aws.errors import AwsError
from ebs_backup.settings import InvalidSettingsError
from tests.unit.handler.world import RULE, HandlerWorld

MEGABYTES = 5_000_000


def test_a_broken_listing_mails_then_raises(world: HandlerWorld) -> None:
    world.account.volume()
    world.account.refuse("DescribeVolumes", "UnauthorizedOperation")

    with pytest.raises(AwsError, match="UnauthorizedOperation"):
        world.invoke(RULE)

    (mail,) = world.mails()
    assert mail.subject == "[FAILED] the run failed: UnauthorizedOperation (EBS day, eu-west-1)"
    assert "To do: Look for a policy that forbids it." in mail.told
    assert world.runs() == []


@pytest.mark.parametrize("listing", ["DescribeVolumes", "DescribeSnapshots"])
@pytest.mark.parametrize("body", ["x", "<html>", "<a>\n", "\u2028"])
def test_a_listing_of_megabytes_that_cannot_be_read_leaves_nothing_long_anywhere(
    world: HandlerWorld, listing: str, body: str
) -> None:
    world.account.volume()
    world.account.refuse(listing, "SomethingNew", body * (MEGABYTES // len(body)))

    with pytest.raises(AwsError) as broken:
        world.invoke(RULE)

    cause, chained = broken.value.__context__, not broken.value.__suppress_context__
    assert len(str(broken.value)) < 500
    assert not (chained and cause and len(str(cause)) > 500)
    assert all(len(line) < 20_000 for line in world.log.getvalue().splitlines())
    (mail,) = world.mails()
    assert len(mail.text) < 4_000
    assert all(len(line) < 1_100 for line in mail.text.splitlines())


def test_an_answer_of_megabytes_that_is_no_xml_leaves_nothing_long_anywhere(world: HandlerWorld) -> None:
    world.account.volume()
    junk = b"<html>" + b"junk " * (MEGABYTES // 5)

    def raise_it(**_: object) -> None:
        raise ResponseParserError(
            f"Unable to parse response, invalid XML received. Further retries: {junk!r}"
        )

    world.account.on("before-call.ec2.DescribeSnapshots", raise_it)

    with pytest.raises(AwsError, match="UnreadableAnswer") as broken:
        world.invoke(RULE)

    assert len(str(broken.value)) < 500
    assert broken.value.__suppress_context__
    assert max(map(len, world.log.getvalue().splitlines())) < 20_000
    (mail,) = world.mails()
    assert len(mail.text) < 4_000


def test_a_bad_environment_mails_then_raises(world: HandlerWorld) -> None:
    world.account.volume()
    world.env.setenv("EBS_BACKUP_KEEP_DAY", "0")

    with pytest.raises(InvalidSettingsError):
        world.invoke(RULE)

    (mail,) = world.mails()
    assert mail.subject == "[FAILED] the run failed: InvalidSettings (EBS day, eu-west-1)"
    assert "keep_day must be a whole number from 1 to 1000, got 0" in mail.told
    assert world.account.calls == []


def test_a_fault_of_our_own_mails_then_raises(world: HandlerWorld) -> None:
    def fault(*_: object, **__: object) -> None:
        raise LookupError("no such thing")

    world.env.setattr(module, "execute", fault)

    with pytest.raises(LookupError):
        world.invoke(RULE)

    (mail,) = world.mails()
    assert mail.subject.startswith("[FAILED] the run failed: LookupError")
    assert "This is a fault of ebs-backup itself" in mail.told


def test_a_broken_dry_run_raises_and_mails_nothing(world: HandlerWorld) -> None:
    world.account.refuse("DescribeVolumes", "UnauthorizedOperation")

    with pytest.raises(AwsError):
        world.invoke({"period": "day", "dry_run": True})

    assert world.mails() == []
    assert world.metrics() == []


def test_a_broken_run_that_cannot_be_mailed_raises_what_broke_it(world: HandlerWorld) -> None:
    world.env.delenv("EBS_BACKUP_TOPIC_ARN")

    with pytest.raises(InvalidSettingsError, match="topic_arn"):
        world.invoke(RULE)

    assert "the broken run could not be mailed" in [line["message"] for line in world.logged()]


def test_a_broken_run_whose_mail_is_refused_raises_what_broke_it_and_counts_as_one_failure(
    world: HandlerWorld,
) -> None:
    world.account.refuse("DescribeVolumes", "UnauthorizedOperation")
    world.refuse_mail()

    with pytest.raises(AwsError, match="UnauthorizedOperation"):
        world.invoke(RULE)

    assert world.metrics() == [{"set": "default", "period": "day", "Failures": 1}]


BAD_EVENTS: tuple[object, ...] = (
    None,
    [],
    "day",
    {},
    {"period": "hour"},
    {"period": ["day"]},
    {"period": "day", "time": "today"},
    {"period": "day", "time": "2026-11-23T01:30:00"},
    {"period": "day", "keep": 1},
    {"period": "day", "dry_run": "true"},
    {"period": "day", "volumes": []},
    {"period": "day", "volumes": "vol-0a"},
    {"period": "day", "volumes": ["snap-0a"]},
    {"period": "day", "volumes": [f"vol-{number:x}" for number in range(201)]},
    {"period": "day", "continued": {"run": "x"}},
    {"period": "x" * 100_000},
)


@pytest.mark.parametrize("event", BAD_EVENTS, ids=range(len(BAD_EVENTS)))
def test_a_bad_event_is_answered_and_mailed_and_does_nothing_else(world: HandlerWorld, event: object) -> None:
    """Raised, Lambda would try it twice more, which helps nobody; a pager hears of it all the same, by RunsFailed."""
    world.account.volume()

    answer = world.invoke(event)

    assert answer["status"] == "FAILED"
    assert answer.keys() == {"status", "error"}
    assert len(answer["error"]) < 500
    assert "\n" not in answer["error"]
    (mail,) = world.mails()
    assert mail.subject == "[FAILED] the event cannot be used (EBS, eu-west-1)"
    assert answer["error"].strip() in mail.told
    assert mail.data["status"] == "FAILED"
    assert world.account.calls == []
    assert world.metrics() == [{"set": "default", "RunsFailed": 1}]


def test_a_bad_event_whose_mail_is_refused_raises_so_that_lambdas_retry_mails_it(world: HandlerWorld) -> None:
    world.refuse_mail()

    with pytest.raises(AwsError):
        world.invoke({"period": "hour"})

    world.invoke({"period": "hour"})
    assert len(world.mails()) == 1


def test_an_event_that_cannot_be_used_names_what_is_allowed(world: HandlerWorld) -> None:
    answer = world.invoke({"period": "hour"})

    assert answer["error"] == "period must be one of day, week, month, got 'hour'"
