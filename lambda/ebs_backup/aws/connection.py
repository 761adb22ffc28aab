"""The one EC2 client that all threads share, as the function needs it."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from boto3.session import Session
from botocore.config import Config
from botocore.parsers import ResponseParserError, ResponseParserFactory

from ebs_backup.names import SERVICE

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

WORKERS = 16  # threads, and connections
PARSERS = "response_parser_factory"  # a component of botocore's session


def connect(session: Session) -> "EC2Client":
    """Return the client.

    botocore's own retries serve the listings. They are off for the writes: a re-sent CreateSnapshot makes a second
    snapshot (it has no client token), and our own rate limiter times the writes.
    """
    config = Config(
        user_agent=SERVICE,  # CloudTrail shows this name; botocore computes its own name again for each call
        max_pool_connections=WORKERS,
        connect_timeout=5,
        read_timeout=15,
        retries={"mode": "standard", "total_max_attempts": 8},
    )
    # python-dateutil's parser is half the cost of a listed snapshot, and EC2's times are plain ISO 8601. Other
    # services may send numbers. So the session gets its own parsers back, for the clients that it makes later.
    parsers = ResponseParserFactory()
    parsers.set_parser_defaults(timestamp_parser=datetime.fromisoformat)
    botocores = session._session  # noqa: SLF001 - boto3 has no door to it
    usual = botocores.get_component(PARSERS)
    botocores.register_component(PARSERS, parsers)
    client = session.client("ec2", config=config)
    botocores.register_component(PARSERS, usual)
    for write in ("CreateSnapshot", "DeleteSnapshot"):
        client.meta.events.register(f"needs-retry.ec2.{write}", _never)
    client.meta.events.register("response-received.ec2", _take_only_ec2s_own)
    return client


def _never(**_: object) -> Any:  # noqa: ANN401 - botocore's stubs say that handlers return nothing; this one is read
    return False


def _take_only_ec2s_own(parsed_response: Mapping[str, Any] | None, **_: object) -> None:
    """Refuse a success that is not from EC2: botocore accepts any XML, and the answer to a delete holds no data."""
    metadata = parsed_response["ResponseMetadata"] if parsed_response else {}
    if metadata.get("HTTPStatusCode") == 200 and "RequestId" not in metadata:
        raise ResponseParserError("the answer is not EC2's: it names no request")
