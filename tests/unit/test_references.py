"""What the docs refer to exists: every link, anchor, file and make target that they name."""

import re
from pathlib import Path

import pytest

from tests.unit.test_habits import made, targets

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".github").rglob("*.md")})
# What a command makes, or a person: it is not in the repository.
NOT_OURS = {"answer.json", "settings.toml", "queue.json", "target.json", "trust.json", "permissions.json"} | {
    "policy.json",
    "pattern.json",
    "config.py",
    "cron-primer.sh",
    "uv.toml",
    "makesnapshots.py",
}
COMING = {"docs/command.md"}  # written with the adopt command
FOLDERS = (
    "",
    "lambda",
    "lambda/ebs_backup",
    "tests",
    "infra",
    "infra/settings",
    "tests/infra",
    "tests/infra/settings",
)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def prose(page: Path) -> str:
    """Return the page without its blocks of code."""
    return re.sub(r"^```.*?^```|^ {4}.*?$", "", text_of(page), flags=re.DOTALL | re.MULTILINE)


def anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    return {anchor(heading) for heading in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)}


def broken(page: Path) -> list[str]:
    """Return the links of a page that lead nowhere; those to other sites are not followed."""
    links = re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", prose(page))
    wrong = []
    for link in (markdown or html for markdown, html in links):
        path, _, fragment = link.partition("#")
        target = page.parent / path if path else page
        if re.match(r"[a-z]+:", link) or link in COMING:
            continue
        if not target.exists() or (fragment and fragment not in anchors(target)):
            wrong.append(link)
    return wrong


def named_files(page: Path) -> set[str]:
    """Return the paths of files that a page names as code."""
    names = re.findall(r"`([\w./-]+\.(?:py|md|toml|sh|json|yml|svg|in))`", prose(page))
    return {name for name in names if name not in NOT_OURS and not name.startswith(".venv")}


def is_there(name: str, page: Path) -> bool:
    places = (page.parent, *(ROOT / folder for folder in FOLDERS))
    return any((place / name).exists() for place in places)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_page_and_a_heading(page: Path) -> None:
    assert broken(page) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    assert [name for name in sorted(named_files(page)) if not is_there(name, page)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    commands = re.findall(r"(?:`|^ +)(make [a-z -]+)", text_of(page), re.MULTILINE)

    assert {target for command in commands for target in made(command)} <= targets()


def test_a_link_to_no_heading_or_no_page_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A page\n[good](#a-page) [bad](#b-page) [bad](other.md) [far](https://example.com/x)\n")

    assert broken(page) == ["#b-page", "other.md"]


def test_every_decision_that_the_code_cites_exists() -> None:
    sources = (
        path
        for folder in ("lambda", "infra", "cli", "fake_aws", "emulator")
        for path in (ROOT / folder).rglob("*.py")
    )
    cited = {number for path in sources for number in re.findall(r"decisions/(\d{4})", text_of(path))}

    assert cited
    assert cited <= {path.name[:4] for path in (ROOT / "docs/decisions").glob("[0-9]*.md")}
