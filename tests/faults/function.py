"""The function as Lambda would run it: the real handler, real botocore over HTTP; only time is virtual."""

import json
import os
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import botocore.endpoint

from ebs_backup import again, check, handler, lookout, run, tasks
from ebs_backup.aws import ec2, patience, trial
from ebs_backup.settings import Settings
from fake_aws.account import OWNER, REGION, TOPIC
from fake_aws.records import MailRecord
from fake_aws.server import Endpoint
from fake_aws.service import ReceivedCall, Service
from fake_aws.wire import Plan
from tests.faults import instance
from tests.faults.clock import ClockLock, ClockPool, VirtualClock

CALL_SECONDS = 0.25  # that every call takes: no two snapshots of one delivery start at once
TIME_LIMIT = 900.0
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
Acts = Mapping[tuple[str, int], Callable[[], None]]  # what others do just before the n-th call of an action


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """The result of one invocation: an answer, an exception or a killed process; and what AWS saw of it."""

    of: str
    answer: dict[str, Any] | None = None
    raised: Exception | None = None
    began: float
    ended: float
    until: float  # then Lambda ends it
    calls: Sequence[ReceivedCall] = ()
    mails: Sequence[MailRecord] = ()
    alone: bool = True  # if not, the calls and mails of another delivery are among these

    @property
    def went_on(self) -> bool:
        """Return whether the function sent an event to itself, or tried to."""
        return any(call.action == "Invoke" for call in self.calls)

    @property
    def killed(self) -> bool:
        """Return whether the process died."""
        return self.answer is None and self.raised is None

    @property
    def told(self) -> dict[str, Any]:
        """Return the answer; assert that there is one."""
        assert self.answer is not None, f"no answer, but {self.raised!r}"
        return self.answer


@dataclass(slots=True, kw_only=True)
class LocalFunction:
    """A deployed function: `invoke` it with a plan of faults, or `overlap` several deliveries."""

    endpoint: Endpoint
    clock: VirtualClock

    def invoke(
        self,
        event: object,
        *,
        plan: Plan | None = None,
        acts: Acts | None = None,
        seconds: float = TIME_LIMIT,
        request: str = "request-1",
    ) -> Invocation:
        """Deliver the event, and what the function then sends to itself; return the first's begin and the last's end.

        What the function has sent to itself stays queued when it is killed there: Lambda tries it again.
        """
        service = self.serve(plan, acts)
        mails, queued = len(service.account.mails), service.account.queued
        invocation = self.call(event, seconds, request)
        while queued and not invocation.killed:
            further = self.call(json.loads(queued[0]), seconds, f"{request}+{len(queued)}")
            invocation = replace(further, began=invocation.began)
            if not invocation.killed:
                queued.pop(0)
        return replace(invocation, calls=service.calls, mails=service.account.mails[mails:])

    def overlap(
        self,
        *events: object,
        every: float = 0,
        plan: Plan | None = None,
        seconds: float = TIME_LIMIT,
        request: Sequence[str] = (),
    ) -> list[Invocation]:
        """Deliver the events to instances of their own, one every so many seconds, as Lambda does.

        What the function sends to itself begins at once, beside them; what raises or dies is tried twice more, one and
        two minutes later. Each sees the calls and mails of all.
        """
        service = self.serve(plan, None)
        mails = len(service.account.mails)
        lambda_ = _Lambda(function=self, seconds=seconds)
        service.account.queued = lambda_  # type: ignore[assignment]  # takes what is appended
        for number, event in enumerate(events):
            name = request[number] if request else "request-1"
            lambda_.begin(event, name, of=f"{number + 1}", after=every * number)
        done = lambda_.end()
        service.account.queued = []
        sent = service.account.mails[mails:]
        return [replace(invocation, calls=service.calls, mails=sent, alone=False) for invocation in done]

    def serve(self, plan: Plan | None, acts: Acts | None) -> Service:
        """Exchange the service: all calls are counted from zero."""
        account = self.endpoint.service.account
        self.endpoint.service = Service(account=account, plan=plan or {}, meanwhile=acts or {})
        return self.endpoint.service

    def call(self, event: object, seconds: float, request: str, *, of: str = "1") -> Invocation:
        """Call the handler once."""
        instance.caller.set(of)
        self.endpoint.service.killed.discard(of)
        began = self.clock()
        context: Any = _context(self.clock, began + seconds, request)
        answer, raised = None, None
        try:
            answer = handler.handler(event, context)
            json.dumps(answer)
        except instance.KilledError:
            instance.restart()
        except Exception as error:  # noqa: BLE001 - Lambda takes any
            raised = error
        return Invocation(
            of=of, answer=answer, raised=raised, began=began, ended=self.clock(), until=began + seconds
        )


RETRIES = (60.0, 120.0)  # seconds after which Lambda tries an asynchronous invocation again


@dataclass(slots=True, kw_only=True)
class _Lambda:
    """Lambda's queue: begins each invocation in a thread of its own, at its time."""

    function: LocalFunction
    seconds: float
    _threads: list[threading.Thread] = field(default_factory=list)
    _done: list[Invocation] = field(default_factory=list)

    def append(self, payload: bytes) -> None:
        """Queue what the function sends to itself."""
        number = f"{len(self._threads) + 1}"
        self.begin(json.loads(payload), f"request+{number}", of=number, after=0.1)

    def begin(self, event: object, request: str, *, of: str, after: float) -> None:
        """Begin an invocation in so many seconds."""

        def work() -> None:
            for pause in (*RETRIES, None):
                invocation = self.function.call(event, self.seconds, request, of=of)
                self._done.append(invocation)
                if invocation.answer is not None or pause is None:
                    return
                self.function.clock.sleep(pause)

        thread = threading.Thread(target=self.function.clock.joining(work, after=after))
        thread.start()
        self._threads.append(thread)

    def end(self) -> list[Invocation]:
        """Wait until all have ended, also those that they begin."""
        with self.function.clock.aside():
            for thread in self._threads:  # grows meanwhile
                thread.join()
        return self._done


@contextmanager
def deployed(
    endpoint: Endpoint, clock: VirtualClock, settings: Settings, *, workers: int, seed: int = 0
) -> Iterator[LocalFunction]:
    """Deploy the function against the endpoint, with time under our control and its jitter by seed."""
    function = LocalFunction(endpoint=endpoint, clock=clock)
    environment = ENVIRONMENT | settings.to_env(topic_arn=TOPIC) | {"AWS_ENDPOINT_URL": endpoint.url}
    replaced = (
        (handler, "time", clock),
        (handler, "Ec2", partial(ec2.Ec2, clock=clock)),
        (handler, "Trial", partial(trial.Trial, clock=clock)),
        (handler, "execute", partial(run.execute, clock=clock)),
        (run, "run_all", partial(tasks.run_all, clock=clock, sleep=clock.sleep)),
        (run, "WORKERS", workers),
        (check, "run_all", partial(tasks.run_all, clock=clock, sleep=clock.sleep)),
        (check, "WORKERS", workers),
        (again, "run_all", partial(tasks.run_all, clock=clock, sleep=clock.sleep)),
        (again, "WORKERS", workers),
        (tasks, "ThreadPoolExecutor", partial(ClockPool, clock)),
        (lookout, "threading", SimpleNamespace(Lock=partial(ClockLock, clock))),
        (patience, "random", random.Random(seed)),  # noqa: S311 - not a secret
        (botocore.endpoint, "time", clock),
    )
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, environment))
        for module, name, value in replaced:
            stack.enter_context(patch.object(module, name, value))
        random.seed(seed + 7)  # botocore's own pauses
        instance.warm(endpoint, lambda: clock.sleep(CALL_SECONDS))
        yield function


def _context(clock: VirtualClock, until: float, request: str) -> SimpleNamespace:
    return SimpleNamespace(
        function_name="ebs-backup",
        memory_limit_in_mb=256,
        invoked_function_arn=f"arn:aws:lambda:{REGION}:{OWNER}:function:ebs-backup",
        aws_request_id=request,
        log_group_name="/aws/lambda/ebs-backup",
        get_remaining_time_in_millis=lambda: int((until - clock()) * 1000),
    )
