"""`pip install '.[cli]'`: a checkout gives the command with all its imports; the function's zip has nothing of it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra import packages
from infra.bundle import bundle
from tests.infra.conftest import ROOT

PARTS = ("lambda", "cli", "infra")


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the command, installed into an environment of its own from a copy: a build leaves files behind."""
    venv, checkout = tmp_path_factory.mktemp("venv"), tmp_path_factory.mktemp("checkout")
    for part in PARTS:
        shutil.copytree(ROOT / part, checkout / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, checkout)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)  # noqa: S603 - our own words
    # What the extra asks for, at the versions that are locked.
    locked = f"--constraint={ROOT / 'requirements' / 'demo.txt'}"
    options = [f"--python={venv / 'bin' / 'python'}", locked, "--index-strategy=unsafe-best-match"]
    packages._run(
        [str(packages.uv()), "pip", "install", "--quiet", "--no-config", *options, f"{checkout}[cli]"],
        environment={**packages._others(), **packages._uv_ways(packages._pip_settings())},
    )
    return venv / "bin" / "ebs-backup"


def run(command: Path, *arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run it far from the checkout, with nothing in the environment."""
    return subprocess.run(  # noqa: S603 - our own words
        [str(command), *arguments], cwd=folder, env={}, capture_output=True, text=True, check=False
    )


def test_the_command_is_there_and_helps(command: Path, tmp_path: Path) -> None:
    done = run(command, "--help", folder=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage: ebs-backup" in done.stdout
    assert {"restore", "adopt"} <= set(done.stdout.split())


def modules(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.py")}


def test_every_module_of_the_command_and_of_what_it_uses_is_installed(command: Path) -> None:
    (there,) = command.parent.parent.glob("lib/python3.*/site-packages")

    assert modules(there / "ebs_backup_cli") == modules(ROOT / "cli" / "ebs_backup_cli")
    assert modules(there / "ebs_backup") == modules(ROOT / "lambda" / "ebs_backup")
    assert modules(there / "infra") == {f"settings/{name}" for name in modules(ROOT / "infra" / "settings")}


def test_it_reads_a_settings_file_with_no_account_at_all(command: Path, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("keep_day = 2\n", encoding="utf-8")

    done = run(command, "simulate", "--days", "30", "--settings", "settings.toml", folder=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert "keep 2" in done.stdout


def test_the_functions_zip_has_nothing_of_the_command() -> None:
    there = {path.name for path in bundle().iterdir()}

    assert "ebs_backup" in there
    assert there.isdisjoint({"ebs_backup_cli", "infra", "rich", "typer"})
