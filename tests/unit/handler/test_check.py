"""A check: everything that a run needs is tried, nothing is done, and the mail says what would not work."""

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest

from ebs_backup import handler as module
from ebs_backup.aws.trial import NOT_A_DRY_RUN
from tests.unit.account import nightly
from tests.unit.handler.world import HandlerWorld

CHECK = {"period": "day", "check": True}
DENIED = "UnauthorizedOperation"


@pytest.fixture
def lambda_says(world: HandlerWorld) -> dict[str, Any]:
    """Let Lambda answer dry invocations, and no others, with this status, or refuse them with this code."""
    says: dict[str, Any] = {"status": 204, "code": ""}

    def answer(params: dict[str, Any], **_: object) -> tuple[Any, dict[str, Any]]:
        assert params["headers"]["X-Amz-Invocation-Type"] == "DryRun"
        if says["code"]:
            error = {"Code": says["code"], "Message": "no"}
            return SimpleNamespace(status_code=403), {"Error": error, "ResponseMetadata": {}}
        return SimpleNamespace(status_code=200), {"StatusCode": says["status"], "Payload": io.BytesIO()}

    world.on(module._lambda(), "before-call.lambda.Invoke", answer)
    return says


@pytest.fixture(autouse=True)
def _allowed(lambda_says: dict[str, Any]) -> None:
    assert lambda_says["status"] == 204


def tried(answer: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {line["what"]: (line["allowed"], line["tried"]) for line in answer["tried"]}


def everything(world: HandlerWorld) -> object:
    return [world.account.tags(snapshot) for snapshot in world.account.ids()]


def test_all_is_tried_nothing_is_done_and_a_mail_says_that_it_was_a_test(world: HandlerWorld) -> None:
    volumes = [world.account.volume(name) for name in ("db-1", "web-1")]
    world.account.history(volumes[0], 3)
    before = everything(world)

    answer = world.invoke(CHECK)

    assert everything(world) == before
    assert (answer["status"], answer["volumes"], answer["failures"], answer["checks"]) == ("OK", 2, [], [])
    assert tried(answer) == {
        "list volumes and snapshots": (3, 3),
        "create a snapshot": (2, 2),
        "delete a snapshot": (1, 1),
        "go on in a further invocation": (1, 1),
        "count who gets the mails": (1, 1),
        "send the mail": (1, 1),
    }
    (mail,) = world.mails()
    assert mail.subject == "[OK] check: 2 of 2 volumes would be backed up, set default, eu-west-1"
    assert "THIS WAS A TEST. Nothing was created and" in mail.text
    assert max(map(len, mail.text.splitlines())) <= 46
    assert world.metrics() == [{"set": "default", "CheckPassed": 1}]
    assert json.loads(json.dumps(answer)) == answer


def test_the_tags_and_words_are_those_of_a_real_run(world: HandlerWorld) -> None:
    world.account.volume("db-1", Team="blue")
    sent: list[dict[str, Any]] = []
    world.account.on("before-call.ec2.CreateSnapshot", lambda params, **_: sent.append(dict(params["body"])))
    world.invoke(CHECK, request_id="request-1")

    world.invoke({"period": "day"}, request_id="request-1")

    dry, real = sent
    assert dry.pop("DryRun") == "true"
    assert dry == real


def test_the_oldest_own_snapshot_of_each_volume_is_what_would_be_deleted(world: HandlerWorld) -> None:
    volume = world.account.volume()
    *_, oldest = world.account.history(volume, 3)
    world.account.snapshot(volume, set="default", state="error", started=world.account.now.replace(year=2025))
    world.account.snapshot(world.account.volume("other", Backup="no"), set="default")

    world.invoke(CHECK)

    assert world.account.asked_to_delete == [oldest]


def test_a_sample_is_the_first_volumes_alone(world: HandlerWorld) -> None:
    for number in range(5):
        world.account.volume(f"web-{number}")

    answer = world.invoke({**CHECK, "sample": 2})

    assert (answer["volumes"], answer["sample"]) == (5, 2)
    assert tried(answer)["create a snapshot"] == (2, 2)


def test_what_is_denied_is_told_with_code_words_and_advice_and_is_not_raised(world: HandlerWorld) -> None:
    denied, other = world.account.volume("db-1"), world.account.volume("web-1")
    world.account.refuse("CreateSnapshot", "Blocked", "You cannot", VolumeId=denied)
    (snapshot,) = world.account.history(other, 1)
    world.account.refuse("DeleteSnapshot", DENIED, "Not you")
    before = everything(world)

    answer = world.invoke(CHECK)

    assert everything(world) == before
    assert answer["status"] == "PROBLEM"
    create, delete = answer["failures"]
    assert (create["resource"], create["code"], create["message"]) == (denied, "Blocked", "You cannot")
    assert (delete["resource"], delete["action"], delete["code"]) == (snapshot, "delete a snapshot", DENIED)
    assert "AWS has blocked this account" in create["advice"]
    (mail,) = world.mails()
    assert mail.subject.startswith("[PROBLEM] check: 1 of 2 volumes would NOT be backed up")
    assert denied in mail.text
    assert "To do: Ask AWS Support now." in mail.text
    assert world.metrics() == []


def test_where_no_create_is_allowed_a_run_would_fail(world: HandlerWorld) -> None:
    world.account.volume()
    world.account.refuse("CreateSnapshot", DENIED)

    answer = world.invoke(CHECK)

    assert answer["status"] == "FAILED"


def test_copied_tags_that_a_policy_refuses_are_something_to_look_at_as_in_a_run(world: HandlerWorld) -> None:
    volume = world.account.volume("db-1", Forbidden="x")
    world.account.refuse("CreateSnapshot", "TagPolicyViolation", holding="Forbidden")

    answer = world.invoke(CHECK)

    assert (answer["status"], answer["failures"]) == ("CHECK", [])
    (look,) = answer["checks"]
    assert (look["resource"], look["code"]) == (volume, "TagPolicyViolation")
    assert "Forbidden" in look["action"]
    assert "TO LOOK AT: copy its tags" in world.mails()[0].text
    assert world.metrics() == [{"set": "default", "CheckPassed": 1}]


def test_second_tries_without_copied_tags_end_after_five_in_vain(world: HandlerWorld) -> None:
    for number in range(7):
        world.account.volume(f"web-{number}")
    world.account.refuse("CreateSnapshot", DENIED)

    world.invoke(CHECK)

    assert world.account.calls.count("CreateSnapshot") == 7 + 5


@pytest.mark.parametrize(
    ("code", "words"),
    [("InvalidSnapshot.InUse", "is in use by ami-0123"), ("InvalidSnapshot.NotFound", "no")],
)
def test_a_snapshot_that_is_gone_or_kept_by_aws_says_nothing_against_the_role(
    world: HandlerWorld, code: str, words: str
) -> None:
    world.account.history(world.account.volume(), 1)
    world.account.refuse("DeleteSnapshot", code, words)

    answer = world.invoke(CHECK)

    assert (answer["status"], tried(answer)["delete a snapshot"]) == ("OK", (1, 1))


def test_a_volume_that_was_deleted_meanwhile_is_only_to_be_looked_at(world: HandlerWorld) -> None:
    world.account.volume("stays")
    gone = world.account.volume("goes")
    world.account.refuse("CreateSnapshot", "InvalidVolume.NotFound", VolumeId=gone)

    answer = world.invoke(CHECK)

    assert answer["status"] == "CHECK"


def test_a_dry_run_that_succeeds_is_a_loud_failure(world: HandlerWorld) -> None:
    world.account.volume()

    def take(params: dict[str, Any], **_: object) -> None:
        del params["body"]["DryRun"]

    world.account.on("before-call.ec2.CreateSnapshot", take)

    answer = world.invoke(CHECK)

    assert answer["status"] == "FAILED"
    (failure,) = answer["failures"]
    assert failure["code"] == NOT_A_DRY_RUN
    assert failure["advice"].endswith("this must not happen.")


def test_lambda_is_asked_whether_it_would_invoke(world: HandlerWorld, lambda_says: dict[str, Any]) -> None:
    world.account.volume()
    lambda_says["code"] = "AccessDeniedException"

    answer = world.invoke(CHECK)

    assert answer["status"] == "PROBLEM"
    (failure,) = answer["failures"]
    assert (failure["resource"], failure["code"]) == ("ebs-backup-default", "AccessDeniedException")


def test_lambda_that_queues_a_dry_invocation_is_a_loud_failure(
    world: HandlerWorld, lambda_says: dict[str, Any]
) -> None:
    world.account.volume()
    lambda_says["status"] = 202

    answer = world.invoke(CHECK)

    assert [failure["code"] for failure in answer["failures"]] == [NOT_A_DRY_RUN]


@pytest.mark.parametrize("listing", ["DescribeTags", "DescribeVolumes", "DescribeSnapshots"])
def test_a_listing_that_is_denied_is_told_and_the_rest_is_tried(world: HandlerWorld, listing: str) -> None:
    world.account.volume()
    world.account.refuse(listing, DENIED)

    answer = world.invoke(CHECK)

    assert answer["status"] == ("FAILED" if listing == "DescribeVolumes" else "PROBLEM")
    assert [failure["code"] for failure in answer["failures"]] == [DENIED]
    assert tried(answer)["list volumes and snapshots"] == (2, 3)
    assert tried(answer)["go on in a further invocation"] == (1, 1)
    assert len(world.mails()) == 1


def test_nothing_selected_is_a_failure(world: HandlerWorld) -> None:
    world.account.volume("other", Backup="no")

    answer = world.invoke(CHECK)

    assert answer["status"] == "FAILED"
    assert [failure["code"] for failure in answer["failures"]] == ["NothingSelected"]
    assert world.mails()[0].subject.startswith("[FAILED] check: nothing would be backed up")


def test_what_there_was_no_time_for_is_counted(world: HandlerWorld) -> None:
    for number in range(3):
        world.account.volume(f"web-{number}")
    world.account.refuse("CreateSnapshot", "RequestLimitExceeded", status=503)

    answer = world.invoke(CHECK, seconds=34)

    assert (answer["status"], answer["not_tried"], answer["failures"]) == ("CHECK", 3, [])
    assert "NOT TRIED: 3." in world.mails()[0].text


def test_throttling_is_waited_for(world: HandlerWorld) -> None:
    world.account.volume()
    world.account.refuse("CreateSnapshot", "RequestLimitExceeded", status=503, times=10)

    assert world.invoke(CHECK)["status"] == "OK"


def test_an_answer_that_is_no_answer_is_asked_for_three_times(world: HandlerWorld) -> None:
    world.account.volume()
    world.account.refuse("CreateSnapshot", "InternalError", status=500)

    answer = world.invoke(CHECK)

    assert world.account.calls.count("CreateSnapshot") == 3
    assert [failure["code"] for failure in answer["failures"]] == ["InternalError"]


def test_a_mail_that_sns_refuses_is_answered_not_raised(world: HandlerWorld) -> None:
    world.account.volume()
    world.refuse_mail("KMSAccessDenied", times=4)

    answer = world.invoke(CHECK)

    assert answer["status"] == "PROBLEM"
    (failure,) = answer["failures"]
    assert (failure["action"], failure["code"]) == ("send the mail", "KMSAccessDenied")
    assert failure["advice"].startswith("Nothing can be mailed")
    assert world.metrics() == []


def test_settings_that_cannot_be_used_are_told_and_mailed(world: HandlerWorld) -> None:
    world.env.setenv("EBS_BACKUP_KEEP_DAY", "0")

    answer = world.invoke(CHECK)

    assert answer["status"] == "FAILED"
    (failure,) = answer["failures"]
    assert failure["code"] == "InvalidSettings"
    assert "keep_day" in world.mails()[0].text


def test_a_set_that_mails_only_problems_mails_a_check_all_the_same(world: HandlerWorld) -> None:
    world.set(nightly(report="problems"))
    world.account.volume()

    world.invoke(CHECK)

    assert len(world.mails()) == 1


def test_that_nobody_gets_the_mails_is_a_problem_with_what_to_do(world: HandlerWorld) -> None:
    world.account.volume()
    world.confirm(0)

    answer = world.invoke(CHECK)

    (failure,) = answer["failures"]
    assert answer["status"] == "PROBLEM"
    assert (failure["resource"], failure["code"]) == (world.topic, "NobodyListens")
    assert "Subscribe an address" in failure["advice"]
    assert tried(answer)["count who gets the mails"] == (0, 1)
    assert world.metrics() == []


def test_that_nobody_can_know_who_gets_the_mails_is_only_to_be_looked_at(world: HandlerWorld) -> None:
    world.account.volume()
    world.refuse_count("AuthorizationError")

    answer = world.invoke(CHECK)

    (look,) = answer["checks"]
    assert (answer["status"], answer["failures"]) == ("CHECK", [])
    assert (look["resource"], look["code"]) == (world.topic, "AuthorizationError")
    assert look["advice"].startswith("Run `npx cdk deploy` if the role is older")
    assert world.metrics() == [{"set": "default", "CheckPassed": 1}]
