"""The page on security explains the role as it is."""

import re

from tests.infra.conftest import ROOT, statements, synthesize

KEY = "arn:aws:kms:eu-west-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef"
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def told() -> dict[str, set[str]]:
    """Return the actions that the page names for each statement."""
    rows = re.findall(r"^\| `([A-Z]\w+)` \| (.+?) \|", PAGE, re.MULTILINE)
    return {sid: set(re.findall(r"`([a-z0-9]+:\w+)`", allows)) for sid, allows in rows}


def test_the_page_on_security_explains_every_statement_with_exactly_its_actions() -> None:
    found = statements(synthesize(kms_key_arn=KEY))

    actions = {
        sid: {statement["Action"]} if isinstance(statement["Action"], str) else set(statement["Action"])
        for sid, statement in found.items()
    }
    assert told() == actions
