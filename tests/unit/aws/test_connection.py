"""The client of EC2, and what its making leaves behind."""

from datetime import UTC, datetime

from boto3.session import Session

from ebs_backup.aws.connection import connect


def test_the_sessions_other_clients_still_read_times_that_are_numbers() -> None:
    session = Session("testing", "testing", region_name="eu-west-1")

    connect(session)

    botocores = session._session
    shape = botocores.get_service_model("ebs").operation_model("ListSnapshotBlocks").output_shape
    parser = botocores.get_component("response_parser_factory").create_parser("rest-json")
    answer = {"status_code": 200, "headers": {}, "body": b'{"ExpiryTime": 1700000000}'}
    assert parser.parse(answer, shape)["ExpiryTime"] == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
