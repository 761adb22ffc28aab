"""Every error of AWS is one line, with advice for somebody who sits at the command."""

import pytest
from botocore import exceptions
from botocore.parsers import ResponseParserError

from ebs_backup_cli.errors import NO_CREDENTIALS, as_command_error


def refused(code: str, status: int = 400) -> Exception:
    said = {"Error": {"Code": code, "Message": "words"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return exceptions.ClientError(said, "DescribeSnapshots")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (exceptions.NoCredentialsError(), NO_CREDENTIALS),
        (exceptions.SSOTokenLoadError(error_msg="none"), NO_CREDENTIALS),
        (exceptions.UnauthorizedSSOTokenError(), NO_CREDENTIALS),
        (exceptions.TokenRetrievalError(provider="sso", error_msg="none"), NO_CREDENTIALS),
        (
            exceptions.SSLError(endpoint_url="u", error=OSError("e")),
            "Check the region's name, the network and any proxy.",
        ),
        (exceptions.ProxyConnectionError(proxy_url="p", error="e"), "Check the region's name, the network"),
        (exceptions.ReadTimeoutError(endpoint_url="u"), "Run the command again."),
        (ResponseParserError("no XML"), "Run the command again."),
        (refused("InternalError", 500), "Run the command again."),
        (refused("RequestLimitExceeded", 503), "AWS got too many calls from this account."),
        (refused("UnauthorizedOperation", 403), "Your AWS user or role may not do this."),
        (refused("ExpiredToken"), "Your AWS credentials have expired or are not valid."),
        (exceptions.ConfigParseError(path="/x"), "Correct your AWS configuration"),
        (refused("Blocked"), "Ask AWS Support now."),
    ],
)
def test_the_advice_is_what_the_operator_can_do_now(error: Exception, advice: str) -> None:
    told = as_command_error(error)

    assert told.advice.startswith(advice)
    assert "next run" not in told.advice
    assert "\n" not in told.message
