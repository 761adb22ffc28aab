"""A release: what it writes, commits and tags in a repository of its own, and when it refuses to."""

import subprocess
from datetime import date
from pathlib import Path

import pytest

from tools.release import CHANGELOG, VERSION_FILE, ReleaseError, moved, release

TODAY = date(2027, 1, 31)
ENTRIES = "### Added\n\n- A thing.\n\n### Upgrading\n\nNothing to do."
CHANGES = f"# Changelog\n\n## Unreleased\n\n{ENTRIES}\n\n## 0.1.0 - 2026-12-01\n\n### Added\n\n- All.\n"
SOURCE = '"""The function."""\n\n__version__ = "0.1.0"\n'


def git(root: Path, *words: str) -> str:
    who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"]
    done = subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True, text=True)  # noqa: S603, S607
    return done.stdout.strip()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a repository with a version and a changelog, whatever git's settings on this machine are."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):  # set while git runs a hook
        monkeypatch.delenv(name, raising=False)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Somebody")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "somebody@example.com")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    (tmp_path / VERSION_FILE).parent.mkdir(parents=True)
    (tmp_path / VERSION_FILE).write_text(SOURCE)
    (tmp_path / CHANGELOG).write_text(CHANGES)
    commit(tmp_path)
    return tmp_path


def commit(root: Path) -> None:
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "Change")


def test_a_release_moves_the_changes_writes_the_version_commits_and_tags(root: Path) -> None:
    told = release(root, "0.2.0", today=TODAY)

    assert (root / VERSION_FILE).read_text() == SOURCE.replace("0.1.0", "0.2.0")
    assert (root / CHANGELOG).read_text() == CHANGES.replace(
        "## Unreleased\n", "## Unreleased\n\n## 0.2.0 - 2027-01-31\n"
    )
    assert git(root, "log", "-1", "--format=%s") == "Release 0.2.0"
    assert git(root, "describe", "--exact-match") == "v0.2.0"
    assert git(root, "status", "--porcelain") == ""
    assert "git push --atomic origin main v0.2.0" in told


def test_the_first_release_is_of_the_version_that_stands_there(root: Path) -> None:
    release(root, "0.1.0", today=TODAY)

    assert (root / VERSION_FILE).read_text() == SOURCE
    assert git(root, "describe", "--exact-match") == "v0.1.0"


def test_the_way_back_that_it_prints_leads_back(root: Path) -> None:
    before = git(root, "rev-parse", "HEAD")

    told = release(root, "0.2.0", today=TODAY)
    for command in told.rpartition("push: ")[2].split(" && "):
        git(root, *command.split()[1:])

    assert git(root, "rev-parse", "HEAD") == before
    assert git(root, "tag", "--list") == ""
    assert (root / CHANGELOG).read_text() == CHANGES


@pytest.mark.parametrize("version", ["1", "0.2", "v0.2.0", "0.2.0rc1", "0.02.0", "", "0.2.0\n"])
def test_what_is_no_version_is_refused(root: Path, version: str) -> None:
    with pytest.raises(ReleaseError, match="three numbers"):
        release(root, version, today=TODAY)


def test_an_older_version_is_refused_by_its_numbers(root: Path) -> None:
    (root / VERSION_FILE).write_text(SOURCE.replace("0.1.0", "0.10.0"))
    commit(root)

    with pytest.raises(ReleaseError, match=r"0\.9\.0 is older than the current version 0\.10\.0"):
        release(root, "0.9.0", today=TODAY)


def test_a_release_is_made_from_a_clean_main_alone(root: Path) -> None:
    (root / "new.txt").write_text("not committed")
    with pytest.raises(ReleaseError, match="not committed"):
        release(root, "0.2.0", today=TODAY)

    commit(root)
    git(root, "checkout", "--quiet", "-b", "topic")
    with pytest.raises(ReleaseError, match="made on main, this is topic"):
        release(root, "0.2.0", today=TODAY)


def test_a_version_is_released_once(root: Path) -> None:
    git(root, "tag", "v0.2.0")

    with pytest.raises(ReleaseError, match=r"v0\.2\.0 is there already"):
        release(root, "0.2.0", today=TODAY)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ("# Changelog\n", "lists nothing under Unreleased"),
        (CHANGES.replace(ENTRIES, ""), "lists nothing under Unreleased"),
        (CHANGES.replace("- A thing.", ""), "lists nothing under Unreleased"),
        (CHANGES.replace("### Upgrading\n\nNothing to do.", ""), "no section Upgrading"),
        (CHANGES.replace("Nothing to do.", ""), "no section Upgrading"),
    ],
)
def test_a_release_without_changes_or_an_upgrade_note_is_refused_and_changes_nothing(
    root: Path, changes: str, why: str
) -> None:
    (root / CHANGELOG).write_text(changes)
    commit(root)

    with pytest.raises(ReleaseError, match=why):
        release(root, "0.2.0", today=TODAY)

    assert git(root, "status", "--porcelain") == ""
    assert git(root, "tag", "--list") == ""


@pytest.mark.parametrize("source", ["", SOURCE * 2])
def test_a_version_that_does_not_stand_in_one_place_is_refused(root: Path, source: str) -> None:
    (root / VERSION_FILE).write_text(source)
    commit(root)

    with pytest.raises(ReleaseError, match="must have one line"):
        release(root, "0.2.0", today=TODAY)


def test_the_first_version_of_all_becomes_the_end_of_the_changelog() -> None:
    changes = f"# Changelog\n\n## Unreleased\n\n{ENTRIES}\n"

    assert moved(changes, "0.1.0", today=TODAY) == (
        f"# Changelog\n\n## Unreleased\n\n## 0.1.0 - 2027-01-31\n\n{ENTRIES}\n"
    )
