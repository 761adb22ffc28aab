"""EC2's query protocol: numbered parameters, filters and pages."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count, takewhile
from typing import TypeVar

from fake_aws.limits import FEWEST_RESULTS, MAX_FILTER_VALUES, MAX_FILTERS, MOST_RESULTS
from fake_aws.records import RefusalError

T = TypeVar("T")
Params = Mapping[str, str]
Fields = Callable[[T, str], Iterable[str]]  # the values of an item that a filter of this name looks at


def numbered(params: Params, name: str) -> list[str]:
    """List the values of `Tag.{}.Key` and the like for 1, 2, ... until one is missing."""
    numbers = takewhile(lambda number: name.format(number) in params, count(1))
    return [params[name.format(number)] for number in numbers]


def filters(params: Params) -> dict[str, list[str]]:
    """Return each filter's name and patterns."""
    names = enumerate(numbered(params, "Filter.{}.Name"), 1)
    found = {name: numbered(params, f"Filter.{number}.Value.{{}}") for number, name in names}
    if not all(found.values()):
        raise RefusalError("InvalidParameterValue", "A filter needs a value")
    if len(found) > MAX_FILTERS or sum(map(len, found.values())) > MAX_FILTER_VALUES:
        raise RefusalError("FilterLimitExceeded", "A call takes 50 filters and 200 values")
    return found


def selected(items: Iterable[T], wanted: Mapping[str, Sequence[str]], fields: Fields[T]) -> list[T]:
    """Return the items that match every filter with any of its patterns."""
    matchers = [(name, _matcher_of_any(values)) for name, values in wanted.items()]

    def fits(item: T) -> bool:
        return all(any(map(fits_any, fields(item, name))) for name, fits_any in matchers)

    return [item for item in items if fits(item)]


def _matcher_of_any(patterns: Sequence[str]) -> Callable[[str], object]:
    """Return a function that matches a value with these patterns; those without a wildcard cost one look-up."""
    plain = {pattern for pattern in patterns if not re.search(r"[\\*?]", pattern)}
    wild = [pattern for pattern in patterns if pattern not in plain]
    return lambda value: value in plain or any(matches(pattern, value) for pattern in wild)


def matches(pattern: str, value: str) -> bool:
    """Return whether a filter's value fits: `*` and `?` are wildcards, unless a backslash stands before them."""
    return _compiled(pattern).fullmatch(value) is not None


@lru_cache(maxsize=1000)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"*": ".*", "?": "."}
    regex = "".join(wild.get(part) or re.escape(part[-1]) for part in parts)
    return re.compile(regex, re.DOTALL)


@dataclass(slots=True)
class Pages:
    """Listings in pages; a token stays good, so that a page can be asked for again."""

    _listings: dict[str, list[object]] = field(default_factory=dict)

    def page(self, params: Params, list_all: Callable[[], list[T]], *, at_most: int) -> tuple[list[T], str]:
        """Return one page and the token of the next one, empty after the last."""
        size = int(params.get("MaxResults", at_most))
        if not FEWEST_RESULTS <= size <= MOST_RESULTS:
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
