"""The function's metrics: what a run did, by set and period, in lines of the log that CloudWatch reads."""

from collections import Counter
from collections.abc import Mapping

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from ebs_backup.names import (
    COMPLETED,
    CREATED,
    EXPIRED,
    FAILURES,
    NAMESPACE,
    OVERDUE,
    RUNS_FAILED,
    SECONDS,
    SELECTED,
    SUBSCRIBERS,
    Period,
)
from ebs_backup.outcome import Outcome, Status

metrics = Metrics(namespace=NAMESPACE)


def measure(outcome: Outcome) -> None:
    """Emit the run's metrics by set and period, unless it was limited to some volumes: it says nothing about others.

    A run whose report nobody gets sends no heartbeat. Then the heartbeat's alarm goes off, perhaps on another topic.
    """
    run, subscribers = outcome.run, outcome.subscribers
    done = {CREATED: outcome.created, EXPIRED: outcome.expired, FAILURES: len(outcome.failures)}
    of_the_set = {} if subscribers is None else {SUBSCRIBERS: subscribers}
    if run.only:
        emit(done, set=run.backup_set, period=run.period.value)
        emit(of_the_set, set=run.backup_set)
        return
    overdue = Counter(late.period for volume in outcome.volumes for late in volume.overdue)
    for period in Period:
        whole = {SELECTED: len(outcome.volumes), **done, SECONDS: outcome.seconds}
        of_the_run = whole if period is run.period else {}
        emit({**of_the_run, OVERDUE: overdue[period]}, set=run.backup_set, period=period.value)
    heartbeat = {} if subscribers == 0 else {COMPLETED: 1}
    failed = {RUNS_FAILED: int(outcome.status is Status.FAILED)}
    emit({**heartbeat, **failed, **of_the_set}, set=run.backup_set)


def emit(values: Mapping[str, float], **dimensions: str) -> None:
    """Emit some values, or none, under these dimensions."""
    if not values:
        return
    for dimension, of in dimensions.items():
        metrics.add_dimension(name=dimension, value=of)
    for name, value in values.items():
        unit = MetricUnit.Seconds if name == SECONDS else MetricUnit.Count
        metrics.add_metric(name=name, unit=unit, value=value)
    metrics.flush_metrics()
