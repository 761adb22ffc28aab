"""AWS's answers as XML, in the shape and the words of the API references."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from fake_aws.account import OWNER, REGION
from fake_aws.records import SnapshotRecord, VolumeRecord

REQUEST_ID = "7a62c442-3484-4f42-9342-6942ea64d7f0"


def ec2(action: str, body: str) -> str:
    """Wrap the result of an EC2 action."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>{REQUEST_ID}</requestId>{body}</{action}Response>"
    )


def ec2_error(code: str, message: str) -> str:
    """Write an EC2 error."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>'
        f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        f"</Error></Errors><RequestID>{REQUEST_ID}</RequestID></Response>"
    )


def sns_published() -> str:
    """Write the answer to Publish."""
    return (
        '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>'
        f"<MessageId>{REQUEST_ID}</MessageId></PublishResult><ResponseMetadata><RequestId>{REQUEST_ID}</RequestId>"
        "</ResponseMetadata></PublishResponse>"
    )


def sns_topic(attributes: Mapping[str, str]) -> str:
    """Write the answer to GetTopicAttributes."""
    entries = (
        f"<entry><key>{key}</key><value>{escape(value)}</value></entry>" for key, value in attributes.items()
    )
    return (
        '<GetTopicAttributesResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><GetTopicAttributesResult>'
        f"<Attributes>{''.join(entries)}</Attributes></GetTopicAttributesResult><ResponseMetadata><RequestId>{REQUEST_ID}"
        "</RequestId></ResponseMetadata></GetTopicAttributesResponse>"
    )


def sns_error(code: str, message: str) -> str:
    """Write an SNS error."""
    return (
        '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type>'
        f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
        f"<RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
    )


def volumes(page: Iterable[VolumeRecord], token: str) -> str:
    """Write a page of DescribeVolumes."""
    return _set("volumeSet", (volume(record) for record in page), token)


def in_bin(page: Iterable[SnapshotRecord], token: str) -> str:
    """Write a page of ListSnapshotsInRecycleBin, which tells no tags."""
    return _set("snapshotSet", map(_in_bin, page), token)


def _in_bin(record: SnapshotRecord) -> str:
    return (
        f"<snapshotId>{record.id}</snapshotId><volumeId>{record.volume_id}</volumeId>"
        f"<description>{escape(record.description)}</description>"
        f"<recycleBinEnterTime>{_instant(record.deleted or 0)}</recycleBinEnterTime>"
        f"<recycleBinExitTime>{_instant(record.leaves_bin)}</recycleBinExitTime>"
    )


def snapshots(page: Iterable[tuple[SnapshotRecord, str]], token: str) -> str:
    """Write a page of DescribeSnapshots."""
    return _set("snapshotSet", (snapshot(*listed) for listed in page), token)


def tags(page: Iterable[tuple[str, str, str]], token: str) -> str:
    """Write a page of DescribeTags on instances."""
    return _set("tagSet", (_instance_tag(*tag) for tag in page), token)


def _instance_tag(instance: str, key: str, value: str) -> str:
    return (
        f"<resourceId>{instance}</resourceId><resourceType>instance</resourceType>"
        f"<key>{escape(key)}</key><value>{escape(value)}</value>"
    )


def snapshot(record: SnapshotRecord, state: str) -> str:
    """Write a snapshot; AWS gives start times to the millisecond."""
    reason = f"<statusMessage>{escape(record.state_message)}</statusMessage>" if state == "error" else ""
    return (
        f"<snapshotId>{record.id}</snapshotId><volumeId>{record.volume_id}</volumeId><status>{state}</status>{reason}"
        f"<startTime>{_instant(record.started)}</startTime>"
        f"<progress>{'100%' if state == 'completed' else ''}</progress><ownerId>{OWNER}</ownerId>"
        f"<volumeSize>{record.size}</volumeSize><description>{escape(record.description)}</description>"
        f"{_encryption(record.kms_key)}{_tags(record.tags)}<storageTier>standard</storageTier>"
    )


def volume(record: VolumeRecord) -> str:
    """Write a volume."""
    attachment = (
        f"<item><volumeId>{record.id}</volumeId><instanceId>{record.instance}</instanceId><device>/dev/xvdf</device>"
        "<status>attached</status><attachTime>2026-01-01T00:00:00.000Z</attachTime>"
        "<deleteOnTermination>false</deleteOnTermination></item>"
        if record.state == "in-use"
        else ""
    )
    return (
        f"<volumeId>{record.id}</volumeId><size>{record.size}</size><snapshotId/>"
        f"<availabilityZone>{REGION}a</availabilityZone><status>{record.state}</status>"
        f"<createTime>{record.created}</createTime><attachmentSet>{attachment}</attachmentSet>"
        f"{_tags(record.tags)}<volumeType>{record.type}</volumeType><iops>3000</iops><throughput>125</throughput>"
        f"{_encryption(record.kms_key)}<multiAttachEnabled>false</multiAttachEnabled>"
    )


def _encryption(key: str) -> str:
    """Write whether something is encrypted, and with which key."""
    with_key = f"<kmsKeyId>{escape(key)}</kmsKeyId>" if key else ""
    return f"<encrypted>{'true' if key else 'false'}</encrypted>{with_key}"


def _tags(tags: Mapping[str, str]) -> str:
    items = (
        f"<item><key>{escape(key)}</key><value>{escape(value)}</value></item>" for key, value in tags.items()
    )
    return f"<tagSet>{''.join(items)}</tagSet>"


def _set(name: str, items: Iterable[str], token: str) -> str:
    following = f"<nextToken>{token}</nextToken>" if token else ""
    return f"<{name}>{''.join(f'<item>{item}</item>' for item in items)}</{name}>{following}"


def _instant(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{int(seconds % 1 * 1000):03d}Z"
