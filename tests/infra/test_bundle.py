"""The function's zip: what is in it, and that it is the same wherever and by whomever it is made."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aws_cdk import FileSystem

from infra import bundle as bundling
from infra.bundle import LOCK, SOURCES, BundleError, bundle
from tests.infra.conftest import ROOT

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
        pytest.fail("pip was called again")

    monkeypatch.setattr(subprocess, "run", fail)

    assert bundle() == made


def test_packages_that_cannot_be_installed_stop_the_synth_and_leave_nothing(tmp_path: Path) -> None:
    lock = tmp_path / "lambda.txt"
    lock.write_text("boto3==0.0.0 --hash=sha256:" + "0" * 64 + "\n", encoding="utf-8")

    with pytest.raises(BundleError, match="could not be installed"):
        bundle(tmp_path / "build", lock)

    assert not list((tmp_path / "build").iterdir())


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


# What of pip's settings changes what is installed, or where.
DISTURBING = {
    "PIP_TARGET": "/nowhere",
    "PIP_PREFIX": "/nowhere",
    "PIP_ROOT": "/nowhere",
    "PIP_USER": "1",
    "PIP_REQUIREMENT": "/nowhere/requirements.txt",
    "PIP_CONSTRAINT": "/nowhere/constraints.txt",
    "PIP_EDITABLE": "/nowhere",
    "PIP_NO_BINARY": ":all:",
    "PIP_PLATFORM": "win_amd64",
    "PIP_ABI": "none",
    "PIP_IMPLEMENTATION": "pp",
    "PIP_PYTHON": "/nowhere/python",
    "PIP_PYTHON_VERSION": "3.8",
    "PIP_DRY_RUN": "1",
    "PIP_REPORT": "/nowhere/report.json",
    "PIP_COMPILE": "1",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "PIP_UPGRADE": "1",
    "PIP_PRE": "1",
}


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


def test_settings_of_pip_do_not_disturb_it(
    usual: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in DISTURBING.items():
        monkeypatch.setenv(name, value)

    assert tree(bundle(tmp_path / "build")) == tree(usual)


def test_files_of_pip_disturb_it_as_little(
    usual: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [
        f"{name.removeprefix('PIP_').lower().replace('_', '-')} = {it}" for name, it in DISTURBING.items()
    ]
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    (tmp_path / "pip.conf").write_text("\n".join(["[install]", *lines]), encoding="utf-8")

    assert tree(bundle(tmp_path / "build")) == tree(usual)


def test_the_way_to_an_index_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_RETRIES", "2")
    (tmp_path / "pip.conf").write_text(
        "[global]\nproxy = http://proxy.invalid\nretries = 9\nindex-url = http://a.invalid\nuser = true\n"
        "[install]\nindex-url = http://b.invalid\nfind-links =\n    /one\n    /two\n",
        encoding="utf-8",
    )

    environment = bundling._environment()

    kept = {name: value.split() for name, value in environment.items() if name.startswith("PIP_")}
    assert {name: kept[name] for name in ("PIP_PROXY", "PIP_RETRIES", "PIP_INDEX_URL", "PIP_FIND_LINKS")} == {
        "PIP_PROXY": ["http://proxy.invalid"],
        "PIP_RETRIES": ["2"],
        "PIP_INDEX_URL": ["http://b.invalid"],
        "PIP_FIND_LINKS": ["/one", "/two"],
    }
    assert "PIP_USER" not in kept
    assert kept["PIP_CONFIG_FILE"] == [os.devnull]


def test_a_file_of_pip_that_cannot_be_read_stops_the_synth_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    (tmp_path / "pip.conf").write_text("index-url = http://a.invalid", encoding="utf-8")

    with pytest.raises(BundleError, match=r"\Apip's settings could not be read: .*\Z"):
        bundle(tmp_path / "build")


def test_a_change_in_a_sub_folder_makes_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "ebs_backup"
    (copy / "aws").mkdir(parents=True)
    monkeypatch.setattr(bundling, "SOURCES", copy)
    names = []
    for text in ("one = 1", "one = 2"):
        (copy / "aws" / "ec2.py").write_text(text, encoding="utf-8")
        names.append(bundling._fingerprint(LOCK))

    assert names[0] != names[1]
