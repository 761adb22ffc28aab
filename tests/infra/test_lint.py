"""cfn-lint, which knows the resources' schemas, finds nothing in any template that the settings can make."""

from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from infra.stack import BackupStack
from tests.infra.conftest import ROOT, planned

KEY = "arn:aws:kms:eu-west-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef"
REGIONS = ["eu-west-1", "us-gov-west-1"]
SETS = {"backup_sets": {"web": {}, "db": {"dashboard": False}}, "regions": REGIONS}


def templates(tmp_path: Path, **context: Any) -> dict[str, str]:  # noqa: ANN401 - as loose as a context is
    """Synthesize every stack of these settings, as the app does."""
    app = App(outdir=str(tmp_path))
    for target in planned(**context):
        BackupStack(app, target, function=ROOT / "lambda", account="111122223333")
    app.synth()
    return {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.template.json")}


def found_in(text: str) -> list[str]:
    # W3005: the CDK lets a function wait for its role twice; no harm.
    config = ManualArgs(regions=REGIONS, ignore_checks=["W3005"])
    return [str(found) for found in lint(text, config=config)]


@pytest.mark.filterwarnings("default")  # of cfn-lint's own
@pytest.mark.parametrize(
    ("context", "count"), [({}, 1), ({"kms_key_arn": KEY}, 1), ({"recycle_days": 7}, 1), (SETS, 4)]
)
def test_cfn_lint_finds_nothing(tmp_path: Path, context: dict[str, object], count: int) -> None:
    made = templates(tmp_path, **context)

    assert len(made) == count
    assert [found for text in made.values() for found in found_in(text)] == []


@pytest.mark.filterwarnings("default")
def test_cfn_lint_finds_what_is_wrong(tmp_path: Path) -> None:
    (text,) = templates(tmp_path).values()

    assert found_in(text.replace('"Timeout": 900', '"Timeout": 901'))
