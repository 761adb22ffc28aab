"""SNS: the mail is sent to the topic's own region, and a run without a mail never looks like a good one."""

import json
from collections.abc import Iterator

import pytest
from boto3.session import Session
from botocore.exceptions import ClientError
from moto import mock_aws

from ebs_backup.aws import sns
from ebs_backup.report.text import Mail

MAIL = Mail(
    subject="[OK] EBS day backup, eu-west-1: 1 created, 1 expired",
    body="CREATED  1 snapshot\nübrig: 日次",
    data='{"status": "OK"}',
    attributes={"status": "OK", "set": "default", "period": "day"},
)


@pytest.fixture
def session() -> Iterator[Session]:
    with mock_aws():
        yield Session()


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1"])
def test_the_data_arrives_whole_with_its_attributes_whatever_region_the_topic_is_in(
    session: Session, region: str
) -> None:
    queues = session.client("sqs", region_name=region)
    queue = queues.create_queue(QueueName="inbox")["QueueUrl"]
    topics = session.client("sns", region_name=region)
    topic = topics.create_topic(Name="backups")["TopicArn"]
    topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{region}:123456789012:inbox")

    sns.publish(sns.connect(session, topic), topic, MAIL)

    (message,) = queues.receive_message(QueueUrl=queue)["Messages"]
    received = json.loads(message["Body"])
    attributes = {name: attribute["Value"] for name, attribute in received["MessageAttributes"].items()}
    assert (received["Subject"], received["Message"], attributes) == (
        MAIL.subject,
        MAIL.data,
        MAIL.attributes,
    )


def test_an_address_gets_the_text_a_phone_the_subject_and_everything_else_the_data() -> None:
    assert json.loads(MAIL.message) == {"default": MAIL.data, "email": MAIL.body, "sms": MAIL.subject}


@pytest.mark.parametrize(("policy", "comes"), [({"status": ["PROBLEM"]}, False), ({"status": ["OK"]}, True)])
def test_a_filter_policy_on_the_status_keeps_the_rest_away(
    session: Session, policy: dict[str, list[str]], *, comes: bool
) -> None:
    queues, topics = session.client("sqs"), session.client("sns")
    queue = queues.create_queue(QueueName="inbox")["QueueUrl"]
    topic = topics.create_topic(Name="backups")["TopicArn"]
    topics.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint="arn:aws:sqs:eu-west-1:123456789012:inbox",
        Attributes={"FilterPolicy": json.dumps(policy)},
    )

    sns.publish(sns.connect(session, topic), topic, MAIL)

    assert bool(queues.receive_message(QueueUrl=queue).get("Messages")) is comes


def test_a_topic_that_is_gone_raises(session: Session) -> None:
    topic = "arn:aws:sns:eu-west-1:123456789012:gone"

    with pytest.raises(ClientError, match="NotFound"):
        sns.publish(sns.connect(session, topic), topic, MAIL)
