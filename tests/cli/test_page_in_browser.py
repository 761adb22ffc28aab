"""The page in a real browser: it fits a phone, sorts and finds, and runs no script that a name contains."""

import re
import subprocess
from pathlib import Path
from shutil import which

import pytest

from ebs_backup_cli.pictures.page_html import document
from ebs_backup_cli.pictures.survey import survey
from tests.cli.estate import NOW, SCRIPT, estate
from tests.unit.builders import settings

BROWSER = which("chromium") or which("chromium-browser")
pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="no Chromium is installed (Debian: apt install chromium)"
)
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=5000",
)
# Tells its answer in the page's title, which is read from the DOM.
PROBE = (
    "<script>window.addEventListener('load', () => {{ document.title = String({question}) }})</script></body>"
)
TEXT = document(survey(estate(), settings(), region="eu-west-1", now=NOW))


def answer(folder: Path, question: str, *, width: int = 1200, text: str = TEXT) -> str:
    """Open the page in a window of this width; return what a JavaScript expression gives there."""
    file = folder / "page.html"
    file.write_text(text.replace("</body>", PROBE.format(question=question)), "utf-8")
    done = subprocess.run(  # noqa: S603 - our own words
        [
            str(BROWSER),
            *QUIET,
            f"--user-data-dir={folder / 'profile'}",
            f"--window-size={width},900",
            "--dump-dom",
            file.as_uri(),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found = re.search(r"<title>(.*?)</title>", done.stdout)
    assert found, done.stdout[:500]
    return found[1]


def first(count: int) -> str:
    return f"[...document.querySelectorAll('tbody tr b')].slice(0, {count}).map(name => name.textContent)"


def test_the_page_is_no_wider_than_a_phone(tmp_path: Path) -> None:
    wide = "[innerWidth, document.documentElement.scrollWidth]"

    shown, needed = map(int, answer(tmp_path, wide, width=390).split(","))

    assert shown <= 500  # the least that some builds of Chromium allow
    assert needed <= shown


def test_a_name_runs_nothing(tmp_path: Path) -> None:
    told = answer(tmp_path, "document.scripts.length + ' ' + document.body.textContent.includes('alert(1)')")

    assert told == "2 true"  # the page's own, and the probe
    assert SCRIPT.replace("<", "&lt;").replace(">", "&gt;") in TEXT


def test_volumes_are_sorted_by_a_click_and_the_other_way_round_by_another(tmp_path: Path) -> None:
    click = "document.querySelector('[data-key=name]').click()"

    once = answer(tmp_path, f"({click}, {first(2)})")
    twice = answer(tmp_path, f"({click}, {click}, {first(2)})")

    assert once == "&lt;script&gt;alert(1)&lt;/script&gt;,db-1 data (stopped)"
    assert twice == "web-7 data,web-6 data"


def test_a_volume_is_found_by_a_part_of_its_name(tmp_path: Path) -> None:
    typed = (
        "(input => (input.value = 'ARCH', input.dispatchEvent(new Event('input')),"
        " [...document.querySelectorAll('tbody tr')].filter(row => row.offsetHeight).map(row => row.cells[0]"
        ".querySelector('b').textContent)))(document.querySelector('input'))"
    )

    assert answer(tmp_path, typed) == "log &amp; archive"


def test_the_page_follows_a_dark_browser(tmp_path: Path) -> None:
    dark = "matchMedia('(prefers-color-scheme: dark)').matches + ' ' + getComputedStyle(document.body).backgroundColor"

    assert answer(tmp_path, dark) in ("false rgb(255, 255, 255)", "true rgb(13, 17, 23)")
    assert "prefers-color-scheme: dark" in TEXT


def test_a_thousand_volumes_stay_a_page(tmp_path: Path) -> None:
    text = document(survey(estate(1000), settings(), region="eu-west-1", now=NOW))

    assert len(text) < 4_000_000
    assert answer(tmp_path, "document.querySelectorAll('tbody tr').length", text=text) == "1006"
