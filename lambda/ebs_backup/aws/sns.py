"""SNS, and the only module that knows its names: sends the mail."""

from typing import TYPE_CHECKING

from boto3.session import Session
from botocore.config import Config

from ebs_backup.report.text import Mail

if TYPE_CHECKING:
    from types_boto3_sns import SNSClient


def connect(session: Session, topic_arn: str) -> "SNSClient":
    """Make the client for the topic's own region, which is not always the function's."""
    retries = Config(
        connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 4}
    )
    return session.client("sns", region_name=topic_arn.split(":")[3], config=retries)


def publish(sns: "SNSClient", topic_arn: str, mail: Mail) -> None:
    """Send one mail; raises what botocore raises, so that a run without a mail never looks like a good one.

    E-mail subscribers get the text, all others the JSON; the attributes are for their filter policies.
    """
    sns.publish(
        TopicArn=topic_arn,
        Subject=mail.subject,
        Message=mail.message,
        MessageStructure="json",
        MessageAttributes={
            name: {"DataType": "String", "StringValue": value} for name, value in mail.attributes.items()
        },
    )
