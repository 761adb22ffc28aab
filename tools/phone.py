"""Draws docs/mail-on-a-phone.svg from a golden mail: `make phone`."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from textwrap import wrap

MAIL = Path("tests/unit/golden/overdue.txt")
PICTURE = Path("docs/mail-on-a-phone.svg")
COLUMNS, LINES = 46, 50  # of a phone
LETTER, LINE = 7.8, 17  # pixels: the advance of a monospaced font of 13 px, and the height of a line
MARGIN, HEAD = 26, 64
WIDTH = round(COLUMNS * LETTER + 2 * MARGIN)
HEIGHT = HEAD + (LINES + 5) * LINE
INK, FAINT, ALARM = "#1f2328", "#6a737d", "#b3261e"
BLOCKS = ("NOW", "TOMORROW", "DONE")
FONT = "font-family=\"'DejaVu Sans Mono', 'Liberation Mono', Menlo, Consolas, monospace\""


def main() -> None:
    """Write the picture."""
    PICTURE.write_text(picture(MAIL.read_text(encoding="utf-8")), encoding="utf-8")


def picture(mail: str) -> str:
    """Return a phone that shows the beginning of the mail, subject first."""
    subject, _, *body = mail.removeprefix("Subject: ").splitlines()
    size = f'xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"'
    title = wrap(subject, COLUMNS - 4)
    shown = [
        line for text in body for line in (wrap(text, COLUMNS) or [""] if len(text) > COLUMNS else [text])
    ]
    lines = [
        *(_text(line, at, bold=True, size=14) for at, line in enumerate(title)),
        *_body(shown[: LINES - len(title)], len(title) + 1.5),
    ]
    return "\n".join(
        (
            f'<svg {size} viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(subject)}">',
            f'<rect x="2" y="2" width="{WIDTH - 4}" height="{HEIGHT - 4}" rx="34" fill="#fff" stroke="{INK}" stroke-width="4"/>',
            f'<rect x="{WIDTH / 2 - 40}" y="16" width="80" height="7" rx="3.5" fill="{INK}"/>',
            f"<g {FONT}>",
            *lines,
            "</g>",
            f'<rect x="{WIDTH / 2 - 60}" y="{HEIGHT - 18}" width="120" height="5" rx="2.5" fill="{FAINT}"/>',
            "</svg>\n",
        )
    )


def _body(lines: list[str], start: float) -> Iterator[str]:
    lead, row = lines.index(""), False
    for number, line in enumerate(lines):
        row = line.startswith("- ") or (row and line.startswith("  "))  # the facts of a row are faint
        colour = ALARM if number == 0 or line == "NOW" else FAINT if row and line.startswith("  ") else INK
        yield _text(line, start + number, colour=colour, bold=line.startswith(BLOCKS) or number < lead)


def _text(line: str, at: float, *, colour: str = INK, bold: bool = False, size: int = 13) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{MARGIN}" y="{HEAD + at * LINE:.0f}" font-size="{size}" fill="{colour}"{weight} xml:space="preserve">'
        f"{escape(line)}</text>"
    )


if __name__ == "__main__":
    main()
