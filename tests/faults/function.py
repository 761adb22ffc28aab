"""The function as Lambda would run it: the real handler, real botocore over HTTP; only time is virtual."""

import json
import os
import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import botocore.endpoint

from benchmarks.aws.account import OWNER, REGION, TOPIC, MailRecord
from benchmarks.aws.server import Endpoint
from benchmarks.aws.service import Call, Service
from benchmarks.aws.wire import Plan
from ebs_backup import ec2, handler, run, steps
from ebs_backup.settings import Settings
from tests.faults import instance
from tests.faults.clock import VirtualClock

CALL_SECONDS = 0.25  # that every call takes: no two snapshots start at once
TIME_LIMIT = 900.0
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """What came of one invocation: an answer, an exception or a killed process; and what AWS saw of it."""

    answer: dict[str, Any] | None = None
    raised: Exception | None = None
    began: float
    ended: float
    until: float  # then Lambda ends it
    calls: Sequence[Call] = ()
    mails: Sequence[MailRecord] = ()
    alone: bool = True  # else the calls and mails of another delivery are among these

    @property
    def went_on(self) -> bool:
        """Tell whether the function sent an event to itself, or tried to."""
        return any(each.action == "Invoke" for each in self.calls)

    @property
    def killed(self) -> bool:
        """Tell whether the process died."""
        return self.answer is None and self.raised is None


@dataclass(slots=True, kw_only=True)
class Function:
    """A deployed function: `invoke` it with a plan of faults."""

    endpoint: Endpoint
    clock: VirtualClock
    _measuring: threading.Lock = field(default_factory=threading.Lock)

    def invoke(
        self,
        event: object,
        *,
        plan: Plan | None = None,
        seconds: float = TIME_LIMIT,
        request: str = "request-1",
    ) -> Invocation:
        """Deliver the event once, and what the function then sends to itself; gives the first's time, the last's end.

        What the function has sent to itself stays queued when it is killed there: Lambda tries it again.
        """
        service = self._serve(plan)
        queued, mails = service.account.queued, len(service.account.mails)
        invocation = self._call(event, seconds, request)
        while queued and not invocation.killed:
            further = self._call(json.loads(queued[0]), seconds, f"{request}+")
            invocation = replace(further, began=invocation.began)
            if not invocation.killed:
                queued.pop(0)
        return replace(invocation, calls=service.calls, mails=service.account.mails[mails:])

    def invoke_twice_at_once(self, event: object, *, plan: Plan | None = None) -> list[Invocation]:
        """Deliver the event to two instances at the same moment; each sees the calls and mails of both."""
        service = self._serve(plan)
        mails = len(service.account.mails)
        done: list[Invocation] = []
        threads = [
            threading.Thread(target=lambda: done.append(self._call(event, TIME_LIMIT, "request-1")))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sent = service.account.mails[mails:]
        return [replace(each, calls=service.calls, mails=sent, alone=False) for each in done]

    def _serve(self, plan: Plan | None) -> Service:
        account = self.endpoint.service.account
        self.endpoint.service = Service(
            account=account, plan=plan or {}, tick=lambda: self.clock.advance(CALL_SECONDS)
        )
        return self.endpoint.service

    def _call(self, event: object, seconds: float, request: str) -> Invocation:
        began = self.clock()
        context: Any = _context(self.clock, began + seconds, request)
        answer, raised = None, None
        try:
            answer = handler.handler(event, context)
            json.dumps(answer)
        except instance.KilledError:
            pass
        except Exception as error:  # noqa: BLE001 - Lambda takes any
            raised = error
        return Invocation(
            answer=answer, raised=raised, began=began, ended=self.clock(), until=began + seconds
        )

    def measure(self, *args: Any) -> None:  # noqa: ANN401 - as the handler's own
        """Emit metrics one at a time: two instances share no memory, these two threads do."""
        with self._measuring:
            _MEASURE(*args)


_MEASURE = handler._measure


@contextmanager
def deployed(
    endpoint: Endpoint, clock: VirtualClock, settings: Settings, *, workers: int, seed: int = 0
) -> Iterator[Function]:
    """Deploy the function against the endpoint, with time under our control and its jitter by seed."""
    function = Function(endpoint=endpoint, clock=clock)
    environment = ENVIRONMENT | settings.to_env(topic_arn=TOPIC) | {"AWS_ENDPOINT_URL": endpoint.url}
    replaced = (
        (handler, "time", clock),
        (handler, "Ec2", partial(ec2.Ec2, clock=clock)),
        (handler, "_measure", function.measure),
        (run, "side_by_side", partial(steps.side_by_side, clock=clock, sleep=clock.sleep)),
        (run, "WORKERS", workers),
        (ec2, "random", random.Random(seed)),  # noqa: S311 - not a secret
        (botocore.endpoint, "time", clock),
    )
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, environment))
        for module, name, value in replaced:
            stack.enter_context(patch.object(module, name, value))
        instance.warm(endpoint)
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
