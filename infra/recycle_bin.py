"""The retention rule that keeps what is deleted of the set's snapshots, in the Recycle Bin of the stack's region."""

from aws_cdk import aws_rbin as rbin
from constructs import Construct

from ebs_backup.names import TAG_SET
from infra.settings.stack_settings import StackSettings


def retention_rule(scope: Construct, settings: StackSettings) -> None:
    """Create the rule for snapshots with the set's label, whoever deletes them, unless `recycle_days` is off.

    If the rule is removed later, what is in the bin then stays until its own time is over.
    """
    if settings.recycle_days is None:
        return
    rbin.CfnRule(
        scope,
        "RecycleBin",
        description=f"ebs-backup: deleted snapshots of set {settings.backup_set} can be brought back",
        resource_type="EBS_SNAPSHOT",
        resource_tags=[
            rbin.CfnRule.ResourceTagProperty(resource_tag_key=TAG_SET, resource_tag_value=settings.backup_set)
        ],
        retention_period=rbin.CfnRule.RetentionPeriodProperty(
            retention_period_unit="DAYS", retention_period_value=settings.recycle_days
        ),
    )
