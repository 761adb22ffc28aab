"""The deployed stack as AWS shows it: its function, and the physical names of its resources."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from boto3.session import Session
from botocore.exceptions import ClientError

from ebs_backup.names import NAMESPACE, SERVICE
from ebs_backup_cli.aws.deployment import configuration
from ebs_backup_cli.errors import CommandError

MISSING = ("ResourceNotFoundException", "ValidationError")
RULE, QUEUE, ALARM, TOPIC = (
    "AWS::Events::Rule",
    "AWS::SQS::Queue",
    "AWS::CloudWatch::Alarm",
    "AWS::SNS::Topic",
)


@dataclass
class Stack:
    """A set's stack, looked up only when something needs it; raises a CommandError if there is none."""

    session: Session
    backup_set: str
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str, region: str | None = None) -> Any:  # noqa: ANN401 - a client of any service
        """Return the one client of a service."""
        key = f"{service} {region or ''}"
        if key not in self.clients:
            any_service: Any = self.session.client  # the stubs know services by literal names alone
            self.clients[key] = any_service(service, region_name=region)
        return self.clients[key]

    @property
    def name(self) -> str:
        """Return the stack's name, the same in every region."""
        return f"{SERVICE}-{self.backup_set}"

    @cached_property
    def function(self) -> Mapping[str, Any]:
        """Return the function's configuration."""
        try:
            found: Mapping[str, Any] = configuration(self.client("lambda"), self.backup_set)
        except ClientError as error:
            raise self._gone(error) from None
        return found

    @property
    def version(self) -> str:
        """Return the version that was deployed, as the function's description tells it, or nothing."""
        told = re.search(r"\bversion (\S+)$", self.function.get("Description", ""))
        return told[1] if told else ""

    @cached_property
    def resources(self) -> Mapping[str, Mapping[str, str]]:
        """Return the physical names of the stack's resources: by type, then by logical id."""
        client = self.client("cloudformation")
        try:
            listed = client.describe_stack_resources(StackName=self.name)["StackResources"]
        except ClientError as error:
            raise self._gone(error) from None
        by_type: dict[str, dict[str, str]] = {}
        for resource in listed:
            of_type = by_type.setdefault(resource["ResourceType"], {})
            of_type[resource["LogicalResourceId"]] = resource.get("PhysicalResourceId", "")
        return by_type

    def named(self, kind: str) -> Mapping[str, str]:
        """Return the physical names of the resources of one type, by logical id."""
        return self.resources.get(kind, {})

    @property
    def status(self) -> str:
        """Return CloudFormation's status of the stack."""
        return str(
            self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"]
        )

    def sums(
        self, metric: str, *, since: datetime, until: datetime, step: timedelta
    ) -> list[Mapping[str, Any]]:
        """Return a metric of the function, summed up for each step of time: `Timestamp` and `Sum`."""
        found: list[Mapping[str, Any]] = self.client("cloudwatch").get_metric_statistics(
            Namespace=NAMESPACE,
            MetricName=metric,
            Dimensions=[{"Name": "set", "Value": self.backup_set}],
            StartTime=since,
            EndTime=until,
            Period=int(step.total_seconds()),
            Statistics=["Sum"],
        )["Datapoints"]
        return found

    def _gone(self, error: ClientError) -> Exception:
        if error.response["Error"]["Code"] not in MISSING:
            return error
        return CommandError(f"no stack of set {self.backup_set!r} in {self.session.region_name}")
