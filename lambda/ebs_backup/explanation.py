"""What an error that broke a run means, and what to do about it. Pure."""

from ebs_backup.aws.errors import AwsError, advice
from ebs_backup.settings import InvalidSettingsError


def explain(error: Exception) -> tuple[str, str, str]:
    """Return its code, its message and the advice."""
    if isinstance(error, AwsError):
        return error.code, error.message, advice(error)
    if isinstance(error, InvalidSettingsError):
        return (
            "InvalidSettings",
            str(error),
            "Correct it in settings.toml, then run `npx cdk deploy`.",
        )
    return (
        type(error).__name__,
        str(error),
        "Report it, with the traceback that is in the log. This is a fault of ebs-backup itself.",
    )
