"""EventBridge's events of failed snapshots, as the queue delivers them to the function."""

import json
from collections.abc import Sequence
from typing import Any

KEY_LOST = "Given key ID is not accessible"


def arn(snapshot: str) -> str:
    """Write a snapshot's ARN as EBS's events have it: the region stands where ARNs have the account."""
    return f"arn:aws:ec2::eu-west-1:snapshot/{snapshot}"


def event_of(snapshot: str, *, cause: str = "") -> dict[str, Any]:
    """Write the event of one snapshot that could not be finished, as the EBS User Guide shows it."""
    return {
        "version": "0",
        "id": "01234567-0123-0123-0123-012345678901",
        "detail-type": "EBS Snapshot Notification",
        "source": "aws.ec2",
        "account": "111122223333",
        "time": "2026-11-23T01:50:00Z",
        "region": "eu-west-1",
        "resources": [arn(snapshot)],
        "detail": {
            "event": "createSnapshot",
            "result": "failed",
            "cause": cause,
            "request-id": "",
            "snapshot_id": arn(snapshot),
            "source": "arn:aws:ec2::eu-west-1:volume/vol-0123456789abcdef0",
            "startTime": "2026-11-23T01:30:00Z",
            "endTime": "2026-11-23T01:50:00Z",
        },
    }


def event_of_several(*snapshots: str) -> dict[str, Any]:
    """Write the event of the snapshots of several volumes of one instance: it has a type and a list of its own."""
    return {
        **event_of(snapshots[0]),
        "detail-type": "EBS Multi-Volume Snapshots Completion Status",
        "resources": [arn(snapshot) for snapshot in snapshots],
        "detail": {
            "event": "createSnapshots",
            "result": "failed",
            "cause": "",
            "request-id": "",
            "startTime": "2026-11-23T01:30:00Z",
            "endTime": "2026-11-23T01:50:00Z",
            "snapshots": [
                {
                    "snapshot_id": arn(snapshot),
                    "source": "arn:aws:ec2::eu-west-1:volume/vol-0123456789abcdef0",
                    "status": "error",
                }
                for snapshot in snapshots
            ],
        },
    }


def delivered(*events: object, received: int = 1) -> dict[str, Any]:
    """Write the batch of messages with which Lambda calls the function; a text is a message's body as it is."""
    return {"Records": [_message(number, event, received) for number, event in enumerate(events)]}


def failed(*snapshots: str, received: int = 1, cause: str = "") -> dict[str, Any]:
    """Write the batch that tells of these snapshots, one message each."""
    return delivered(*(event_of(snapshot, cause=cause) for snapshot in snapshots), received=received)


def ids(batch: dict[str, Any]) -> Sequence[str]:
    """List the messages of a batch."""
    return [record["messageId"] for record in batch["Records"]]


def _message(number: int, event: object, received: int) -> dict[str, Any]:
    return {
        "messageId": f"message-{number}",
        "receiptHandle": "AQEB",
        "body": event if isinstance(event, str) else json.dumps(event),
        "attributes": {
            "ApproximateReceiveCount": str(received),
            "SentTimestamp": "1795398600000",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1795398600000",
        },
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:111122223333:failed-snapshots",
        "awsRegion": "eu-west-1",
    }
