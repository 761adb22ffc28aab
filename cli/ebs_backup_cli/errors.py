"""What can stop a command, as one line with what to do. A traceback is never shown."""

from collections.abc import Callable

from botocore import exceptions

from ebs_backup.aws.errors import ERRORS, AwsError, Kind, advice
from ebs_backup.settings import InvalidSettingsError

# Every error that is printed as one line; any other is a fault of the command itself.
TOLD = (*ERRORS, AwsError, InvalidSettingsError)

NO_CREDENTIALS = "Sign in (`aws sso login`, `aws configure`), or choose a profile with --profile."
_EXPIRED = "Your AWS credentials have expired or are not valid. " + NO_CREDENTIALS
_DENIED = (
    "Your AWS user or role may not do this. docs/permissions.md has the policies that each command needs."
)
_CODES = {
    **dict.fromkeys(("ExpiredToken", "ExpiredTokenException", "RequestExpired"), _EXPIRED),
    **dict.fromkeys(("InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure"), _EXPIRED),
    **dict.fromkeys(("SignatureDoesNotMatch", "InvalidSignatureException"), _EXPIRED),
    **dict.fromkeys(("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"), _DENIED),
    "OptInRequired": "This region or service is not enabled in the account. Compare --region with the stack's region.",
}


class CommandError(Exception):
    """A command that cannot do its work: what is wrong, and what to do, each in one line."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message, self.advice = message, advice


def as_command_error(error: Exception) -> CommandError:
    """Return what is wrong and what to do about any of TOLD."""
    if isinstance(error, InvalidSettingsError):
        return CommandError(str(error), "Correct the settings.")
    for kind, words in _WORDS.items():
        if isinstance(error, kind):
            return words(error)
    known = error if isinstance(error, AwsError) else AwsError.of(error)
    return CommandError(f"{known.code}: {known.message}", _CODES.get(known.code) or _advice(known))


def _advice(error: AwsError) -> str:
    """Return what an operator can do. The core's advice is for mails, after which the next run comes by itself."""
    if error.throttled:
        return "AWS got too many calls from this account. Run the command again in some minutes."
    if error.kind in (Kind.RETRY, Kind.UNKNOWN_OUTCOME):
        return (
            "Run the command again. If that comes again, check the network, any proxy, and AWS's health page."
        )
    return advice(error)


def _no_credentials(_: Exception) -> CommandError:
    return CommandError("No AWS credentials were found.", NO_CREDENTIALS)


def _signed_out(_: Exception) -> CommandError:
    return CommandError("Your AWS sign-in has ended.", NO_CREDENTIALS)


def _no_region(_: Exception) -> CommandError:
    return CommandError("No AWS region is set.", "Add --region, or set AWS_REGION.")


def _no_profile(error: Exception) -> CommandError:
    return CommandError(f"{error}.", "`aws configure list-profiles` lists those that exist.")


def _unreachable(error: Exception) -> CommandError:
    return CommandError(
        f"AWS cannot be reached: {error}", "Check the region's name, the network and any proxy."
    )


_WORDS: dict[type[Exception], Callable[[Exception], CommandError]] = {
    exceptions.NoCredentialsError: _no_credentials,
    exceptions.PartialCredentialsError: _no_credentials,
    exceptions.TokenRetrievalError: _signed_out,
    exceptions.SSOError: _signed_out,
    exceptions.CredentialRetrievalError: lambda _: CommandError(_EXPIRED),
    exceptions.NoRegionError: _no_region,
    exceptions.InvalidRegionError: lambda error: CommandError(str(error), "Check --region."),
    exceptions.ProfileNotFound: _no_profile,
    exceptions.EndpointConnectionError: _unreachable,
    exceptions.ConnectTimeoutError: _unreachable,
    exceptions.ProxyConnectionError: _unreachable,
    exceptions.SSLError: _unreachable,
    exceptions.ConfigParseError: lambda error: CommandError(
        f"{error}.", "Correct your AWS configuration (`aws configure`)."
    ),
}
