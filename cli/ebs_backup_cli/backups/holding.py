"""The tag that keeps a snapshot, whatever the rotation decides: how the command sets it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ebs_backup.names import TAG_HOLD

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

FOR_EVER = "true"
AT_ONCE = 200  # values that a filter takes; CreateTags and DeleteTags take more


def put_on_hold(client: "EC2Client", ids: Sequence[str], value: str = FOR_EVER) -> None:
    """Put snapshots on hold, for ever or until a day; a second time changes the day."""
    for part in parts(ids):
        client.create_tags(Resources=part, Tags=[{"Key": TAG_HOLD, "Value": value}])


def parts(ids: Sequence[str]) -> list[list[str]]:
    """Cut a list into parts that one filter or one call takes."""
    return [list(ids[begin : begin + AT_ONCE]) for begin in range(0, len(ids), AT_ONCE)]
