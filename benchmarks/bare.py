"""The comparison: a plain thread pool that makes exactly the run's calls, and decides nothing.

It knows beforehand what to create and to delete, keeps no listing, retries as botocore does and reports nothing.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from boto3.session import Session
from botocore.config import Config

from benchmarks.population import RUN, SETTINGS, TAGS, expiring_id, volume_id
from ebs_backup.aws.connection import WORKERS
from ebs_backup.names import TAG_SET
from fake_aws.account import TOPIC
from fake_aws.limits import SNAPSHOTS_A_PAGE, TAGS_A_PAGE, VOLUMES_A_PAGE

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_sns import SNSClient


def clients() -> "tuple[EC2Client, SNSClient]":
    """Create the two clients in the usual way, with a pool as large as the number of threads."""
    session = Session()
    return session.client("ec2", config=Config(max_pool_connections=WORKERS)), session.client("sns")


def run(ec2: "EC2Client", sns: "SNSClient", volumes: int) -> None:
    """List, create, delete, publish."""
    _list(ec2)
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(lambda number: _one(ec2, number), range(volumes)))
    sns.publish(
        TopicArn=TOPIC,
        Subject="Done",
        Message=json.dumps({"default": "{}", "email": "All of it."}),
        MessageStructure="json",
    )


def _list(ec2: "EC2Client") -> None:
    for _ in ec2.get_paginator("describe_tags").paginate(
        Filters=[
            {"Name": "resource-type", "Values": ["instance"]},
            {"Name": "key", "Values": ["Name", SETTINGS.tag_name]},
        ],
        PaginationConfig={"PageSize": TAGS_A_PAGE},
    ):
        pass
    for _ in ec2.get_paginator("describe_volumes").paginate(
        Filters=[{"Name": "status", "Values": ["available", "in-use", "error"]}],
        PaginationConfig={"PageSize": VOLUMES_A_PAGE},
    ):
        pass
    for _ in ec2.get_paginator("describe_snapshots").paginate(
        OwnerIds=["self"],
        Filters=[{"Name": f"tag:{TAG_SET}", "Values": [SETTINGS.backup_set]}],
        PaginationConfig={"PageSize": SNAPSHOTS_A_PAGE},
    ):
        pass


def _one(ec2: "EC2Client", number: int) -> None:
    tags = {
        TAG_SET: SETTINGS.backup_set,
        "ebs-backup:period": "day",
        "ebs-backup:run": RUN,
        "ebs-backup:source": f"volume={volume_id(number)} zone=eu-west-1a type=gp3 size=8 iops=3000 throughput=125 device=/dev/xvdf",
        "Name": f"web-{number} data day 2026-11-23 01:30Z",
        "ebs-backup:older": "3",
        **TAGS,
    }
    ec2.create_snapshot(
        VolumeId=volume_id(number),
        Description=f"The day backup of {volume_id(number)} by backup set default, run {RUN}.",
        TagSpecifications=[
            {"ResourceType": "snapshot", "Tags": [{"Key": key, "Value": tag} for key, tag in tags.items()]}
        ],
    )
    ec2.delete_snapshot(SnapshotId=expiring_id(number))
