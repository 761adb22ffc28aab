"""AWS's query protocol as EC2 speaks it: numbered parameters in, filters and pages."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import TypeVar

from fake_aws.records import RefusalError

T = TypeVar("T")
Params = Mapping[str, str]
Fields = Callable[[T, str], Iterable[str]]  # the values of an item that a filter of this name looks at

MAX_FILTERS, MAX_FILTER_VALUES = 50, 200  # of one call, all its filters together
FEWEST = 5  # EC2: MaxResults is at least 5


def numbered(params: Params, prefix: str) -> list[str]:
    """Give `Prefix.1`, `Prefix.2`, ... in order."""
    found: list[str] = []
    for number in count(1):
        value = params.get(f"{prefix}.{number}")
        if value is None:
            return found
        found.append(value)
    raise AssertionError


def filters(params: Params) -> dict[str, list[str]]:
    """Give each filter's name and patterns."""
    names = numbered({key.removesuffix(".Name"): value for key, value in params.items()}, "Filter")
    found = {name: numbered(params, f"Filter.{number}.Value") for number, name in enumerate(names, 1)}
    if not all(found.values()):
        raise RefusalError("InvalidParameterValue", "A filter needs a value")
    if len(found) > MAX_FILTERS or sum(map(len, found.values())) > MAX_FILTER_VALUES:
        raise RefusalError("FilterLimitExceeded", "A call takes 50 filters and 200 values")
    return found


def selected(items: Iterable[T], wanted: Mapping[str, Sequence[str]], fields: Fields[T]) -> list[T]:
    """Give the items that match every filter with any of its patterns."""
    matchers = [(name, _matcher_of_any(values)) for name, values in wanted.items()]

    def fits(item: T) -> bool:
        return all(any(map(matches, fields(item, name))) for name, matches in matchers)

    return [item for item in items if fits(item)]


def _matcher_of_any(patterns: Sequence[str]) -> Callable[[str], object]:
    """Return what tells whether a value matches one of these patterns; those without a wildcard cost one look-up."""
    plain = {pattern for pattern in patterns if not re.search(r"[\\*?]", pattern)}
    wild = [_matcher(pattern) for pattern in patterns if pattern not in plain]
    return lambda value: value in plain or any(match(value) for match in wild)


@lru_cache(maxsize=1000)
def _matcher(pattern: str) -> Callable[[str], object]:
    """Compile a filter's value: `*` and `?` are wildcards, a backslash takes what follows for what it is."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"*": ".*", "?": "."}
    regex = "".join(wild.get(part) or re.escape(part[-1]) for part in parts)
    return re.compile(regex, re.DOTALL).fullmatch


@dataclass(slots=True)
class Pages:
    """Listings in pages; a token stays good, so that a page can be asked for again."""

    _listings: dict[str, list[object]] = field(default_factory=dict)

    def page(self, params: Params, list_all: Callable[[], list[T]], *, at_most: int) -> tuple[list[T], str]:
        """Give one page and the token of the next one, empty after the last."""
        size = int(params.get("MaxResults", at_most))
        if not FEWEST <= size <= 1000:
            raise RefusalError("InvalidParameterValue", f"Value ( {size} ) for maxResults is invalid.")
        name, _, offset = params.get("NextToken", "").partition(":")
        if not name:
            name, offset = str(len(self._listings)), "0"
            self._listings[name] = list(list_all())
        elif name not in self._listings:
            raise RefusalError("InvalidNextToken", "The token is not valid.")
        begin, end = int(offset), int(offset) + min(size, at_most)
        everything: list[T] = self._listings[name]  # type: ignore[assignment]  # the token's own listing
        return everything[begin:end], f"{name}:{end}" if end < len(everything) else ""
