"""The operator: the AWS session, and the settings of the set, from the stack or from a file."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from boto3.session import Session
from botocore import exceptions

from ebs_backup.aws.connection import connect
from ebs_backup.aws.ec2 import Ec2
from ebs_backup.model import Run
from ebs_backup.names import Period
from ebs_backup_cli.aws.deployment import DEFAULT, Deployment, deployed, from_file

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

PATIENCE = 6 * 3600.0  # seconds: an operator can wait longer than Lambda can


@dataclass(frozen=True)
class Options:
    """The common options, as given; `backup_set` is empty where none was named."""

    backup_set: str = ""
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
        return str(self.session.region_name)

    @cached_property
    def account(self) -> str:
        """Return the account's number."""
        return str(self.session.client("sts").get_caller_identity()["Account"])

    @cached_property
    def ec2(self) -> "EC2Client":
        """Return the one client of EC2, as the function makes it."""
        return connect(self.session)

    def listing(self) -> Ec2:
        """Return the core's own EC2, which lists everything only once."""
        return Ec2(self.ec2, deadline=time.monotonic() + PATIENCE)

    @cached_property
    def deployment(self) -> Deployment:
        """Return the set's settings, and its function where one is deployed."""
        if self.options.settings:
            return from_file(self.options.settings, self.options.backup_set, self.options.region or "")
        return deployed(self.session, self.options.backup_set or DEFAULT)

    @property
    def backup_set(self) -> str:
        """Return the set's name. Its stack may be gone, but its snapshots may still be there."""
        if self.options.settings:
            return self.deployment.settings.backup_set
        return self.options.backup_set or DEFAULT

    def now(self) -> datetime:
        """Return the time, to the second."""
        return datetime.fromtimestamp(int(time.time()), UTC)

    def run(self, period: Period, *, dry_run: bool = True, only: tuple[str, ...] = ()) -> Run:
        """Return a run by hand that begins now; its id is its own, as a request's is."""
        settings = self.deployment.settings
        return Run(
            id=f"cli-{uuid4()}",
            time=self.now(),
            period=period,
            backup_set=settings.backup_set,
            dry_run=dry_run,
            account=self.account,
            region=self.region,
            selector=f"{settings.tag_name}={settings.tag_value}",
            function=self.deployment.function,
            log_group=self.deployment.log_group,
            scheduled=False,
            only=only,
        )
