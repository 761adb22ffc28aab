"""The function's zip: what is in it, and that it is the same wherever and by whomever it is made."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from aws_cdk import FileSystem

from infra import bundle as bundling
from infra.bundle import LOCK, SOURCES, BundleError, bundle
from tests.infra.conftest import ROOT
from tests.infra.disturbing import PIP, UV

OTHER_PYTHON = ROOT / ".emulator" / "bin" / "python"


def test_the_zip_holds_the_sources_and_exactly_the_locked_packages() -> None:
    made = bundle()

    locked = set(re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE))
    parts = [re.split(r"-(?=\d)", path.name.removesuffix(".dist-info")) for path in made.glob("*.dist-info")]
    assert {(name.replace("_", "-").lower(), version) for name, version in parts} == locked
    for source in SOURCES.rglob("*.py"):
        assert (made / "ebs_backup" / source.relative_to(SOURCES)).read_bytes() == source.read_bytes()
    assert {path.suffix for path in (made / "ebs_backup").rglob("*") if path.is_file()} == {".py"}
    assert not list(made.rglob("__pycache__"))


def test_the_zip_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = bundle()

    def fail(*_: object, **__: object) -> None:
        pytest.fail("a process was started again")

    monkeypatch.setattr(subprocess, "run", fail)

    assert bundle() == made


def test_packages_that_cannot_be_installed_stop_the_synth_and_leave_nothing(tmp_path: Path) -> None:
    lock = tmp_path / "lambda.txt"
    lock.write_text("boto3==0.0.0 --hash=sha256:" + "0" * 64 + "\n", encoding="utf-8")

    with pytest.raises(BundleError, match="could not be installed"):
        bundle(tmp_path / "build", lock)

    assert not list((tmp_path / "build").iterdir())


def test_two_synths_at_once_make_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor() as both:
        one, other = both.map(bundle, [tmp_path, tmp_path])

    assert list(tmp_path.iterdir()) == [one]
    assert one == other


def tree(folder: Path) -> dict[str, tuple[str, str]]:
    """Return mode and contents of everything in a folder."""
    return {
        path.relative_to(folder).as_posix(): (
            oct(path.stat().st_mode),
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in (folder, *folder.rglob("*"))
    }


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a bundle as this machine is set up."""
    return bundle(tmp_path_factory.mktemp("usual") / "build")


def test_it_is_the_same_from_another_folder_and_interpreter_under_another_umask(
    usual: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "another checkout" / "lambda" / "ebs_backup"
    with umask(0o077):
        shutil.copytree(SOURCES, copy)
        (copy / "run.py").chmod(0o700)
        (copy / "notes.txt~").write_text("left by an editor", encoding="utf-8")
        monkeypatch.setattr(bundling, "SOURCES", copy)
        monkeypatch.setattr(sys, "executable", str(OTHER_PYTHON))
        made = bundle(tmp_path / "build")

    assert made.name == usual.name
    assert tree(made) == tree(usual)
    assert FileSystem.fingerprint(str(made)) == FileSystem.fingerprint(str(usual))


def test_everybody_may_read_everything(usual: Path) -> None:
    """Lambda reads the files as another user than the one who made them."""
    modes = {(path.is_dir(), oct(path.stat().st_mode & 0o777)) for path in (usual, *usual.rglob("*"))}

    assert modes == {(True, "0o755"), (False, "0o644")}


def test_nothing_in_it_tells_where_it_was_made(usual: Path) -> None:
    places = {str(ROOT).encode(), sys.prefix.encode()}

    assert not [
        path for path in usual.rglob("*") if path.is_file() and any(at in path.read_bytes() for at in places)
    ]
    assert not list(usual.glob("*.dist-info/RECORD"))


def test_settings_of_pip_and_uv_do_not_disturb_it(
    usual: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (PIP | UV).items():
        monkeypatch.setenv(name, value)

    assert tree(bundle(tmp_path / "build")) == tree(usual)


def test_a_change_in_a_sub_folder_makes_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "ebs_backup"
    (copy / "aws").mkdir(parents=True)
    monkeypatch.setattr(bundling, "SOURCES", copy)
    names = []
    for text in ("one = 1", "one = 2"):
        (copy / "aws" / "ec2.py").write_text(text, encoding="utf-8")
        names.append(bundling._fingerprint(LOCK))

    assert names[0] != names[1]
