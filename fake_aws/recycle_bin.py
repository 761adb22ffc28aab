"""A snapshot's delete, and what comes after it where a rule retains it: it is listed, tagged and brought back."""

from collections.abc import Mapping

from fake_aws import answers
from fake_aws.account import FakeAccount
from fake_aws.query import Pages, Params, numbered
from fake_aws.records import SnapshotRecord

KNOWN: Mapping[str, tuple[str, ...]] = {  # as service.KNOWN
    "DeleteSnapshot": ("SnapshotId", "DryRun"),
    "ListSnapshotsInRecycleBin": ("MaxResults", "NextToken", "DryRun"),
    "RestoreSnapshotFromRecycleBin": ("SnapshotId", "DryRun"),
    "CreateTags": ("ResourceId.", "Tag.", "DryRun"),
}


def answer(account: FakeAccount, pages: Pages, action: str, params: Params) -> str:
    """Do one of the calls; return the body of its answer."""
    if action == "ListSnapshotsInRecycleBin":
        return answers.in_bin(*pages.page(params, lambda: _listed(account), at_most=account.snapshots_a_page))
    if action == "RestoreSnapshotFromRecycleBin":
        restored = account.bring_back(params["SnapshotId"])
        return answers.snapshot(restored, restored.state(account.clock()))
    if action == "CreateTags":
        tags = zip(numbered(params, "Tag.{}.Key"), numbered(params, "Tag.{}.Value"), strict=True)
        account.tag(numbered(params, "ResourceId.{}"), dict(tags))
    else:
        account.delete_snapshot(params["SnapshotId"])
    return "<return>true</return>"


def _listed(account: FakeAccount) -> list[SnapshotRecord]:
    now = account.clock()
    return [snapshot for snapshot in account.snapshots.values() if snapshot.in_bin(now)]
