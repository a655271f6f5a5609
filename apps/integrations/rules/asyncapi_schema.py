"""AsyncAPI documents against the published JSON Schemas, of the document and of the bindings in it. Pure functions.

`Published` holds what the specification publishes. A Reference Object is judged by where it leads, not by its shape.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

MOST_FAULTS = 50  # told of one document; more help nobody
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DEFINITION = re.compile(r"http://asyncapi\.com/definitions/[^/]+/(\w+)\.json")
_OWN = re.compile(r"http://asyncapi\.com/bindings/[^#]+#/definitions/(\w+)")
_NAMES = {"ws": "websockets"}  # as bindings are called in documents → as they are published
_BASE = "3.0.0"  # the version whose definitions the published bindings lean on

Schema = Mapping[str, Any]
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a document, or (`is_note`) only odd: where, why, and by what ("schema" or a rule)."""

    path: str
    sentence: str
    layer: str
    is_note: bool = False

    def data(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Published:
    """The schemas by version, and those of bindings by protocol, version and part."""

    schemas: Mapping[str, Schema]
    bindings: Mapping[str, Mapping[str, Mapping[str, Schema]]]

    @property
    def versions(self) -> list[str]:
        """Versions of the specification that can be checked."""
        return [one for one in self.schemas if "-" not in one]


def written(path: Iterable[str | int]) -> str:
    """A place as JSONPath: $.channels['user/signedup'].publish."""
    said = "$"
    for step in path:
        if isinstance(step, int):
            said += f"[{step}]"
        else:
            said += f".{step}" if _PLAIN.fullmatch(step) else f"['{step}']"
    return said[:300]


def schema_faults(document: Any, schema: Schema, *, layer: str = "schema", under: Path = ()) -> list[Fault]:
    """Where the document does not fit the schema: the nearest fault of each place, those on the surface first."""
    from jsonschema import Draft7Validator, validators  # only here: no page pays for it at start

    of_its_draft = validators.validator_for(schema, default=Draft7Validator)
    found: dict[str, Fault] = {}
    for error in of_its_draft(schema, format_checker=_formats()).iter_errors(document):
        if _is_reference_s(error):
            continue
        nearest = _nearest(error)
        path = written((*under, *nearest.absolute_path))
        found.setdefault(path, Fault(path, _sentence(nearest), layer))
        if len(found) >= MOST_FAULTS:
            break
    return list(found.values())


def binding_faults(part: str, bindings: Any, published: Published, *, under: Path) -> Iterator[Fault]:
    """Where one bindings object of a server, channel, operation or message does not fit what is published."""
    if not isinstance(bindings, Mapping) or "$ref" in bindings:
        return
    for protocol, binding in bindings.items():
        known = published.bindings.get(_NAMES.get(protocol) or protocol)
        if not known:
            continue
        if not isinstance(binding, Mapping):
            yield Fault(written((*under, protocol)), "A binding is an object.", "bindings")
        elif "$ref" not in binding:
            yield from _one_binding(protocol, part, binding, known, published, (*under, protocol))


def _one_binding(
    protocol: str,
    part: str,
    binding: Mapping[str, Any],
    known: Mapping[str, Mapping[str, Schema]],
    published: Published,
    at: Path,
) -> Iterator[Fault]:
    said = binding.get("bindingVersion")
    if said is not None and not isinstance(said, str):
        yield Fault(written((*at, "bindingVersion")), "It must be a text.", "bindings")
        return
    version = said if said is not None and said in known else _nearest_version(known, said)
    schema = known[version].get(part)
    if schema is None:
        if binding.keys() - {"bindingVersion"}:
            yield Fault(written(at), f"The {protocol} binding of a {part} has no fields.", "bindings")
        return
    if said == version:
        yield from schema_faults(binding, _complete(schema, published), layer="bindings", under=at)
    else:  # judged field by field: which of them go together may differ between versions
        unsaid = {key: value for key, value in binding.items() if key != "bindingVersion"}
        apart = {key: value for key, value in schema.items() if said is None or key not in {"oneOf", "not"}}
        yield from schema_faults(unsaid, _complete(apart, published), layer="bindings", under=at)
    yield from _asked_in_words(protocol, part, binding, at)


# What the specifications of bindings ask in words alone: fields that are schemas of objects, and levels of delivery.
_OBJECTS = {
    ("http", "operation"): ("query",),
    ("http", "message"): ("headers",),
    ("ws", "channel"): ("query", "headers"),
}
_LEVELS = (0, 1, 2)  # of MQTT: at most once, at least once, exactly once


def _asked_in_words(protocol: str, part: str, binding: Mapping[str, Any], at: Path) -> Iterator[Fault]:
    for name in _OBJECTS.get((protocol, part), ()):
        schema = binding.get(name)
        if not isinstance(schema, Mapping) or "$ref" in schema:
            continue
        if schema.get("type") != "object" or "properties" not in schema:
            yield Fault(written((*at, name)), "It must be a schema of an object, with its properties.", "bindings")
    level = binding.get("qos")
    if (protocol, part) == ("mqtt", "operation") and isinstance(level, int) and level not in _LEVELS:
        yield Fault(written((*at, "qos")), f"“{level}” is no level of delivery: 0, 1 or 2.", "bindings")


def _nearest_version(known: Mapping[str, Any], said: str | None) -> str:
    """The newest where none is named; else the oldest that is not older than the one that is not published."""
    versions = sorted(known, key=_numbers)
    if said is None or said == "latest":
        return versions[-1]
    later = [one for one in versions if _numbers(one) >= _numbers(said)]
    return later[0] if later else versions[-1]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(one) for one in re.findall(r"\d+", version)[:3])


def _complete(schema: Schema, published: Published) -> Schema:
    """A binding's schema that leans on nothing outside itself."""
    own = {f"own-{name}": _inward(one) for name, one in schema.get("definitions", {}).items()}
    base = published.schemas[_BASE]["definitions"]
    inward = _inward({key: value for key, value in schema.items() if key not in {"definitions", "$id", "examples"}})
    return {**inward, "definitions": {**base, **own}}


def _inward(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _leading(one) if key == "$ref" and isinstance(one, str) else _inward(one) for key, one in value.items()
        }
    return [_inward(one) for one in value] if isinstance(value, list) else value


def _leading(reference: str) -> str:
    if found := _DEFINITION.fullmatch(reference):
        return f"#/definitions/{found[1]}"
    if found := _OWN.fullmatch(reference):
        return f"#/definitions/own-{found[1]}"
    return reference


@cache
def _formats() -> Any:
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    checker.checks("uri")(lambda value: not isinstance(value, str) or _is_uri(value))
    checker.checks("email")(lambda value: not isinstance(value, str) or bool(_EMAIL.fullmatch(value)))
    return checker


def _is_uri(value: str) -> bool:
    try:
        return bool(_URI.fullmatch(value)) and bool(urlsplit(value).scheme)
    except ValueError:
        return False


def _is_reference_s(error: Any) -> bool:
    """Whether the fault is only that a reference stands where it leads to what belongs there."""
    if isinstance(error.instance, Mapping) and isinstance(error.instance.get("$ref"), str):
        return (
            set(error.instance) <= {"$ref", "description", "summary"} and next(iter(error.absolute_path), "") != "info"
        )
    if error.validator not in {"oneOf", "anyOf"}:
        return False
    branches: dict[Any, list[Any]] = {}
    for one in error.context:
        branches.setdefault(one.relative_schema_path[0], []).append(one)
    return any(all(_is_reference_s(one) for one in branch) for branch in branches.values())


def _nearest(error: Any) -> Any:
    """The fault that says most: in the branch that goes deepest into the document."""
    while error.validator in {"oneOf", "anyOf", "allOf", "if"} and error.context:
        branches: dict[Any, list[Any]] = {}
        for one in error.context:
            branches.setdefault(one.relative_schema_path[0], []).append(one)
        left = [one for one in branches.values() if not _is_about_reference(one)] or list(branches.values())
        best = max(left, key=lambda branch: (max(len(one.absolute_path) for one in branch), -len(branch)))
        error = max(best, key=lambda one: len(one.absolute_path))
    return error


def _is_about_reference(branch: list[Any]) -> bool:
    return any(one.validator == "required" and "$ref" in one.message for one in branch)


def _sentence(error: Any) -> str:
    say = _SAYS.get(error.validator)
    return say(error) if say else "It is none of what may stand here."


def _short(error: Any) -> str:
    return "It" if isinstance(error.instance, dict | list) else f"“{str(error.instance)[:60]}”"


def _lacks(error: Any) -> str:
    lacking = next((one for one in error.validator_value if one not in error.instance), "something")
    return f"“{lacking}” is missing."


def _unknown(error: Any) -> str:
    known = error.schema.get("properties", {})
    patterns = error.schema.get("patternProperties", {})
    extra = (one for one in error.instance if one not in known and not any(re.search(each, one) for each in patterns))
    return f"“{str(next(extra, 'A field'))[:60]}” is not known here."


def _typed(error: Any) -> str:
    asked = error.validator_value
    return f"{_short(error)} must be of type {asked if isinstance(asked, str) else ' or '.join(asked)}."


def _listed(error: Any) -> str:
    return f"{_short(error)} is none of {', '.join(str(one) for one in error.validator_value[:12])}."


_EMPTY = "It must not be empty."
_SAYS: Mapping[str, Callable[[Any], str]] = {
    "required": _lacks,
    "additionalProperties": _unknown,
    "type": _typed,
    "enum": _listed,
    "const": lambda one: f"{_short(one)} must be {str(one.validator_value)[:60]}.",
    "format": lambda one: f"{_short(one)} is no {one.validator_value}.",
    "pattern": lambda one: f"{_short(one)} does not have the form {str(one.validator_value)[:120]}.",
    "uniqueItems": lambda _: "The same entry stands twice.",
    "minProperties": lambda _: _EMPTY,
    "minItems": lambda _: _EMPTY,
    "minLength": lambda _: _EMPTY,
    "maxLength": lambda one: f"It is longer than {one.validator_value}.",
    "minimum": lambda one: f"{_short(one)} is below {one.validator_value}.",
    "maximum": lambda one: f"{_short(one)} is above {one.validator_value}.",
    "propertyNames": lambda _: "A name in it has a form that is not allowed.",
}
