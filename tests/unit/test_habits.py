"""What later maintainers rely on: hooks, workflows, templates, recipes, decisions and the changelog are as they say."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
DECISIONS = ROOT / "docs" / "decisions"
YAML = sorted([*ROOT.glob(".*.yaml"), *(ROOT / ".github").rglob("*.yml")])
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# The sections of Keep a Changelog, and ours.
SECTIONS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security", "Upgrading"}
STATUS = re.compile(
    r"^Date: (?P<date>\d{4}-\d\d-\d\d)(, updated \d{4}-\d\d-\d\d( \([^)]+\))?)?\."
    r" Status: (?P<status>accepted|superseded by \d{4})[.;]",
    re.MULTILINE,
)


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def parsed(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    return yaml.safe_load(read(path))


def targets() -> set[str]:
    """Return what `make` can make."""
    return set(re.findall(r"^([a-z0-9-]+):.*## ", read(ROOT / "Makefile"), re.MULTILINE))


def made(command: str) -> list[str]:
    """Return the targets that a command names: `make lint types` has two."""
    return [word for words in re.findall(r"\bmake((?: [a-z0-9-]+)+)", command) for word in words.split()]


def strings(value: object) -> Iterator[str]:
    """Return every text of a YAML document, however deep it is."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from strings(part)
    if isinstance(value, str):
        yield value


@pytest.mark.parametrize("path", YAML, ids=lambda path: path.name)
def test_every_yaml_file_can_be_read(path: Path) -> None:
    assert isinstance(parsed(path), dict)


def test_the_hooks_run_all_of_make_check_and_nothing_else() -> None:
    (repository,) = parsed(ROOT / ".pre-commit-config.yaml")["repos"]
    check = re.findall(r"^check: .*\n\t.* --jobs=3 (.+)$", read(ROOT / "Makefile"), re.MULTILINE)[0].split()

    assert repository["repo"] == "local"  # no hook is downloaded
    assert [hook["entry"] for hook in repository["hooks"]] == [f"make {target}" for target in check]
    assert set(check) <= targets()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_workflow_runs_only_what_make_can_make(path: Path) -> None:
    named = {target for text in strings(parsed(path)["jobs"]) for target in made(text)}

    assert named
    assert named <= targets()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_commit_and_says_which_version_that_is(path: Path) -> None:
    used = re.findall(r"uses: (.+)", read(path))

    assert used
    assert [line for line in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []


def test_the_example_deploys_only_by_hand_and_only_where_a_role_is_named() -> None:
    workflow = parsed(ROOT / ".github" / "workflows" / "deploy.yml")
    (job,) = workflow["jobs"].values()

    assert workflow[True] == "workflow_dispatch"  # YAML takes the word `on` for true
    assert job["if"] == "vars.AWS_DEPLOY_ROLE != ''"
    assert (workflow["permissions"], job["permissions"]) == ({}, {"contents": "read", "id-token": "write"})


def test_every_folder_of_the_command_is_a_package_that_is_installed() -> None:
    tools = tomllib.loads(read(ROOT / "pyproject.toml"))["tool"]["setuptools"]
    folders = {
        ".".join([name, *folder.relative_to(ROOT / top).parts])
        for name, top in tools["package-dir"].items()
        for folder in {path.parent for path in (ROOT / top).rglob("*.py")}
    }

    assert set(tools["packages"]) == folders


def test_dependabot_watches_every_place_that_pins_something() -> None:
    watched = {
        (update["package-ecosystem"], update["directory"])
        for update in parsed(ROOT / ".github/dependabot.yml")["updates"]
    }

    assert watched == {("github-actions", "/"), ("npm", "/"), ("uv", "/requirements")}
    assert (ROOT / "package-lock.json").is_file()
    assert list((ROOT / "requirements").glob("*.in"))


def test_every_path_that_contributing_names_is_there() -> None:
    text = read(ROOT / "CONTRIBUTING.md")
    paths = {*re.findall(r"`((?:[\w.-]+/)+[\w.-]*)`", text), *re.findall(r"\]\(([\w./-]+)\)", text)}

    assert paths
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_every_command_that_contributing_names_is_one_that_make_knows() -> None:
    text = read(ROOT / "CONTRIBUTING.md")
    named = {
        target
        for command in re.findall(r"(?:`|^ +)(make [a-z -]+)", text, re.MULTILINE)
        for target in made(command)
    }

    assert {"lint", "test", "release"} <= named
    assert named <= targets()


def decisions() -> list[Path]:
    return sorted(DECISIONS.glob("[0-9]*.md"))


@pytest.mark.parametrize("path", decisions(), ids=lambda path: path.name)
def test_every_decision_has_its_date_and_status_under_its_title(path: Path) -> None:
    title, empty, line, *_ = read(path).splitlines()

    assert title.startswith(f"# {path.name[:4]}: ")
    assert empty == ""
    assert STATUS.match(line), line


def test_the_index_lists_every_decision_with_its_title_date_and_status() -> None:
    rows = re.findall(
        r"^\| \[(\d{4})\]\((.+?)\) \| (.+?) \| (.+?) \| (.+?) \|$",
        read(DECISIONS / "README.md"),
        re.MULTILINE,
    )
    expected = []
    for path in decisions():
        text = read(path)
        told = STATUS.search(text)
        assert told
        number, _, title = text.splitlines()[0].removeprefix("# ").partition(": ")
        expected.append((number, path.name, title, told["date"], told["status"]))

    assert rows == expected


def test_a_decision_that_is_superseded_names_one_that_is_there() -> None:
    numbers = {path.name[:4] for path in decisions()}
    told = [STATUS.search(read(path)) for path in decisions()]

    assert {status["status"][-4:] for status in told if status and status["status"] != "accepted"} <= numbers


def test_the_changelog_keeps_its_form() -> None:
    text = read(ROOT / "CHANGELOG.md")
    versions = re.split(r"^## ", text, flags=re.MULTILINE)[1:]

    assert text.startswith("# Changelog\n")
    assert versions[0].startswith("Unreleased\n")
    for version in versions[1:]:
        assert re.match(r"\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d\n", version), version.splitlines()[0]
        assert "\n### Upgrading\n" in version
    for version in versions:
        sections = re.findall(r"^### (.+)$", version, re.MULTILINE)
        assert set(sections) <= SECTIONS
        assert len(set(sections)) == len(sections)


def test_the_newest_release_is_the_version_that_stands_in_the_code() -> None:
    released = re.findall(r"^## (\d+\.\d+\.\d+) - ", read(ROOT / "CHANGELOG.md"), re.MULTILINE)
    source = read(ROOT / "lambda" / "ebs_backup" / "__init__.py")

    assert released[:1] in ([], re.findall(r'^__version__ = "(.+)"$', source, re.MULTILINE))


def test_what_git_tracks_ends_its_lines_and_files_as_editorconfig_says() -> None:
    named = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - whichever git the PATH has
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    texts = {name: (ROOT / name).read_bytes() for name in named.split("\0") if (ROOT / name).is_file()}
    wrong = [
        name
        for name, text in texts.items()
        if text
        and b"\0" not in text
        and (b"\r" in text or re.search(rb"[ \t]\n", text) or not text.endswith(b"\n"))
    ]

    assert wrong == []
