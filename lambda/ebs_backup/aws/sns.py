"""SNS, and the only module that knows its names: sends the mail, and counts who gets it."""

from typing import TYPE_CHECKING

from boto3.session import Session
from botocore.config import Config

from ebs_backup.aws.errors import ERRORS, UNREADABLE, AwsError, Kind
from ebs_backup.report.text import Mail

if TYPE_CHECKING:
    from types_boto3_sns import SNSClient


def connect(session: Session, topic_arn: str) -> "SNSClient":
    """Make the client for the topic's own region, which is not always the function's."""
    retries = Config(
        connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 4}
    )
    return session.client("sns", region_name=topic_arn.split(":")[3], config=retries)


def connect_briefly(session: Session, topic_arn: str) -> "SNSClient":
    """Make a client that gives up after 11 s.

    If Lambda ended a run after its mail was sent, the retry would mail the run once more.
    """
    retries = Config(connect_timeout=2, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
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


def subscribers(sns: "SNSClient", topic_arn: str) -> int:
    """Return how many subscriptions of the topic are confirmed; raises an AwsError if SNS does not say."""
    try:
        attributes = sns.get_topic_attributes(TopicArn=topic_arn).get("Attributes", {})
    except ERRORS as error:
        raise AwsError.of(error) from None
    except KeyError:  # so botocore reads the XML of another server
        attributes = {}
    told = attributes.get("SubscriptionsConfirmed", "")
    if not (told.isascii() and told.isdecimal()):
        message = f"the answer is not SNS's: SubscriptionsConfirmed is {told!r}"
        raise AwsError(kind=Kind.REJECTED, code=UNREADABLE, message=message, service="sns")
    return int(told)
