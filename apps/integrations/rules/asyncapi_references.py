"""Where the references of an AsyncAPI document lead: inside it, nowhere, out of it, or in a circle. Pure functions."""

from collections.abc import Iterator, Mapping
from typing import Any

from apps.integrations.rules.asyncapi_schema import Fault, Path, written

_OPAQUE = {"example", "examples", "default", "const", "enum"}  # values of others: what looks like a reference is none
NOT_FOLLOWED = "leads out of the document and is not followed"


def resolved(document: Mapping[str, Any], value: Any) -> Any:
    """What a value is after its references inside the document; None where one leads nowhere, out, or in a circle."""
    seen = set()
    while isinstance(value, Mapping) and isinstance(value.get("$ref"), str):
        reference = value["$ref"]
        if reference in seen or not reference.startswith("#"):
            return None
        seen.add(reference)
        is_there, value = _pointed(document, reference)
        if not is_there:
            return None
    return value


def _pointed(document: Any, reference: str) -> tuple[bool, Any]:
    """Whether a JSON Pointer (RFC 6901, as a fragment) leads somewhere, and to what."""
    from urllib.parse import unquote

    pointer, value = unquote(reference[1:]), document
    if pointer == "":
        return True, document
    if not pointer.startswith("/"):
        return False, None
    for step in pointer[1:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return False, None
    return True, value


def references(document: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with references; one out of the document is a note."""
    for path, value in objects(document, ()):
        reference = value.get("$ref")
        if not isinstance(reference, str) or (path and path[-1] == "properties"):
            continue
        at = written((*path, "$ref"))
        if not reference:
            yield Fault(at, "A reference names where it leads.", "references")
        elif not reference.startswith("#"):
            if "#" in reference and not reference.partition("#")[2].startswith("/"):
                yield Fault(at, f"“{reference[:120]}” has no JSON Pointer after the “#”.", "references")
            else:
                yield Fault(at, f"“{reference[:120]}” {NOT_FOLLOWED}.", "references", is_note=True)
        elif not _pointed(document, reference)[0]:
            yield Fault(at, f"“{reference[:120]}” leads nowhere in this document.", "references")
        elif _is_circle(document, reference):
            yield Fault(at, f"“{reference[:120]}” leads back to itself.", "references")


def _is_circle(document: Mapping[str, Any], reference: str) -> bool:
    seen: set[str] = set()
    while reference.startswith("#") and reference not in seen:
        seen.add(reference)
        _, value = _pointed(document, reference)
        following = value.get("$ref") if isinstance(value, Mapping) else None
        if not isinstance(following, str):
            return False
        reference = following
    return reference in seen


def objects(value: Any, path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Every object of the document that means something, with its place; without recursion, as it may be deep."""
    waiting: list[tuple[Path, Any]] = [(path, value)]
    while waiting:
        at, one = waiting.pop()
        if isinstance(one, Mapping):
            yield at, one
            inner = (at and at[-1]) == "properties"  # there a field of any name is a schema
            waiting += [
                ((*at, key), each)
                for key, each in one.items()
                if inner or (key not in _OPAQUE and not key.startswith("x-"))
            ]
        elif isinstance(one, list):
            waiting += [((*at, place), each) for place, each in enumerate(one)]


def items(value: Any) -> list[tuple[str, Any]]:
    """The entries of an object; none of anything else."""
    return list(value.items()) if isinstance(value, Mapping) else []
