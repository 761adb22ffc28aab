"""What the emulated account has besides the stack: volumes, AMIs, an inbox for mails, the function called by hand."""

import json
import time
from dataclasses import dataclass
from typing import Any, Self

from emulator.outbox import Outbox
from emulator.server import REGION, Emulator


@dataclass(frozen=True, slots=True)
class EmulatedAccount:
    """The account's EC2 as its owner uses it."""

    emulator: Emulator

    @property
    def ec2(self) -> Any:  # noqa: ANN401 - a client
        """Return the owner's own client."""
        return self.emulator.client("ec2")

    def volume(self, name: str, *, size: int = 8, kind: str = "gp3", **tags: str) -> str:
        """Make a volume with these tags and return its id."""
        every = [{"Key": key, "Value": value} for key, value in {"Name": name, **tags}.items()]
        made = self.ec2.create_volume(
            AvailabilityZone=f"{REGION}a",
            Size=size,
            VolumeType=kind,
            TagSpecifications=[{"ResourceType": "volume", "Tags": every}],
        )
        return str(made["VolumeId"])

    def instance(self, name: str, *volumes: str, **tags: str) -> str:
        """Start an instance with these tags, attach the volumes and return its id."""
        every = [{"Key": key, "Value": value} for key, value in {"Name": name, **tags}.items()]
        started = self.ec2.run_instances(
            ImageId="ami-0123456789abcdef0",
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[{"ResourceType": "instance", "Tags": every}],
        )
        instance = str(started["Instances"][0]["InstanceId"])
        for letter, volume in zip("fghij", volumes, strict=False):
            self.ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device=f"/dev/sd{letter}")
        return instance

    def snapshot(self, volume: str, **tags: str) -> str:
        """Make a snapshot by hand, as somebody else would, and return its id."""
        made = self.ec2.create_snapshot(VolumeId=volume, Description="made by hand")
        if tags:
            every = [{"Key": key, "Value": value} for key, value in tags.items()]
            self.ec2.create_tags(Resources=[made["SnapshotId"]], Tags=every)
        return str(made["SnapshotId"])

    def fail(self, snapshot: str, message: str = "", *, event: bool = False) -> None:
        """Make a pending snapshot end in state `error`, with EC2's reason; with an event, it does so now."""
        self.emulator.failures.add(snapshot, message, event=event)
        if event:
            self.snapshots()

    def image(self, snapshot: str, name: str = "golden") -> str:
        """Register an AMI that uses the snapshot and return its id."""
        devices = [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}]
        return str(self.ec2.register_image(Name=name, BlockDeviceMappings=devices)["ImageId"])

    def snapshots(self, volume: str | None = None) -> list[dict[str, Any]]:
        """List the account's snapshots, of one volume or of all, oldest first; `Tags` is a plain mapping."""
        filters = [{"Name": "volume-id", "Values": [volume]}] if volume else []
        pages = self.ec2.get_paginator("describe_snapshots").paginate(OwnerIds=["self"], Filters=filters)
        found = [
            {**snapshot, "Tags": {tag["Key"]: tag["Value"] for tag in snapshot.get("Tags", [])}}
            for page in pages
            for snapshot in page["Snapshots"]
        ]
        return sorted(found, key=lambda snapshot: snapshot["StartTime"])

    def clear(self) -> None:
        """Remove every instance, image, snapshot and volume."""
        ec2 = self.ec2
        for reservation in ec2.describe_instances()["Reservations"]:
            ec2.terminate_instances(
                InstanceIds=[instance["InstanceId"] for instance in reservation["Instances"]]
            )
        for image in ec2.describe_images(Owners=["self"])["Images"]:
            ec2.deregister_image(ImageId=image["ImageId"])
        for snapshot in self.snapshots():
            ec2.delete_snapshot(SnapshotId=snapshot["SnapshotId"])
        for volume in ec2.describe_volumes()["Volumes"]:
            for attachment in volume["Attachments"]:
                ec2.detach_volume(VolumeId=volume["VolumeId"], InstanceId=attachment["InstanceId"])
            ec2.delete_volume(VolumeId=volume["VolumeId"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One report as its subscribers received it: the text for an address (if any), and the data for a queue."""

    subject: str
    body: str
    data: dict[str, Any]
    attributes: dict[str, str]

    @property
    def told(self) -> str:
        """Return the text with its lines joined."""
        return " ".join(self.body.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """A queue that gets a topic's reports; the mails to addresses are in the outbox."""

    sqs: Any
    url: str
    outbox: Outbox

    @classmethod
    def of(cls, emulator: Emulator, topic_arn: str, *, name: str = "") -> Self:
        """Make a queue and subscribe it to the topic."""
        sqs = emulator.client("sqs")
        name = name or f"inbox-of-{topic_arn.rpartition(':')[2]}"[:80]
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        allowed = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
        }
        policy = {"Version": "2012-10-17", "Statement": [{**allowed, "Resource": arn}]}
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
        emulator.client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn)
        return cls(sqs=sqs, url=url, outbox=emulator.outbox)

    def read(self, *, within: float = 0) -> list[Letter]:
        """Take out all mails that are there; wait up to `within` seconds for the first."""
        until = time.monotonic() + within
        found: list[Letter] = []
        while True:
            messages = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", [])
            for message in messages:
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
                found.append(self._letter(json.loads(message["Body"])))
            if not messages and (found or time.monotonic() >= until):
                return found
            time.sleep(0.1)

    def clear(self) -> None:
        """Delete all messages."""
        self.sqs.purge_queue(QueueUrl=self.url)

    def _letter(self, told: dict[str, Any]) -> Letter:
        attributes = told.get("MessageAttributes", {})
        return Letter(
            subject=told["Subject"],
            body=self.outbox.text(told["MessageId"]),
            data=json.loads(told["Message"]),
            attributes={name: attribute["Value"] for name, attribute in attributes.items()},
        )


class FunctionError(RuntimeError):
    """The function raised: the error that AWS returns to its caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedFunction:
    """The deployed function, called by hand."""

    client: Any
    name: str

    def run(self, **event: object) -> dict[str, Any]:
        """Call it and return its answer; raise FunctionError where it raised."""
        answer = self.client.invoke(FunctionName=self.name, Payload=json.dumps(event))
        told = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise FunctionError(f"{told['errorType']}: {told['errorMessage']}")
        return dict(told)

    def start(self, **event: object) -> None:
        """Call it as EventBridge does: asynchronously, with Lambda's retries."""
        self.client.invoke(FunctionName=self.name, Payload=json.dumps(event), InvocationType="Event")
