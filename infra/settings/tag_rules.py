"""What EC2 and IAM take as a tag, and which tags an operator may choose. Pure."""

import json
import re
from collections.abc import Mapping

_NOT_AWS, _NOT_OURS = "(?i:(?!aws:))", "(?i:(?!ebs-backup:))"
# The selector goes into the role's conditions: ${ starts a variable there, and a policy holds no character beyond
# U+00FF (botocore's policyDocumentType).
_LATIN = r"(?:(?!\$\{)[\x20-\x7e\xa0-\xff])"
SELECTOR = "characters from U+0020 to U+00FF without control characters or ${, and not begin with aws:"
SELECTOR_NAME = rf"{_NOT_AWS}{_NOT_OURS}{_LATIN}{{1,128}}"
SELECTOR_VALUE = rf"{_NOT_AWS}{_LATIN}{{0,256}}"

# All characters that EC2's XML answers can return and that keep a text on one line.
_ANY = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]"
_KEY, _VALUE = rf"{_NOT_AWS}{_NOT_OURS}{_ANY}{{1,128}}", rf"{_NOT_AWS}{_ANY}{{0,256}}"
KEYS = "none of which begins with aws: or ebs-backup:"
TABLE = f"at most 20 tags (keys of 1 to 128, values of at most 256 characters; not Name), {KEYS}"
# In a comma-separated text these are a mistyped true or false; a list may have them as tag keys.
_MISTYPED = frozenset({"", "true", "false", "yes", "no", "on", "off", "none", "all", "0", "1"})


def keys(value: object) -> tuple[str, ...] | None:
    """Read a list of tag keys, its JSON, or a comma-separated text; None if it is none of these."""
    listed = from_json(value)
    if isinstance(listed, str) and listed.strip().lower() not in _MISTYPED:
        listed = [key.strip() for key in listed.split(",")]
    if not isinstance(listed, list | tuple) or not all(_fits(_KEY, key) for key in listed):
        return None
    return tuple(dict.fromkeys(listed))


def table(value: object) -> dict[str, str] | None:
    """Read a table of tags for a snapshot, or its JSON; None if EC2 or this tool would not take it."""
    tags = from_json(value)
    if not isinstance(tags, Mapping) or len(tags) > 20:
        return None
    taken = all(_fits(_KEY, key) and key.lower() != "name" and _fits(_VALUE, tags[key]) for key in tags)
    return dict(tags) if taken else None


def _fits(pattern: str, text: object) -> bool:
    return isinstance(text, str) and re.fullmatch(pattern, text) is not None


def from_json(value: object) -> object:
    """Return a list or table that comes as text, from `-c` or the environment; anything else is returned as it is."""
    if not isinstance(value, str) or value.strip()[:1] not in {"[", "{"}:
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None
