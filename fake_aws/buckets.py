"""EC2's request throttling: a token bucket for each action."""

from dataclasses import dataclass

# https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
WRITES = (100, 5.0)  # tokens, tokens a second: CreateSnapshot and DeleteSnapshot, each its own
LISTS = (100, 20.0)  # Describe* with a filter or paging


@dataclass(slots=True)
class Bucket:
    """A bucket that starts full."""

    capacity: float
    rate: float
    _tokens: float = -1
    _at: float = 0

    def take(self, now: float) -> bool:
        """Take one token, if there is one; `now` is in seconds."""
        if self._tokens < 0:
            self._tokens, self._at = self.capacity, now
        self._tokens = min(self.capacity, self._tokens + (now - self._at) * self.rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def ec2_buckets() -> dict[str, Bucket]:
    """Return the buckets of the actions that a backup uses, full."""
    writes = {action: Bucket(*WRITES) for action in ("CreateSnapshot", "DeleteSnapshot")}
    return writes | {action: Bucket(*LISTS) for action in ("DescribeVolumes", "DescribeSnapshots")}
