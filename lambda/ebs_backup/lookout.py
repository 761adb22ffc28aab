"""What is known about this run's snapshots, and how old that knowledge may be when a create is sent (0013).

EC2 refuses a second snapshot of a volume for 15 seconds, and its listings lag behind by 5 seconds at most. So a listing
may be up to 10 seconds old when a create arrives: it shows another delivery's snapshot, or EC2 refuses this create.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from ebs_backup.model import Snapshot

FRESH = 9.0  # seconds: the create has one second more to arrive
VOLUMES_A_LOOK = 100  # EC2 takes 200 filter values a call; in 9 seconds it takes 45 creates


class Lookout:
    """Looks for snapshots of many volumes at once: those that are next. Safe for threads; times are in seconds."""

    def __init__(
        self,
        look: Callable[[Sequence[str]], Iterable[Snapshot]],
        volumes: Iterable[str],
        *,
        seen: float,
        clock: Callable[[], float],
    ) -> None:
        self._look, self._clock = look, clock
        self._lock = threading.Lock()
        self._seen = dict.fromkeys(volumes, seen)  # of those that wait for their create, in their order
        self._found: dict[str, Snapshot] = {}

    def made(self, volume_id: str, *, now: bool = False) -> Snapshot | None:
        """Return the usable snapshot that this run has of the volume; with `now`, look again in any case."""
        with self._lock:
            if now or self._clock() - self._seen.get(volume_id, float("-inf")) > FRESH:
                waiting = (waits for waits in self._seen if waits != volume_id)
                self._look_at([volume_id, *islice(waiting, VOLUMES_A_LOOK - 1)])
            # If EC2 refuses this create, its next turn comes after all others, so the next looks are for the others.
            self._seen[volume_id] = self._seen.pop(volume_id)
            return self._found.get(volume_id)

    def done(self, volume_id: str) -> None:
        """Remove a volume from those that wait."""
        with self._lock:
            self._seen.pop(volume_id, None)

    def _look_at(self, volumes: Sequence[str]) -> None:
        began = self._clock()
        for snapshot in sorted(self._look(volumes), key=lambda found: found.id, reverse=True):
            if snapshot.usable:
                self._found[snapshot.volume_id] = snapshot
        self._seen |= dict.fromkeys(volumes, began)
