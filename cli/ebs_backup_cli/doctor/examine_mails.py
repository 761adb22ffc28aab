"""What `doctor` checks of those who are told: who gets the reports and the alarms, and what could end it unseen."""

from collections.abc import Iterator, Mapping
from typing import Any

from ebs_backup.settings import Settings
from ebs_backup_cli.aws.stack import ALARM, TOPIC, Stack
from ebs_backup_cli.doctor.findings import Finding, bad, good, look, some
from ebs_backup_cli.terminal.words import several

PENDING = "PendingConfirmation"
CONFIRM = "Open AWS's mail `Subscription Confirmation` there and confirm it; after three days deploy again."
Subscription = Mapping[str, str]


def mails(of: Stack, settings: Settings) -> Iterator[Finding]:
    """Check who gets the mails: confirmed, pending, or nobody."""
    topic = _reports(of, settings)
    if not topic:
        yield bad("mail", "there is no topic: nobody is told", "Set alert_email, then deploy.")
        return
    yield _told("mail", _subscriptions(of, topic), "Set alert_email, then deploy.")


def alarm_mails(of: Stack, settings: Settings) -> Iterator[Finding]:
    """Check the same of the topic that the alarms publish to, if it is another one."""
    for topic in _topics_of_alarms(of, settings):
        yield _told("alarm mail", _subscriptions(of, topic), f"Subscribe somebody: {_subscribe(of, topic)}")


def unsubscribes(of: Stack, settings: Settings) -> Iterator[Finding]:
    """Check for each confirmed address of both topics if one click on a mail's link could end all mails to it."""
    for topic in filter(None, (_reports(of, settings), *_topics_of_alarms(of, settings))):
        for one in _subscriptions(of, topic):
            if one["SubscriptionArn"] != PENDING and one.get("Protocol") in ("email", "email-json"):
                yield _one_click(of, topic, one)


def _reports(of: Stack, settings: Settings) -> str:
    return settings.topic_arn or next(iter(of.named(TOPIC).values()), "")


def _topics_of_alarms(of: Stack, settings: Settings) -> list[str]:
    names = list(of.named(ALARM).values())
    listed = of.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"] if names else []
    topics = {action for alarm in listed for action in alarm.get("AlarmActions", []) if ":sns:" in action}
    return sorted(topics - {_reports(of, settings)})


def _subscriptions(of: Stack, topic: str) -> list[Subscription]:
    pages = of.client("sns", topic.split(":")[3]).get_paginator("list_subscriptions_by_topic")
    return [one for page in pages.paginate(TopicArn=topic) for one in page["Subscriptions"]]


def _told(what: str, listed: list[Subscription], to_do: str) -> Finding:
    pending = [one["Endpoint"] for one in listed if one["SubscriptionArn"] == PENDING]
    confirmed = len(listed) - len(pending)
    told = several(confirmed, "subscription")
    if not listed:
        return bad(what, "nobody is subscribed: nobody is told", to_do)
    if not confirmed:
        return bad(what, f"not confirmed yet: {some(pending)}; nobody is told", CONFIRM, pending)
    if pending:
        return look(what, f"{told} confirmed; pending: {some(pending)}", CONFIRM, pending)
    return good(what, f"{told} confirmed")


def _one_click(of: Stack, topic: str, one: Subscription) -> Finding:
    """Check how it was confirmed: what was confirmed without credentials can be ended without them."""
    arn, address = one["SubscriptionArn"], one["Endpoint"]
    client = of.client("sns", topic.split(":")[3])
    attributes: Mapping[str, Any] = client.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    if str(attributes.get("ConfirmationWasAuthenticated", "")).lower() == "true":
        return good("unsubscribe", f"{address}: only with credentials")
    return look(
        "unsubscribe",
        f"{address}: one click on the link in any mail ends all mails to it",
        "Unsubscribe it and subscribe it again. Do not open the link in AWS's mail, but confirm it by"
        f" {_confirm(of, topic)} . TOKEN is in that link.",
        [arn],
    )


def _subscribe(of: Stack, topic: str) -> str:
    return (
        f"aws sns subscribe --region {of.session.region_name} --topic-arn {topic} --protocol email"
        " --notification-endpoint ADDRESS"
    )


def _confirm(of: Stack, topic: str) -> str:
    return (
        f"aws sns confirm-subscription --region {of.session.region_name} --topic-arn {topic} --token TOKEN"
        " --authenticate-on-unsubscribe true"
    )
