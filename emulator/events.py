"""EventBridge's event of a snapshot that EC2 could not finish: ministack's EC2 sends none.

Source: EBS User Guide, "Amazon EventBridge events for Amazon EBS", createSnapshot.
"""

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from ministack.core import responses
from ministack.services import eventbridge

from emulator.patching import require


def patch() -> None:
    """Check that EventBridge takes events of AWS's own services."""
    require(eventbridge, "_put_events")


def tell_of_failed(snapshot: Mapping[str, Any]) -> None:
    """Put the event on the default bus; its ARNs have the region where others have the account."""
    here = f"arn:aws:ec2::{responses.get_region()}"
    detail = {
        "event": "createSnapshot",
        "result": "failed",
        "cause": snapshot.get("StateMessage", ""),
        "request-id": str(uuid4()),
        "snapshot_id": f"{here}:snapshot/{snapshot['SnapshotId']}",
        "source": f"{here}:volume/{snapshot['VolumeId']}",
        "startTime": snapshot["StartTime"],
        "endTime": snapshot["StartTime"],
    }
    entry = {
        "Source": "aws.ec2",
        "DetailType": "EBS Snapshot Notification",
        "Detail": json.dumps(detail),
        "Resources": [detail["snapshot_id"]],
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
