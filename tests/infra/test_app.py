"""The app as the CDK CLI runs it: refusals before anything is built, a synth without credentials, the zip."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.infra.conftest import ROOT

CDK = ROOT / "node_modules" / ".bin" / "cdk"


def synth(tmp_path: Path, text: str = "", *context: str) -> subprocess.CompletedProcess[str]:
    """Run the real CLI with these settings, in an environment with no credentials, no region and a fresh home."""
    file = tmp_path / "settings.toml"  # a settings.toml of one's own is not read
    file.write_text(text, encoding="utf-8")
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "CI": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(ROOT / "build" / "jsii"),  # else unpacked anew under each HOME
    }
    options = [part for pair in (f"settings={file}", *context) for part in ("-c", pair)]
    command = [str(CDK), "synth", "--quiet", "--no-notices", "--output", str(tmp_path / "out"), *options]
    return subprocess.run(  # noqa: S603 - our own words
        command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=300
    )


def test_it_synthesizes_without_credentials_and_warns_that_nobody_is_told(tmp_path: Path) -> None:
    done = synth(tmp_path)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "ebs-backup-default.template.json").exists()
    assert "nobody is told" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "context", "words"),
    [
        ("", "keep_week=0", "ebs-backup: keep_week must be a whole number from 1 to 1000, got 0 (-c)"),
        (
            "# a\nkeep_dya = 3",
            "keep_day=3",
            "ebs-backup: keep_dya is not a setting: did you mean keep_day? Got 3 (",
        ),
        (
            "keep_day = ",
            "keep_day=3",
            "settings.toml is not valid TOML: Invalid value (at line 1, column 12)",
        ),
        ("", "settings=nowhere.toml", "ebs-backup: nowhere.toml cannot be read: No such file or directory"),
    ],
)
def test_a_bad_setting_is_one_line_and_builds_nothing(
    tmp_path: Path, text: str, context: str, words: str
) -> None:
    done = synth(tmp_path, text, context)

    (line,) = [line for line in done.stderr.splitlines() if line.startswith("ebs-backup:")]
    assert words in line
    assert len(done.stderr.splitlines()) <= 2  # the other one is the CLI's own
    assert done.returncode != 0
    assert not list(tmp_path.glob("out/*.template.json"))
