"""What EventBridge tells of failed snapshots, as a queue delivers it. Pure.

The ids are read wherever they stand in the event: those of other snapshots do no harm, because each is looked up.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SNAPSHOT_ID = re.compile(r"\bsnap-[0-9a-f]{8,40}\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One message of the queue: the snapshots that it names, and EC2's reason, or an empty text.

    `repeated` says that an earlier delivery was not finished, or could not be mailed.
    """

    id: str
    snapshots: tuple[str, ...]
    cause: str
    repeated: bool


def notices(event: object) -> tuple[Notice, ...] | None:
    """Read the messages of a queue; None if the event does not come from one."""
    records = event.get("Records") if isinstance(event, Mapping) else None
    if not isinstance(records, list) or not all(map(_is_message, records)):
        return None
    return tuple(map(_notice, records))


def _is_message(record: object) -> bool:
    return isinstance(record, Mapping) and record.get("eventSource") == "aws:sqs"


def _notice(record: Mapping[str, Any]) -> Notice:
    body = str(record.get("body"))
    return Notice(
        id=str(record.get("messageId")),
        snapshots=tuple(dict.fromkeys(SNAPSHOT_ID.findall(body))),
        cause=_cause(body),
        repeated=_attribute(record, "ApproximateReceiveCount") not in ("", "1"),
    )


def _cause(body: str) -> str:
    """Return EC2's reason; an event in another shape has none."""
    try:
        cause = json.loads(body)["detail"]["cause"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    return cause if isinstance(cause, str) else ""


def _attribute(record: Mapping[str, Any], name: str) -> str:
    attributes = record.get("attributes")
    return str(attributes.get(name, "")) if isinstance(attributes, Mapping) else ""
