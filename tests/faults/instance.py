"""The one instance of the function in this process: its clients, which Lambda keeps from one invocation to the next.

Making clients costs more than a small run. So all worlds share them, and each begins with retries unspent, as a new
instance would.
"""

from typing import ClassVar
from weakref import WeakSet

from botocore.retries import quota

from benchmarks.aws.account import TOPIC
from benchmarks.aws.server import Endpoint
from ebs_backup import handler


class KilledError(BaseException):
    """The process is dead: nothing in the function catches this."""


class _CountedQuota(quota.RetryQuota):
    """A client's retry quota that can be found again."""

    made: ClassVar["WeakSet[_CountedQuota]"] = WeakSet()

    def __init__(self) -> None:
        super().__init__()
        self.made.add(self)


quota.RetryQuota = _CountedQuota  # type: ignore[misc, assignment]  # before any client is made
_endpoints: list[Endpoint] = []


def warm(endpoint: Endpoint) -> None:
    """Make the clients for this endpoint, or let those that there are begin anew."""
    if endpoint not in _endpoints:
        forget_clients()
        _endpoints[:] = [endpoint]
    for each in _CountedQuota.made:
        each.release(each.INITIAL_CAPACITY)


def forget_clients() -> None:
    """Let the next invocation make its session and its clients."""
    for cached, arguments in ((handler._ec2, ()), (handler._lambda, ()), (handler._sns, (TOPIC,))):
        if cached.cache_info().currsize:
            cached(*arguments).close()
        cached.cache_clear()
    handler._session.cache_clear()
    for moment in ("before-send", "response-received"):
        handler._session().events.register(moment, _die_if_killed)


def _die_if_killed(**_: object) -> None:
    """Raise what nothing catches, in whatever thread calls AWS, once a fault has killed the process."""
    if any(endpoint.service.killed for endpoint in _endpoints):
        raise KilledError
