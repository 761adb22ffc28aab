"""SNS: mails go to the topic's own region, a run without a mail never looks like a good one, listeners are counted."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from boto3.session import Session
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from moto import mock_aws

from ebs_backup.aws import sns
from ebs_backup.aws.errors import AwsError
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


def test_a_count_of_a_topic_that_is_gone_raises(session: Session) -> None:
    topic = "arn:aws:sns:eu-west-1:123456789012:gone"

    with pytest.raises(AwsError, match="NotFound"):
        sns.subscribers(sns.connect_briefly(session, topic), topic)


def test_another_servers_answer_to_a_count_raises(session: Session) -> None:
    topic = "arn:aws:sns:eu-west-1:123456789012:backups"
    client = sns.connect_briefly(session, topic)
    body = io.BytesIO(b"<Welcome><to>another server</to></Welcome>")
    body.stream = lambda: [body.getvalue()]  # type: ignore[attr-defined] # as urllib3's answer has it

    def answer(**_: object) -> Any:  # noqa: ANN401 - the stubs say that handlers return nothing; this one is read
        return AWSResponse("https://sns", 200, HTTPHeaders(), body)

    client.meta.events.register_first("before-send.sns.GetTopicAttributes", answer)

    with pytest.raises(AwsError, match="UnreadableAnswer"):
        sns.subscribers(client, topic)
