"""What can happen to a call on its way: faults of the network and of AWS, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto


class Reply(Enum):
    """How much of an answer arrives."""

    WHOLE = auto()
    HALF = auto()
    HEAD = auto()  # the status and a part of the headers
    NOISE = auto()  # bytes that are not HTTP
    NONE = auto()  # the connection is closed
    RESET = auto()
    NEVER = auto()  # the connection stays open


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault: whether the call is still done, and what the caller gets.

    With a `code` it gets that error, with a `page` this text, else the true answer; `reply` says how much of it
    arrives. `kills` says that the caller dies at this call: the test's client raises an exception that nothing
    catches.
    """

    name: str
    done: bool
    reply: Reply = Reply.WHOLE
    status: int = 200
    code: str = ""
    message: str = ""
    page: str | None = None
    kills: bool = False

    def __str__(self) -> str:
        return self.name


Plan = Mapping[tuple[str, int], Fault]  # (action, how many calls of it came before) -> fault

_HTML = "<html><body>An error page<br></body></html>"
_STRANGER = "<html><body>Please log in</body></html>"  # well-formed, unlike the other
# From these the caller cannot know whether the call was done.
WIRE = (
    Fault(name="dropped before it is done", done=False, reply=Reply.NONE),
    Fault(name="done, reply lost", done=True, reply=Reply.NONE),
    Fault(name="done, reply half written", done=True, reply=Reply.HALF),
    Fault(name="done, half a head written", done=True, reply=Reply.HEAD),
    Fault(name="done, reply is no HTTP", done=True, reply=Reply.NOISE),
    Fault(name="done, connection reset", done=True, reply=Reply.RESET),
    Fault(name="not done, connection reset", done=False, reply=Reply.RESET),
    Fault(name="done, reply unreadable", done=True, page="<Response><unfinished"),
    Fault(name="not done, a page of HTML with status 200", done=False, page=_HTML),
    Fault(name="done, another server's page", done=True, page=_STRANGER),
    Fault(name="not done, another server's page", done=False, page=_STRANGER),
    Fault(name="done, reply empty", done=True, page=""),
    Fault(name="not done, reply empty", done=False, page=""),
    Fault(name="500 InternalError, not done", done=False, status=500, code="InternalError"),
    Fault(name="500 InternalError, done", done=True, status=500, code="InternalError"),
    Fault(name="503 Unavailable, not done", done=False, status=503, code="Unavailable"),
    Fault(name="502, a page of HTML, done", done=True, status=502, page=_HTML),
    Fault(name="504, an empty page, done", done=True, status=504, page=""),
)
HANGS = Fault(name="no reply ever", done=True, reply=Reply.NEVER)
KILLED_BEFORE = Fault(name="killed before the call is done", done=False, reply=Reply.NONE, kills=True)
KILLED_AFTER = Fault(name="killed when the call was done", done=True, reply=Reply.NONE, kills=True)


def refused(code: str, message: str = "", *, status: int = 400) -> Fault:
    """Return an error answer: the call is not done."""
    return Fault(name=code, done=False, status=status, code=code, message=message or f"No, says {code}.")


# Certainly not done, and waiting helps.
THROTTLES = (
    refused("RequestLimitExceeded", status=503),
    refused("Throttling"),
    refused("ThrottlingException"),
)
CREATE_LIMITS = (
    refused("SnapshotCreationPerVolumeRateExceeded"),
    refused("ConcurrentSnapshotLimitExceeded"),
    refused("PendingSnapshotLimitExceeded"),
)
# Certainly not done, and waiting does not help.
REFUSALS = (
    refused("UnauthorizedOperation", status=403),
    refused("SomethingNew.NeverSeen", "A code that no list holds."),
)
CREATE_REFUSALS = (
    refused("IncorrectState"),
    refused("SnapshotLimitExceeded"),
    refused("InvalidParameterCombination", "The KMS key is disabled."),
)
DELETE_REFUSALS = (
    refused("InvalidSnapshot.InUse", "The snapshot is currently in use by ami-0123456789abcdef0"),
    refused("OperationNotPermitted", "The snapshot is locked."),
    refused("InvalidParameterValue", "This snapshot is managed by the AWS Backup service."),
)
CREATE_GONE = (refused("InvalidVolume.NotFound"),)
DELETE_GONE = (refused("InvalidSnapshot.NotFound"),)
