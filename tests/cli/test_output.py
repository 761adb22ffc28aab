"""What becomes of the output: pipes that are closed, a full disk, and terminals without the letters of a name."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.conftest import ROOT

NAME = "Größe 漢字.toml"


def start(folder: Path, *arguments: str, stdout: int, **environment: str) -> "subprocess.Popen[bytes]":
    """Start the command where there is no AWS at all."""
    (folder / NAME).write_text("keep_day = 7\n", "utf-8")
    own = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT / 'lambda'}:{ROOT / 'cli'}:{ROOT}",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": str(folder),
    }
    return subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-m", "ebs_backup_cli", "simulate", "--settings", NAME, *arguments],
        env=own | environment,
        cwd=folder,
        stdout=stdout,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("arguments", [(), ("--json",)], ids=["text", "json"])
def test_a_reader_that_has_seen_enough_is_no_problem_of_the_backups(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)

    with start(tmp_path, "--days", "3660", *arguments, stdout=writing) as process:
        os.close(writing)
        _, err = process.communicate()

    assert (process.returncode, err) == (0, b"")


@pytest.mark.parametrize("arguments", [(), ("--json",)], ids=["text", "json"])
def test_a_full_disk_is_a_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    full = os.open("/dev/full", os.O_WRONLY)

    with start(tmp_path, *arguments, stdout=full) as process:
        os.close(full)
        _, err = process.communicate()

    assert process.returncode == 2
    assert err.decode() == "ebs-backup: The output cannot be written: No space left on device.\n"


def test_letters_that_the_terminal_lacks_are_question_marks(tmp_path: Path) -> None:
    with start(tmp_path, stdout=subprocess.PIPE, PYTHONIOENCODING="ascii") as process:
        out, err = process.communicate()

    assert (process.returncode, err) == (0, b"")
    assert out.decode("ascii").splitlines()[0] == "With the settings of Gr??e ??.toml."


def test_json_is_the_same_document_in_any_encoding(tmp_path: Path) -> None:
    documents = []
    for encoding in ("ascii", "latin-1", "utf-8"):
        with start(tmp_path, "--json", stdout=subprocess.PIPE, PYTHONIOENCODING=encoding) as process:
            out, _ = process.communicate()
        documents.append(json.loads(out.decode(encoding)))

    assert documents[0] == documents[1] == documents[2]
    assert documents[0]["settings"] == f"the settings of {NAME}"
