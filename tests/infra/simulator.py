"""An evaluator of IAM policies that we did not write: `cloud-copilot/iam-simulate` (docs/decisions/0011).

One node process answers a list of questions. It refuses to answer where AWS does not know a policy, an action, an ARN
or a condition key.
"""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from shutil import which
from typing import Any

from tests.infra.conftest import ROOT
from tests.infra.documents import ACCOUNT

SCRIPT = Path(__file__).with_name("simulate.cjs")
SECONDS = 120
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """May this principal do this? A principal without policies of its own (None) is an administrator.

    `controls`: the service control policies above it; `own`: the resource's own policy.
    """

    principal: str
    action: str
    resource: str
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    account: str = ACCOUNT
    identity: Sequence[Document] | None = None
    controls: Sequence[Document] = ()
    own: Document | None = None


def allowed(questions: Sequence[Question]) -> list[bool]:
    """Answer all questions in one go; a condition key that it would not look at is an error."""
    node = which("node")
    assert node, "node is not installed"
    done = subprocess.run(  # noqa: S603 - our own script
        [node, str(SCRIPT)],
        input=json.dumps([asdict(question) for question in questions]),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    if done.returncode != 0:
        raise RuntimeError(f"the evaluator refused: {done.stderr.strip()[:2000]}")
    answers = json.loads(done.stdout)
    ignored = [
        (question.action, question.resource, answer["ignored"])
        for question, answer in zip(questions, answers, strict=True)
        if answer["ignored"]
    ]
    assert not ignored, ignored
    return [answer["result"] == "Allowed" for answer in answers]
