"""The one instance of the function in this process: its clients, which Lambda keeps from one invocation to the next.

Making clients costs more than a small run. So all worlds share them, and each begins with retries unspent and nothing
remembered, as a new instance would.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakSet

from botocore.retries import quota

from ebs_backup import handler
from fake_aws.account import TOPIC
from fake_aws.server import Endpoint
from fake_aws.service import CALLER

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest

caller: ContextVar[str] = ContextVar("caller", default="")  # the delivery that a thread works for


class KilledError(BaseException):
    """The process is dead: nothing in the function catches this."""


class _CountedQuota(quota.RetryQuota):
    """A client's retry quota that can be found again."""

    made: ClassVar["WeakSet[_CountedQuota]"] = WeakSet()

    def __init__(self) -> None:
        super().__init__()
        self.made.add(self)


quota.RetryQuota = _CountedQuota  # type: ignore[misc, assignment]  # before any client is made


class _Instance:
    """What the clients of all worlds talk to now, and how long a call is under way."""

    endpoint: Endpoint | None = None
    travel: Callable[[], None] = staticmethod(lambda: None)


def warm(endpoint: Endpoint, travel: Callable[[], None]) -> None:
    """Make the clients for this endpoint, or let the existing ones begin anew; each call waits for `travel` first."""
    if endpoint is not _Instance.endpoint:
        forget_clients()
    _Instance.endpoint, _Instance.travel = endpoint, staticmethod(travel)
    restart()
    for counted in _CountedQuota.made:
        counted.release(counted.INITIAL_CAPACITY)


def restart() -> None:
    """Forget what an instance remembers between two invocations, except the clients."""
    handler._untold.clear()


def forget_clients() -> None:
    """Let the next invocation make its session and its clients."""
    topic = (TOPIC,)
    for cached, arguments in (
        (handler._ec2, ()),
        (handler._lambda, ()),
        (handler._sns, topic),
        (handler._quick_sns, topic),
    ):
        if cached.cache_info().currsize:
            cached(*arguments).close()
        cached.cache_clear()
    handler._session.cache_clear()
    events = handler._session().events
    events.register("before-send", _send)
    events.register("response-received", _die_if_killed)


def _send(request: "AWSPreparedRequest", **_: Any) -> None:  # noqa: ANN401 - botocore's own
    request.headers[CALLER] = caller.get()
    _Instance.travel()
    _die_if_killed()


def _die_if_killed(**_: object) -> None:
    """Raise what nothing catches, in any thread that calls AWS, once a fault has killed its process."""
    endpoint = _Instance.endpoint
    if endpoint and caller.get() in endpoint.service.killed:
        raise KilledError
