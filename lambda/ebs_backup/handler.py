"""What Lambda calls: it takes an event and the environment, does one run, sends one mail and metrics, and answers."""

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.session import Session

from ebs_backup.again import make_again, remove
from ebs_backup.aws import connection, lambda_, sns
from ebs_backup.aws.ec2 import Ec2
from ebs_backup.aws.errors import ERRORS, AwsError, not_continued
from ebs_backup.aws.trial import Trial
from ebs_backup.check import check, not_done, who_listens
from ebs_backup.checked import MAIL, WHOLE, Checked, Probe
from ebs_backup.checked import answer as answer_check
from ebs_backup.event import InvalidEventError, Request, check_time, next_invocation, parse, to_event
from ebs_backup.explanation import explain
from ebs_backup.identity import place, run_of
from ebs_backup.listeners import Count, listen
from ebs_backup.made_again import answer as answer_again
from ebs_backup.metrics import emit, measure
from ebs_backup.model import Run
from ebs_backup.names import CHECK_PASSED, ENV_PREFIX, FAILURES, RUNS_FAILED, SERVICE, Period
from ebs_backup.notice import Notice, notices
from ebs_backup.outcome import Outcome, Status
from ebs_backup.report.again import render_again
from ebs_backup.report.check import render_check
from ebs_backup.report.data import answer
from ebs_backup.report.render import render, render_bad_event, render_broken
from ebs_backup.report.text import Mail
from ebs_backup.run import execute
from ebs_backup.settings import Settings

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client
    from types_boto3_lambda import LambdaClient
    from types_boto3_sns import SNSClient

REPORT_SECONDS = 30  # of the function's time, kept for the report

logger = Logger(service=SERVICE)


# By run: what a try did, if its mail was refused. Lambda's retry usually runs in the same instance and reports it.
# The key is more than the time: runs of two periods, or of all volumes and of some, may have the same time.
_untold: dict[tuple[str, Period, tuple[str, ...]], Outcome] = {}


@logger.inject_lambda_context(clear_state=True)
def handler(event: object, context: LambdaContext) -> dict[str, Any]:
    """Do one run, or as much of it as there is time for, and start a further invocation for the rest.

    An event that cannot be used is answered and mailed: a second try would not help. If a run fails, the function
    mails that and raises the error. Then Lambda tries again, and the alarm goes off.
    """
    deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - REPORT_SECONDS
    if (messages := notices(event)) is not None:
        return _again(messages, context, deadline)
    began = datetime.fromtimestamp(int(time.time()), UTC)  # to the second, as some listings give times
    try:
        request = parse(event)
        check_time(request, now=_now())
    except InvalidEventError as error:
        return _refuse(error, context)
    run = run_of(request, context, os.environ, now=_now())
    logger.append_keys(run=run.id, set=run.backup_set, period=run.period.value)
    if request.check:
        return _check(request, run, deadline)
    try:
        settings = Settings.from_env(os.environ)
        ec2_ = Ec2(_ec2(), deadline=deadline, full_bucket=not run.continued, now=_now)
        outcome = _with_untold(execute(ec2_, settings, run, now=_now))
    except Exception as error:
        _tell_broken(run, error)
        raise
    if not (further := next_invocation(outcome, began=began)):
        return _finish(settings, outcome)
    try:
        lambda_.invoke(_lambda(), context.function_name, to_event(request, further))
    except ERRORS as error:
        # Mail what was done now; then Lambda's own retry goes on instead of the next invocation.
        cause = AwsError.of(error)
        _finish(settings, replace(outcome, continuation_failure=not_continued(cause, context.function_name)))
        raise cause from None
    logger.info("the run goes on in a further invocation", invocation=further.invocation)
    return answer(outcome) | {"goes_on_in": further.invocation}


def _now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


def _again(messages: Sequence[Notice], context: LambdaContext, deadline: float) -> dict[str, Any]:
    """Make failed snapshots again, with one mail for each run. If that fails, the queue brings the messages again."""
    settings, run = (
        Settings.from_env(os.environ),
        run_of(Request(period=Period.DAY), context, os.environ, now=_now()),
    )
    logger.append_keys(set=run.backup_set)
    ec2_ = Ec2(_ec2(), deadline=deadline, now=_now)
    runs = make_again(ec2_, settings, run, messages)
    for again in runs:
        if again.failed:
            _tell(settings.topic_arn, render_again(again))
            emit({FAILURES: len(again.failed)}, set=run.backup_set, period=again.run.period.value)
            remove(ec2_, again)
    result = answer_again(runs, messages)
    logger.info("failed snapshots done", answer=result)
    return result


def _refuse(error: InvalidEventError, context: LambdaContext) -> dict[str, Any]:
    """Answer and mail an event that cannot be used; nothing is created or deleted, so it counts as a failed run."""
    logger.error("the event cannot be used", error_message=str(error))
    backup_set = os.environ.get(f"{ENV_PREFIX}BACKUP_SET") or "?"
    emit({RUNS_FAILED: 1}, set=backup_set)
    mail = render_bad_event(
        backup_set=backup_set,
        account=place(context)[1],
        region=place(context)[0],
        function=context.function_name,
        log_group=context.log_group_name,
        error=str(error),
    )
    _tell(os.environ[f"{ENV_PREFIX}TOPIC_ARN"], mail)
    return {"status": Status.FAILED.value, "error": str(error)}


def _check(request: Request, run: Run, deadline: float) -> dict[str, Any]:
    """Try everything that a run needs without doing it, mail the result, and return it as the answer.

    It raises nothing: finding what a run cannot do is its purpose, and Lambda would only try again.
    """
    try:
        settings = Settings.from_env(os.environ)
        ec2_, trial = Ec2(_ec2(), deadline=deadline, now=_now), Trial(_ec2(), deadline=deadline)
        may_invoke = partial(lambda_.may_invoke, _lambda(), run.function)
        checked = check(ec2_, trial, may_invoke, settings, run, sample=request.sample)
        checked = checked.and_(who_listens(settings.topic_arn, _count(settings.topic_arn)))
    except Exception as error:
        logger.exception("the check broke")
        checked = Checked(run=run, probes=(not_done(WHOLE, error),), sample=request.sample)
    try:
        _tell(os.environ[f"{ENV_PREFIX}TOPIC_ARN"], render_check(checked))
    except Exception as error:
        logger.exception("the check could not be mailed")
        checked = checked.and_(not_done(MAIL, error))
    else:
        checked = checked.and_(Probe(what=MAIL))
    if checked.passed:
        emit({CHECK_PASSED: 1}, set=run.backup_set)
    result = answer_check(checked)
    logger.info("check done", answer=result)
    return result


def _finish(settings: Settings, outcome: Outcome) -> dict[str, Any]:
    """Mail the whole run, with all its invocations, then emit its metrics: a run whose mail failed is tried again.

    The subscribers are counted after the mail, so that nothing delays it. So the mail may say OK where the answer
    says PROBLEM.
    """
    run, told = outcome.run, {}
    if continued := run.continued:
        outcome = replace(outcome, seconds=time.time() - continued.began.timestamp())
    if not run.dry_run:
        if settings.report == "always" or outcome.status is not Status.OK:
            try:
                _tell(settings.topic_arn, render(outcome))
            except Exception:
                _untold[_key(run)] = outcome
                raise
        outcome = replace(outcome, listeners=listen(settings.topic_arn, _count(settings.topic_arn)))
        measure(outcome)
        told = {"subscribers": outcome.subscribers}
    result = answer(outcome) | told
    logger.info("run done", answer={key: value for key, value in result.items() if key != "plan"})
    return result


def _with_untold(outcome: Outcome) -> Outcome:
    """Return the outcome with what an earlier try did here and could not mail, also if the run goes on."""
    run = outcome.run
    return outcome if run.dry_run else outcome.after(_untold.pop(_key(run), None))


def _key(run: Run) -> tuple[str, Period, tuple[str, ...]]:
    return run.id, run.period, run.only


def _tell(topic_arn: str, mail: Mail) -> None:
    """Mail; raises an AwsError, whose message is short even if the answer was long."""
    try:
        sns.publish(_sns(topic_arn), topic_arn, mail)
    except ERRORS as error:
        raise AwsError.of(error) from None
    logger.info("report mailed", subject=mail.subject)


def _tell_broken(run: Run, error: Exception) -> None:
    """Mail why the run failed, if that is possible; the log always has it."""
    logger.error("the run broke", exc_info=error)
    if run.dry_run:
        return
    emit({FAILURES: 1}, set=run.backup_set, period=run.period.value)
    code, message, what_to_do = explain(error)
    try:
        mail = render_broken(run, code=code, message=message, advice=what_to_do)
        _tell(os.environ[f"{ENV_PREFIX}TOPIC_ARN"], mail)
    except Exception:
        logger.exception("the broken run could not be mailed")


@cache
def _session() -> Session:
    return Session()


@cache
def _ec2() -> "EC2Client":
    """Create the client once for all invocations of one instance of the function."""
    return connection.connect(_session())


@cache
def _lambda() -> "LambdaClient":
    """Create the client only when a run needs a further invocation, because most runs do not."""
    return lambda_.connect(_session())


@cache
def _sns(topic_arn: str) -> "SNSClient":
    return sns.connect(_session(), topic_arn)


def _count(topic_arn: str) -> Count:
    return partial(sns.subscribers, _quick_sns(topic_arn), topic_arn)


@cache
def _quick_sns(topic_arn: str) -> "SNSClient":
    return sns.connect_briefly(_session(), topic_arn)
