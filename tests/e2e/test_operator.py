"""What the deployed function reports to an operator: overdue volumes, near misses, volumes' tags, data for machines."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from emulator.account import DeployedFunction, EmulatedAccount, Inbox
from emulator.server import Emulator

MONDAY = datetime(2027, 9, 6, 1, 30, tzinfo=UTC)


def run(account: EmulatedAccount, function: DeployedFunction, period: str, day: int) -> dict[str, object]:
    """Do the run of a period, so many days after MONDAY."""
    time = MONDAY + timedelta(days=day)
    account.emulator.clock.set(time + timedelta(seconds=1))
    return function.run(period=period, time=time.isoformat())


def tagged(account: EmulatedAccount, name: str, key: str, value: str) -> str:
    """Make a selected volume with one more tag."""
    volume = account.volume(name, Backup="true")
    account.ec2.create_tags(Resources=[volume], Tags=[{"Key": key, "Value": value}])
    return volume


def test_a_month_rule_that_somebody_disabled_stands_first_in_the_next_days_mail(
    account: EmulatedAccount, function: DeployedFunction, inbox: Inbox
) -> None:
    account.emulator.clock.set(MONDAY)
    volume = account.volume("web-1 data", Backup="true")
    run(account, function, "month", 0)
    for day in (30, 33):
        run(account, function, "week", day)
        run(account, function, "day", day)
    inbox.read()

    run(account, function, "day", 34)

    (letter,) = inbox.read()
    assert letter.subject.startswith("[PROBLEM] 1 overdue; ")
    first, what, *_ = letter.body.splitlines()
    assert first == "1 volume: month backup overdue:"
    assert what == "- web-1 data: last good one 34 days old"
    assert "No month backup for 33 days (max_age_month) or longer" in letter.told
    (command,) = [line for line in letter.body.splitlines() if f"--function-name {function.name}" in line]
    assert f'"volumes": ["{volume}"]' in command


def test_what_only_looks_as_if_it_were_backed_up_is_listed_by_name(
    account: EmulatedAccount, function: DeployedFunction, inbox: Inbox
) -> None:
    account.emulator.clock.set(MONDAY)
    ours, forgotten = account.volume("db-1 root", Backup="true"), account.volume("db-1 data")
    mistyped = account.volume("log", backup="True")
    instance = account.instance("db-1", ours, forgotten, Backup="true")

    answer = run(account, function, "day", 0)

    (letter,) = inbox.read()
    why = f"the tag is on its instance db-1 ({instance}), not on the volume"
    assert f"- db-1 data {forgotten} {why}" in letter.told
    assert f"- log {mistyped} its tag is 'backup'='True'" in letter.told
    assert letter.subject.startswith("[OK]")
    assert {forgotten, mistyped} < {miss["volume"] for miss in answer["near_misses"]}  # type: ignore[attr-defined]
    assert not account.snapshots(forgotten)


def test_tags_on_a_volume_set_its_keep_count_skip_it_or_are_told_as_bad(
    account: EmulatedAccount, function: DeployedFunction, inbox: Inbox
) -> None:
    account.emulator.clock.set(MONDAY)
    keeps_two = tagged(account, "two", "ebs-backup:keep-day", "2")
    skipped = tagged(account, "skipped", "ebs-backup:skip", "true")
    tagged(account, "bad", "ebs-backup:keep-day", "many")

    for day in range(4):
        run(account, function, "day", day)

    *_, letter = inbox.read()
    assert len(account.snapshots(keeps_two)) == 2
    assert not account.snapshots(skipped)
    assert letter.subject.startswith("[CHECK]")
    assert "'ebs-backup:keep-day' must be a whole number from 1 to 1000, got many" in letter.told
    assert "SKIPPED  1 volume" in letter.body


def test_a_volume_that_is_gone_is_told_with_what_it_holds_and_nothing_of_it_goes(
    account: EmulatedAccount, function: DeployedFunction, inbox: Inbox
) -> None:
    account.emulator.clock.set(MONDAY)
    account.volume("stays", Backup="true")
    gone = account.volume("old web", Backup="true")
    run(account, function, "day", 0)
    account.ec2.delete_volume(VolumeId=gone)
    inbox.read()

    run(account, function, "day", 1)

    (letter,) = inbox.read()
    assert f"\n- old web\n  gone, {gone}\n  1 snapshot, at most 8 GiB\n" in letter.body
    assert f"Name=volume-id,Values={gone}" in letter.body
    assert "delete-snapshot" not in letter.body
    assert len(account.snapshots(gone)) == 1


def test_a_queue_gets_the_report_as_data_and_a_filter_policy_chooses_by_status(
    account: EmulatedAccount,
    function: DeployedFunction,
    inbox: Inbox,
    emulator: Emulator,
    outputs: Mapping[str, str],
) -> None:
    account.emulator.clock.set(MONDAY)
    account.volume("web", Backup="true")
    sns = emulator.client("sns")
    failures = Inbox.of(emulator, outputs["TopicArn"], name="failures")
    listed = sns.list_subscriptions_by_topic(TopicArn=outputs["TopicArn"])["Subscriptions"]
    (subscription,) = [
        subscription["SubscriptionArn"]
        for subscription in listed
        if subscription["Endpoint"].endswith(":failures")
    ]
    policy = json.dumps({"status": ["FAILED"]})
    sns.set_subscription_attributes(
        SubscriptionArn=subscription, AttributeName="FilterPolicy", AttributeValue=policy
    )

    answer = run(account, function, "day", 0)
    account.clear()
    run(account, function, "day", 1)

    good, bad = inbox.read()
    del answer["subscribers"]  # counted when the mail is out
    assert good.data == {"subject": good.subject, **answer}
    assert good.attributes == {"status": "OK", "set": "default", "period": "day"}
    assert [letter.subject for letter in failures.read()] == [bad.subject]
    sns.unsubscribe(SubscriptionArn=subscription)
