"""Makes a release: `make release VERSION=0.2.0`.

It moves what CHANGELOG.md lists under Unreleased to the new version, writes the version to its one place, commits
and tags. It pushes nothing, and prints what is left to do.
"""

import re
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

VERSION_FILE = Path(
    "lambda/ebs_backup/__init__.py"
)  # pyproject.toml, the mail, the log and the answer read it from there
CHANGELOG = Path("CHANGELOG.md")
_VERSION = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)
_UNRELEASED = re.compile(r"^## Unreleased\n(?P<entries>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


class ReleaseError(Exception):
    """One line that says why this cannot be released now."""


def main() -> None:
    """Release the version that the command line names; exit with one line if that cannot be done."""
    if len(sys.argv) != 2:
        sys.exit("release: name the version: make release VERSION=0.2.0")
    try:
        told = release(Path.cwd(), sys.argv[1], today=datetime.now(UTC).date())
    except ReleaseError as error:
        sys.exit(f"release: {error}")
    sys.stdout.write(f"{told}\n")


def release(root: Path, version: str, *, today: date) -> str:
    """Make the release in the repository at `root`; return what is left to do. Raise ReleaseError before any change."""
    source = (root / VERSION_FILE).read_text(encoding="utf-8")
    changes = (root / CHANGELOG).read_text(encoding="utf-8")
    _check_version(version, current=version_of(source))
    _check_repository(root, tag=f"v{version}")
    (root / CHANGELOG).write_text(moved(changes, version, today=today), encoding="utf-8")
    (root / VERSION_FILE).write_text(_VERSION.sub(f'__version__ = "{version}"', source), encoding="utf-8")
    _git(
        root, "commit", "--quiet", "--message", f"Release {version}", "--", str(CHANGELOG), str(VERSION_FILE)
    )
    _git(root, "tag", "--annotate", "--message", f"Release {version}", f"v{version}")
    return (
        f"Released {version} here: a commit and the tag v{version}. Left to do:\n"
        "  make test\n"
        f"  git push --atomic origin main v{version}\n"
        f"To take it back before the push: git tag --delete v{version} && git reset --hard HEAD~1"
    )


def version_of(source: str) -> str:
    """Return the version that the one place holds; raise ReleaseError if it is not there exactly once."""
    found = _VERSION.findall(source)
    if len(found) != 1:
        raise ReleaseError(f'{VERSION_FILE} must have one line __version__ = "...", it has {len(found)}')
    return str(found[0])


def moved(changes: str, version: str, *, today: date) -> str:
    """Return the changelog, with Unreleased's entries under the version; raise ReleaseError if they are incomplete."""
    found = _UNRELEASED.search(changes)
    entries = found["entries"].strip() if found else ""
    if not found or not re.search(r"^- ", entries, re.MULTILINE):
        raise ReleaseError(f"{CHANGELOG} lists nothing under Unreleased")
    if not re.search(r"^### Upgrading\n+\S", entries, re.MULTILINE):
        raise ReleaseError(
            f"{CHANGELOG} has no section Upgrading under Unreleased; write what to do, or Nothing to do."
        )
    section = f"## Unreleased\n\n## {version} - {today:%Y-%m-%d}\n\n{entries}\n"
    rest = changes[found.end() :]
    return changes[: found.start()] + section + (f"\n{rest}" if rest else "")


def _check_version(version: str, *, current: str) -> None:
    """Refuse a text that is not a version, and a version older than the current one (which may not be released yet)."""
    if not re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}", version, re.ASCII):
        raise ReleaseError(f"a version is three numbers, such as 0.2.0, got {version!r}")
    if _parts(version) < _parts(current):
        raise ReleaseError(f"{version} is older than the current version {current}")


def _parts(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _check_repository(root: Path, *, tag: str) -> None:
    if (branch := _git(root, "branch", "--show-current")) != "main":
        raise ReleaseError(f"a release is made on main, this is {branch or 'no branch'}")
    if _git(root, "status", "--porcelain"):
        raise ReleaseError("the work tree has changes that are not committed")
    if _git(root, "tag", "--list", tag):
        raise ReleaseError(f"the tag {tag} is there already")


def _git(root: Path, *words: str) -> str:
    """Run git and return what it prints; raise ReleaseError with what it says if it fails."""
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)  # noqa: S603, S607 - git, whichever the PATH has
    if done.returncode != 0:
        raise ReleaseError(f"git {words[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


if __name__ == "__main__":
    main()
