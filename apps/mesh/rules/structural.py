"""Structural schemas of Kubernetes: a document against the OpenAPI v3 subset, and the CEL rules that ask about it.

Source: the Kubernetes documentation, "Extend the API with CustomResourceDefinitions" (structural schemas, validation
rules). The schema is handed to jsonschema after the few translations that the dialect needs; the rules are collected
with the value each asks about, and answered elsewhere (`evaluating`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

INT32 = 2**31
MOST_QUESTIONS = 5_000  # of one document
# What both dialects say in the same words.
_KEPT = frozenset(
    (
        *("type", "required", "enum", "pattern", "minLength", "maxLength", "minItems", "maxItems"),
        *("minProperties", "maxProperties", "minimum", "maximum", "uniqueItems"),
    )
)
_ONE, _MANY = ("items", "additionalProperties", "not"), ("oneOf", "anyOf", "allOf")


@dataclass(frozen=True)
class Question:
    """One rule about one value of a document."""

    path: str
    rule: str
    value: Any
    message: str


@dataclass(frozen=True)
class Problem:
    """What is wrong: where, by which layer it was found ("schema", "rule" or a message of Istio's analysis)."""

    path: str
    sentence: str
    layer: str


def problems(document: Any, schema: Mapping[str, Any]) -> Iterator[Problem]:
    """Where the document does not fit its schema, the outermost first."""
    from jsonschema import Draft202012Validator  # only here: no page pays for it at start

    validator = Draft202012Validator(translated(schema))
    for error in sorted(validator.iter_errors(document), key=lambda one: [str(part) for part in one.absolute_path]):
        yield Problem(_path(error.absolute_path), _sentence(error), "schema")


def translated(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The same schema as JSON Schema 2020-12 says it."""
    found: dict[str, Any] = {name: value for name, value in schema.items() if name in _KEPT}
    if "properties" in schema:
        found["properties"] = {key: translated(one) for key, one in schema["properties"].items()}
    found |= {
        name: translated(schema[name]) if isinstance(schema[name], Mapping) else schema[name]
        for name in _ONE
        if name in schema
    }
    found |= {name: [translated(one) for one in schema[name]] for name in _MANY if name in schema}
    if schema.get("x-kubernetes-int-or-string"):
        found["type"] = ["integer", "string"]
    if schema.get("nullable"):
        found = {"anyOf": [found, {"type": "null"}]}
    if schema.get("format") == "int32":
        found = {"allOf": [found, {"minimum": -INT32, "maximum": INT32 - 1}]}
    return found


def questions(document: Any, schema: Mapping[str, Any]) -> Iterator[Question]:
    """Every rule of the schema that has a value to ask about in the document, with where it stands."""
    for path, value, here in _places(document, schema, ""):
        for rule in here.get("x-kubernetes-validations", ()):
            if "oldSelf" not in rule["rule"]:  # what compares with an earlier version has nothing to compare here
                yield Question(path, str(rule["rule"]), value, str(rule.get("message") or ""))


def repeated(document: Any, schema: Mapping[str, Any]) -> Iterator[Problem]:
    """Items that stand twice in a list which is a set, or a map by some of its fields (`x-kubernetes-list-type`)."""
    for path, value, here in _places(document, schema, ""):
        kind = here.get("x-kubernetes-list-type")
        if kind not in {"set", "map"} or not isinstance(value, list):
            continue
        names, seen = here.get("x-kubernetes-list-map-keys", ()), set()
        for place, item in enumerate(value):
            key = repr([item.get(name) for name in names] if kind == "map" and isinstance(item, Mapping) else item)
            if key in seen:
                said = ", ".join(f"{name} {item.get(name)}" for name in names) if kind == "map" else str(item)[:60]
                yield Problem(f"{path}[{place}]", f"There is an item of {said} already.", "schema")
            seen.add(key)


def unknown_fields(document: Any, schema: Mapping[str, Any]) -> Iterator[str]:
    """Fields the schema does not know: the API server drops them, or refuses them where it is asked to be strict."""
    for path, value, here in _places(document, schema, ""):
        open_ended = here.get("additionalProperties") or here.get("x-kubernetes-preserve-unknown-fields")
        if isinstance(value, Mapping) and here.get("properties") and not open_ended:
            yield from (f"{path}.{name}" if path else name for name in value if name not in here["properties"])


def _places(value: Any, schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any, Mapping[str, Any]]]:
    """Every place of a document that its schema describes: where, what stands there, and the schema of the place."""
    if value is None:
        return
    yield path, value, schema
    if isinstance(value, Mapping):
        for name, one in value.items():
            inner = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if isinstance(inner, Mapping):
                yield from _places(one, inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        for place, one in enumerate(value):
            yield from _places(one, schema["items"], f"{path}[{place}]")


def _path(parts: Any) -> str:
    said = ""
    for part in parts:
        said += f"[{part}]" if isinstance(part, int) else f".{part}" if said else str(part)
    return said


def _sentence(error: Any) -> str:
    """In words for whoever wrote the manifest; long values are cut."""
    if error.validator == "required":
        missing = next((name for name in error.validator_value if name not in error.instance), "")
        return f"“{missing}” is required."
    if error.validator == "enum":
        shown = ", ".join(map(str, error.validator_value[:10]))
        return f"“{str(error.instance)[:60]}” is none of {shown}."
    if error.validator == "type":
        return f"This is to be of type {_types(error.validator_value)}."
    if error.validator in {"oneOf", "anyOf", "not"}:
        return "Fields stand together here that exclude each other, or none of those stands that one must be of."
    if error.validator == "pattern":
        return f"“{str(error.instance)[:60]}” does not fit the pattern {error.validator_value}."
    return f"{str(error.message)[:200]}."


@cache
def _word(kind: str) -> str:
    return {"integer": "whole number", "object": "object", "array": "list"}.get(kind, kind)


def _types(kinds: Any) -> str:
    return " or ".join(_word(one) for one in ([kinds] if isinstance(kinds, str) else kinds) if one != "null")
