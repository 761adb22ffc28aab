"""Follows a run of the deployed function in its log, through every invocation, until its answer."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_logs.type_defs import FilteredLogEventTypeDef

BETWEEN_LOOKS = 2.0  # seconds
LONGEST_SILENCE = 20 * 60.0  # seconds: an invocation lasts 15 minutes, and a retry waits two
TRIES = 3  # Lambda's, of one event
LATE = 60_000  # milliseconds by which a line may reach the log after a newer line
NOT_READABLE = ("AccessDeniedException", "AccessDenied", "ResourceNotFoundException")


@dataclass(slots=True, kw_only=True)
class Trail:
    """What the log has said of a run so far; `run`, `period` and the request of its first invocation identify it.

    `volumes` is how many the run has to back up, None until it is known; `done` are those that it has finished.
    """

    run: str
    period: str
    request: str
    volumes: int | None = None
    done: set[str] = field(default_factory=set)
    invocation: int = 0
    broken: list[str] = field(default_factory=list)
    answer: dict[str, Any] | None = None

    @property
    def ended(self) -> bool:
        """Return whether nothing more is to come: the answer is there, or the last try failed."""
        return self.answer is not None or len(self.broken) >= TRIES

    @property
    def words(self) -> str:
        """Return what is going on, in a few words."""
        if self.broken:
            return f"try {len(self.broken)} failed: {self.broken[-1]}. Lambda tries it again"
        if self.volumes is None:
            return "begun: listing" if self.invocation else "queued"
        more = f", invocation {self.invocation}" if self.invocation > 1 else ""
        return f"{len(self.done):,} of {self.volumes:,} volumes{more}"

    def read(self, text: str) -> None:
        """Use one line of the log, or ignore it."""
        try:
            line = json.loads(text)
        except ValueError:
            line = None
        if not isinstance(line, dict):
            return
        if line.get("type") == "platform.report":
            self._platform(line)
        elif line.get("run") == self.run and line.get("period") == self.period:
            self._ours(line)
        elif line.get("function_request_id") == self.request and "error_message" in line:
            self.answer = {"status": "FAILED", "error": str(line["error_message"])}

    def _platform(self, line: Mapping[str, Any]) -> None:
        """Use Lambda's own line about the first invocation, or a retry: a function cannot report its own time-out."""
        record = line.get("record", {})
        if record.get("requestId") == self.request and record.get("status") not in ("success", "error", None):
            self.broken.append(str(record["status"]))

    def _ours(self, line: Mapping[str, Any]) -> None:
        what = line.get("message")
        if what == "volumes selected":
            self.invocation = max(1, self.invocation)
            self.volumes = int(line.get("volumes", 0))
        elif what in ("volume done", "volume planned"):
            self.done.add(str(line.get("volume")))
        elif what == "the run goes on in a further invocation":
            self.invocation = int(line.get("invocation", self.invocation + 1))
        elif what == "the run broke":
            self.broken.append(str(line.get("exception_name") or "it broke"))
        elif what == "run done" and isinstance(line.get("answer"), dict):
            self.answer = line["answer"]


def follow(
    client: "CloudWatchLogsClient",
    log_group: str,
    trail: Trail,
    *,
    since: int,
    seen: Callable[[Trail], None] = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Read the log from `since`, in milliseconds, until the run has ended; if its end cannot be seen, return why."""
    known: set[tuple[str, int, str]] = set()
    silence = 0.0
    while not trail.ended:
        try:
            for event in _lines(client, log_group, trail.run, since):
                key = event.get("logStreamName", ""), event["timestamp"], event["message"]
                if key not in known:
                    known.add(key)
                    trail.read(event["message"])
                    silence, since = 0.0, max(since, event["timestamp"] - LATE)
        except ClientError as error:
            if error.response["Error"]["Code"] not in NOT_READABLE:
                raise
            return f"The log group {log_group} may not be read ({error.response['Error']['Code']})."
        seen(trail)
        if silence > LONGEST_SILENCE:
            return f"Nothing came into the log group {log_group} for {LONGEST_SILENCE / 60:.0f} minutes."
        if not trail.ended:
            sleep(BETWEEN_LOOKS)
            silence += BETWEEN_LOOKS
    return ""


def _lines(
    client: "CloudWatchLogsClient", log_group: str, run: str, since: int
) -> "Iterator[FilteredLogEventTypeDef]":
    pages = client.get_paginator("filter_log_events").paginate(
        logGroupName=log_group, startTime=since, filterPattern=f'"{run}"'
    )
    for page in pages:
        yield from page["events"]
