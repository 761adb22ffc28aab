"""Who asks, and of what: the operator's AWS session, and the settings of the set, from the stack or from a file."""

import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from boto3.session import Session
from botocore import exceptions

from ebs_backup.aws import ec2
from ebs_backup.aws.ec2 import Ec2
from ebs_backup_cli.deployment import Deployment, deployed
from ebs_backup_cli.errors import CommandError

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

PATIENCE = 6 * 3600.0  # seconds: an operator can wait longer than Lambda can


@dataclass(frozen=True)
class Options:
    """The common options, as given."""

    backup_set: str = "default"
    region: str | None = None
    profile: str | None = None
    settings: Path | None = None
    json: bool = False


class Operator:
    """One command's access to AWS. Nothing is asked of AWS before it is needed."""

    def __init__(self, options: Options) -> None:
        self.options = options

    @cached_property
    def session(self) -> Session:
        """Return the session; raises a CommandError where no region is known."""
        session = Session(profile_name=self.options.profile, region_name=self.options.region)
        if not session.region_name:
            raise exceptions.NoRegionError
        return session

    @property
    def region(self) -> str:
        """Return the region's name."""
        return self.session.region_name or ""

    @cached_property
    def account(self) -> str:
        """Return the account's number."""
        return self.session.client("sts").get_caller_identity()["Account"]

    @cached_property
    def ec2(self) -> "EC2Client":
        """Return the one client of EC2, as the function makes it."""
        return ec2.connect(self.session)

    def listing(self) -> Ec2:
        """Return the core's own EC2, for one command."""
        return Ec2(self.ec2, deadline=time.monotonic() + PATIENCE)

    @cached_property
    def deployment(self) -> Deployment:
        """Return the set's settings, and its function where one is deployed."""
        if self.options.settings:
            raise CommandError("--settings is not built yet.")
        return deployed(self.session, self.options.backup_set)
