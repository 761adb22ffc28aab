"""What other policies would allow: it asks the emulator's own authorization, without doing anything.

`ask` runs this module once in the emulator's interpreter, for as many policies and requests as there are. There each
request takes the steps that ministack takes before it serves one. Nothing is served.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from emulator.clock import VARIABLE
from emulator.server import ACCOUNT, PYTHON, REGION, ROOT

Policies = Sequence[Mapping[str, Any]]  # the documents of one role
Request = Mapping[str, Any]  # method, url, headers, body; keys: what a calling service adds to the conditions
Tags = Mapping[str, Mapping[str, Mapping[str, str]]]  # of volumes and snapshots, by region and id
ROLE, KEY = "judged", "ASIAJUDGED"
SECONDS = 120


def ask(roles: Mapping[str, Policies], requests: Mapping[str, Request], tags: Tags) -> dict[str, set[str]]:
    """Return for each role the names of the requests that it may make."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(  # noqa: S603 - our own words
            [PYTHON, "-m", "emulator.judge"],
            input=json.dumps({"roles": roles, "requests": requests, "tags": tags}),
            env={
                "PYTHONPATH": str(ROOT),
                "PYTHONDONTWRITEBYTECODE": "1",
                "HOME": folder,
                VARIABLE: str(Path(folder) / "clock"),
                "MINISTACK_REGION": REGION,
                "MINISTACK_ACCOUNT_ID": ACCOUNT,
                "AUTH": "true",
            },
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
    if done.returncode != 0:
        raise RuntimeError(f"the judge ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    return {role: set(passed) for role, passed in json.loads(done.stdout).items()}


def _answer(asked: Mapping[str, Any]) -> dict[str, list[str]]:
    from ministack.core import responses  # noqa: PLC0415 - it is in the emulator's interpreter alone
    from ministack.services import ec2, iam, sts  # noqa: PLC0415 - as above

    for region, resources in asked["tags"].items():
        responses.set_request_region(region)
        for resource, tags in resources.items():
            ec2._tags[resource] = [{"Key": key, "Value": value} for key, value in tags.items()]
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/judge"
    sts.register_session(KEY, {"Arn": arn, "UserId": ROLE, "SecretAccessKey": "secret"})
    answer = {}
    for name, policies in asked["roles"].items():
        documents = {str(number): document for number, document in enumerate(policies)}
        iam._roles[ROLE] = {"RoleName": ROLE, "InlinePolicies": documents}
        answer[name] = [name for name, request in asked["requests"].items() if _passes(request)]
    return answer


def _passes(request: Request) -> bool:
    """Ask as ministack's own dispatcher does, up to where it would serve the request."""
    from ministack.core import iam_actions, iam_evaluator, responses, router  # noqa: PLC0415 - as above

    url = urlsplit(request["url"])
    method, headers, body = request["method"], request["headers"], request["body"].encode()
    params = parse_qs(url.query) | parse_qs(body.decode() if b"Action=" in body else "")
    service = router.detect_service(method, url.path, headers, params)
    region = router.extract_region(headers)
    responses.set_request_region(region)
    action = iam_actions.extract_iam_action(service, method, url.path, headers, body, params)
    resource = iam_actions.extract_resource_arn(
        service, method, url.path, headers, body, params, region, ACCOUNT
    )
    keys = iam_actions.request_tag_context(service, action, body, params) | request["keys"]
    refusal = iam_evaluator.enforce(KEY, action, service, region, resource_arn=resource, service_context=keys)
    if isinstance(refusal, iam_evaluator.AuthError):
        raise RuntimeError(f"{action} was not judged: {refusal.message}")  # noqa: TRY004 - not a wrong type of ours
    return refusal is None


if __name__ == "__main__":
    from emulator import launch

    launch.patch()
    print(json.dumps(_answer(json.load(sys.stdin))))  # noqa: T201 - the answer goes to whoever asked
