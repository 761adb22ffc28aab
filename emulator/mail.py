"""SNS's limits on a mail, which ministack does not know: what AWS would refuse is refused here too."""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import sns

from emulator.ebs import Answer, one
from emulator.patching import replace

LONGEST_SUBJECT = 99  # characters: the API reference says "less than 100"
LONGEST_MESSAGE = 262_144  # bytes


def patch() -> None:
    """Put the limits before ministack's Publish."""
    replace(sns, "_publish", _limited)


def _limited(publish: Callable[[Mapping[str, Any]], Answer]) -> Callable[[Mapping[str, Any]], Answer]:
    def answer(params: Mapping[str, Any]) -> Answer:
        subject, message = one(params, "Subject"), one(params, "Message")
        if subject and not (len(subject) <= LONGEST_SUBJECT and subject.isascii() and subject.isprintable()):
            return _refusal("Invalid parameter: Subject")
        if len(message.encode()) > LONGEST_MESSAGE:
            return _refusal("Invalid parameter: Message too long")
        return publish(params)

    return answer


def _refusal(message: str) -> Answer:
    answer: Answer = sns._error("InvalidParameter", message, 400)
    return answer
