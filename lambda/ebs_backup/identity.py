"""Which run an invocation does, and where: from its event, its context and the function's environment. Pure."""

from collections.abc import Mapping
from datetime import datetime

from aws_lambda_powertools.utilities.typing import LambdaContext

from ebs_backup.event import Request
from ebs_backup.model import Run
from ebs_backup.names import ENV_PREFIX


def run_of(request: Request, context: LambdaContext, env: Mapping[str, str], *, now: datetime) -> Run:
    """Return the run.

    Its id is the event's time, the same on every delivery, or else the request's id, the same on every retry.
    The environment is read unchecked here, so that a run with bad settings can still say which run it is.
    """
    region, account = place(context)
    continued = request.continued
    due = request.time or (continued.began if continued else now)
    by_hand = continued.run if continued else context.aws_request_id
    return Run(
        id=due.isoformat().replace("+00:00", "Z") if request.time else by_hand,
        time=min(due, now),  # a clock that is ahead must not end a hold
        period=request.period,
        backup_set=env.get(f"{ENV_PREFIX}BACKUP_SET") or "?",
        dry_run=request.dry_run,
        account=account,
        region=region,
        selector=f"{env.get(f'{ENV_PREFIX}TAG_NAME')}={env.get(f'{ENV_PREFIX}TAG_VALUE')}",
        function=context.function_name,
        log_group=context.log_group_name,
        scheduled=request.time is not None,
        only=request.volumes,
        continued=continued,
    )


def place(context: LambdaContext) -> tuple[str, str]:
    """Return region and account."""
    _, _, _, region, account, *_ = context.invoked_function_arn.split(":")
    return region, account
