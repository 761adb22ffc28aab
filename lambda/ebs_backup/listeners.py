"""Who gets the reports: how many subscriptions of the topic are confirmed, and what to do if none is."""

from collections.abc import Callable
from dataclasses import dataclass

from aws_lambda_powertools import Logger

from ebs_backup.aws.errors import AwsError
from ebs_backup.model import Failure
from ebs_backup.names import SERVICE

logger = Logger(service=SERVICE, child=True)
Count = Callable[[], int]  # asks SNS; raises an AwsError if it does not say


@dataclass(frozen=True, slots=True, kw_only=True)
class Listeners:
    """How many subscriptions of the report's topic are confirmed: whoever is behind them gets the reports."""

    topic_arn: str
    confirmed: int

    @property
    def failure(self) -> Failure | None:
        """Return what is wrong if nobody gets the reports."""
        if self.confirmed:
            return None
        return Failure(
            resource=self.topic_arn,
            action="tell somebody",
            code="NobodyListens",
            message="no subscription of the topic is confirmed: nobody gets the reports",
            advice="Subscribe an address and confirm it: docs/operating.md has both commands. If one was confirmed just now,"
            " there is nothing to do: the next run counts it.",
        )


def listen(topic_arn: str, count: Count) -> Listeners | None:
    """Count who gets the reports; return None if SNS does not say, which is no failure of a run."""
    try:
        return Listeners(topic_arn=topic_arn, confirmed=count())
    except AwsError as error:
        logger.warning(
            "it is not known whether anybody listens", code=error.code, error_message=error.message
        )
        return None
