"""Installing: the pinned uv brings exactly what is locked, whatever pip and uv are set to.

Only the way to an index is the user's.
"""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from infra import packages
from infra.packages import PackagesError, install
from tests.infra.conftest import ROOT
from tests.infra.disturbing import PIP, UV


def one(package: str, folder: Path) -> Path:
    """Write a lock of one of the function's packages."""
    whole = (ROOT / "requirements" / "lambda.txt").read_text(encoding="utf-8")
    (found,) = re.findall(rf"^{package}==(?:.*\\\n)+.*", whole, re.MULTILINE)
    lock = folder / "one.txt"
    lock.write_text(found + "\n", encoding="utf-8")
    return lock


def fill(venv: Path, lock: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Fill a virtual environment as the Makefile does."""
    command = [sys.executable, "-m", "infra.packages", str(venv), str(lock)]
    return subprocess.run(  # noqa: S603 - our own words
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def installed(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*.dist-info")}


def no_setting_of_pip_or_uv() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}


def test_settings_of_pip_and_uv_do_not_disturb_it(tmp_path: Path) -> None:
    other_uv = tmp_path / "path" / "uv"
    other_uv.parent.mkdir()
    other_uv.write_text("#!/bin/sh\nexit 9\n", encoding="utf-8")
    other_uv.chmod(0o755)
    path = {"PATH": f"{other_uv.parent}:{os.environ['PATH']}"}

    done = fill(tmp_path / "venv", one("six", tmp_path), {**os.environ, **PIP, **UV, **path})

    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    (six,) = installed(tmp_path / "venv")
    assert six.startswith("six-")


def test_files_of_pip_and_uv_disturb_it_as_little(tmp_path: Path) -> None:
    lines = [f"{name.removeprefix('PIP_').lower().replace('_', '-')} = {it}" for name, it in PIP.items()]
    (tmp_path / "pip.conf").write_text("\n".join(["[install]", *lines]), encoding="utf-8")
    (tmp_path / "uv").mkdir()
    (tmp_path / "uv" / "uv.toml").write_text('exclude-newer = "2015-01-01"\n', encoding="utf-8")
    files = {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "XDG_CONFIG_HOME": str(tmp_path)}

    done = fill(tmp_path / "venv", one("six", tmp_path), no_setting_of_pip_or_uv() | files)

    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert len(installed(tmp_path / "venv")) == 1


def test_uv_comes_by_the_pip_of_this_python_whatever_pip_is_set_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (PIP | UV).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(packages, "TOOL", tmp_path / ".uv")

    made = packages.uv()

    said = subprocess.run([str(made), "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own
    pinned = (ROOT / "requirements" / "uv.in").read_text(encoding="utf-8").strip()
    assert pinned == "==".join(said.split()[:2])
    assert made.is_relative_to(tmp_path)


def test_a_file_of_another_hash_is_refused(tmp_path: Path) -> None:
    lock = one("six", tmp_path)
    lock.write_text(
        re.sub(r"sha256:\w+", f"sha256:{'0' * 64}", lock.read_text(encoding="utf-8")), encoding="utf-8"
    )

    done = fill(tmp_path / "venv", lock, dict(os.environ))

    (line,) = done.stderr.splitlines()
    assert line.startswith("ebs-backup: packages could not be installed: ")
    assert "ash mismatch" in line
    assert done.returncode == 1
    assert not installed(tmp_path / "venv")


def test_a_package_that_the_lock_lacks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackagesError, match="six"):
        install(
            one("python-dateutil", tmp_path), f"--target={tmp_path / 'made'}", f"--python={sys.executable}"
        )


def mirror(folder: Path) -> tuple[Path, Path]:
    """Make an index with a package that is nowhere else; return it, and a lock of the package."""
    index = folder / "simple"
    wheel = index / "only-here" / "only_here-1.0-py3-none-any.whl"
    wheel.parent.mkdir(parents=True)
    about = "only_here-1.0.dist-info"
    with ZipFile(wheel, "w") as made:
        made.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: only-here\nVersion: 1.0\n")
        made.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        made.writestr(f"{about}/RECORD", f"{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n")
    (wheel.parent / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>', encoding="utf-8")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock = folder / "lock.txt"
    lock.write_text(f"only-here==1.0 --hash=sha256:{digest}\n", encoding="utf-8")
    return index, lock


def test_a_mirror_that_only_pips_file_names_is_where_uv_looks(tmp_path: Path) -> None:
    index, lock = mirror(tmp_path)
    (tmp_path / "pip.conf").write_text(f"[global]\nindex-url = {index.as_uri()}\n", encoding="utf-8")
    file = {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}

    done = fill(tmp_path / "venv", lock, no_setting_of_pip_or_uv() | file)

    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert installed(tmp_path / "venv") == {"only_here-1.0.dist-info"}


def test_a_mirror_is_found_in_the_file_that_pip_looks_for_by_itself(tmp_path: Path) -> None:
    index, lock = mirror(tmp_path)
    (tmp_path / "home" / ".config" / "pip").mkdir(parents=True)
    file = tmp_path / "home" / ".config" / "pip" / "pip.conf"
    file.write_text(f"[global]\nindex-url = {index.as_uri()}\n", encoding="utf-8")
    home = {"HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": str(tmp_path / "home" / ".config")}

    done = fill(tmp_path / "venv", lock, no_setting_of_pip_or_uv() | home)

    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert installed(tmp_path / "venv") == {"only_here-1.0.dist-info"}


def test_where_uv_has_an_index_of_its_own_it_looks_there(tmp_path: Path) -> None:
    index, lock = mirror(tmp_path)
    variables = {"PIP_INDEX_URL": "http://127.0.0.1:1/simple", "UV_DEFAULT_INDEX": index.as_uri()}

    done = fill(tmp_path / "venv", lock, no_setting_of_pip_or_uv() | variables)

    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert installed(tmp_path / "venv") == {"only_here-1.0.dist-info"}


def test_the_rest_of_the_way_is_pips_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_RETRIES", "2")
    monkeypatch.setenv("UV_HTTP_TIMEOUT", "7")
    (tmp_path / "pip.conf").write_text(
        "[global]\nproxy = http://proxy.invalid\nretries = 9\ntimeout = 9\nindex-url = http://a.invalid\n"
        "cert = /a.pem\nuser = true\n"
        "[install]\nindex-url = http://b.invalid\nfind-links =\n    /one\n    /two\n",
        encoding="utf-8",
    )

    ways = packages._uv_ways(packages._pip_settings())

    assert ways == {
        "UV_INDEX_URL": "http://b.invalid",
        "UV_FIND_LINKS": "/one,/two",
        "UV_HTTP_RETRIES": "2",
        "UV_HTTP_TIMEOUT": "7",
        "SSL_CERT_FILE": "/a.pem",
        **dict.fromkeys(("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY"), "http://proxy.invalid"),
    }


def test_where_pip_asks_no_index_uv_asks_none(tmp_path: Path) -> None:
    index, lock = mirror(tmp_path)
    variables = {
        "PIP_NO_INDEX": "1",
        "PIP_INDEX_URL": "http://127.0.0.1:1/simple",
        "PIP_CONFIG_FILE": os.devnull,
    }

    refused = fill(tmp_path / "none", lock, no_setting_of_pip_or_uv() | variables)
    found = {**variables, "PIP_FIND_LINKS": str(index / "only-here")}
    done = fill(tmp_path / "venv", lock, no_setting_of_pip_or_uv() | found)

    assert "index lookups were disabled" in refused.stderr
    assert done.returncode == 0, done.stderr


def test_a_file_of_pip_that_cannot_be_read_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("index-url = http://a.invalid", encoding="utf-8")
    file = {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}

    done = fill(tmp_path / "venv", one("six", tmp_path), no_setting_of_pip_or_uv() | file)

    (line,) = done.stderr.splitlines()
    assert "pip.conf" in line
    assert done.returncode == 1
