"""The endpoint in a separate process: it prints its address, and serves until its standard input closes.

`GET /status` returns the calls so far, `GET /truth` what the account holds in the end, `GET /queued` the next
queued invocation.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict

from benchmarks.population import judge, populate
from fake_aws.server import Endpoint
from fake_aws.service import Answer, Service

LIST_SECONDS, WRITE_SECONDS = 0.08, 0.12


class WatchedService(Service):
    """A service that also reports on itself."""

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Answer AWS's calls, and the benchmark's own."""
        if method != "GET":
            return super().answer(method, path, headers, body)
        told = {
            "/status": self._status,
            "/truth": lambda: asdict(judge(self.account)),
            "/queued": self._queued,
        }
        return Answer(body=json.dumps(told[path]()).encode(), kind="application/json")

    def _status(self) -> dict[str, object]:
        return {"calls": self.counts, "throttled": self.account.refused.total()}

    def _queued(self) -> object:
        return json.loads(self.account.queued.pop(0)) if self.account.queued else None


def latency(action: str) -> float:
    """Return the seconds that EC2 takes for a call."""
    return LIST_SECONDS if action.startswith("Describe") else WRITE_SECONDS


def main() -> None:
    """Serve one account."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--volumes", type=int, required=True)
    parser.add_argument("--buckets", action="store_true")
    options = parser.parse_args()
    account = populate(options.volumes, clock=time.time, buckets=options.buckets)
    with Endpoint(WatchedService(account=account, latency=latency, keep_calls=False)) as endpoint:
        print(endpoint.url, flush=True)  # noqa: T201 - what the parent process waits for
        sys.stdin.read()


if __name__ == "__main__":
    main()
