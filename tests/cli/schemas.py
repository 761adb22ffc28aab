"""A check of documents against the JSON Schemas in docs/schemas: the few keywords that those use, and no others."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "docs" / "schemas"
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "number": (int, float),
}
SAID = {"$schema", "$id", "$defs", "title", "description"}
CHECKED = {
    "type",
    "enum",
    "const",
    "items",
    "properties",
    "required",
    "additionalProperties",
    "minimum",
    "$ref",
}


def assert_conforms(document: object, name: str) -> None:
    """Assert that a document is as docs/schemas/NAME.json says."""
    schema = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    wrong = list(_wrong(document, schema, schema, "$"))
    assert not wrong, f"{name}: " + "; ".join(wrong[:5])


def _wrong(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any], at: str) -> Iterator[str]:  # noqa: ANN401 - JSON
    assert not schema.keys() - SAID - CHECKED, (
        f"{at}: this check does not know {schema.keys() - SAID - CHECKED}"
    )
    if ref := schema.get("$ref"):
        yield from _wrong(value, root["$defs"][ref.removeprefix("#/$defs/")], root, at)
    kinds = schema.get("type", [])
    if kinds and not any(_is(value, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)):
        yield f"{at} is {value!r}, not {kinds}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at} is {value!r}, not one of {schema['enum']}"
    if "minimum" in schema and isinstance(value, int | float) and value < schema["minimum"]:
        yield f"{at} is {value!r}, less than {schema['minimum']}"
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            yield from _wrong(item, schema["items"], root, f"{at}[{number}]")
    if isinstance(value, dict):
        yield from _wrong_object(value, schema, root, at)


def _wrong_object(
    value: Mapping[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], at: str
) -> Iterator[str]:
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    yield from (f"{at} lacks {name}" for name in schema.get("required", ()) if name not in value)
    for name, item in value.items():
        if name in known:
            yield from _wrong(item, known[name], root, f"{at}.{name}")
        elif others is False:
            yield f"{at} has {name}, which the schema does not know"
        elif isinstance(others, dict):
            yield from _wrong(item, others, root, f"{at}.{name}")


def _is(value: object, kind: str) -> bool:
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
