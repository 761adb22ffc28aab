"""SNS's limits on a mail, and mails that arrive: ministack has no limits and drops what goes to an e-mail address."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ministack.services import sns

from emulator.ebs import Answer, one
from emulator.outbox import VARIABLE
from emulator.patching import replace, require

LONGEST_SUBJECT = 99  # characters: the API reference says "less than 100"
LONGEST_MESSAGE = 262_144  # bytes


def patch() -> None:
    """Check the limits before ministack's Publish, and write to the outbox after it."""
    require(sns, "_resolve_message_for_protocol", "_topic_by_arn_any_scope")
    replace(sns, "_publish", _limited)
    replace(sns, "_fanout", _mailing)


def _limited(publish: Callable[[Mapping[str, Any]], Answer]) -> Callable[[Mapping[str, Any]], Answer]:
    def answer(params: Mapping[str, Any]) -> Answer:
        subject, message = one(params, "Subject"), one(params, "Message")
        if subject and not (len(subject) <= LONGEST_SUBJECT and subject.isascii() and subject.isprintable()):
            return _refusal("Invalid parameter: Subject")
        if len(message.encode()) > LONGEST_MESSAGE:
            return _refusal("Invalid parameter: Message too long")
        return publish(params)

    return answer


def _mailing(fanout: Callable[..., None]) -> Callable[..., None]:
    """Write one line for a message that e-mail subscribers get; every address counts as confirmed."""

    def deliver(topic: str, message_id: str, message: str, subject: str, *rest: str, **more: Any) -> None:  # noqa: ANN401 - ministack's
        subscriptions = (sns._topic_by_arn_any_scope(topic) or {}).get("subscriptions", ())
        if any(subscription["protocol"] == "email" for subscription in subscriptions):
            structure = more.get("message_structure") or (rest[0] if rest else "")
            text = sns._resolve_message_for_protocol(message, structure, "email")
            with Path(os.environ[VARIABLE]).open("a", encoding="utf-8") as lines:
                lines.write(json.dumps({"id": message_id, "subject": subject, "text": text}) + "\n")
        fanout(topic, message_id, message, subject, *rest, **more)

    return deliver


def _refusal(message: str) -> Answer:
    answer: Answer = sns._error("InvalidParameter", message, 400)
    return answer
