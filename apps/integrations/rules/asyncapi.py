"""What the AsyncAPI specification asks beyond its schemas: where references lead, names, addresses, security, tags.

Pure functions over a document as read, of the lines 2.x and 3.x; the words are the specification's.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path as File
from typing import Any

from apps.integrations.rules.asyncapi_references import items, objects, references, resolved
from apps.integrations.rules.asyncapi_schema import MOST_FAULTS, Fault, Path, Published, schema_faults, written
from apps.integrations.rules.asyncapi_versions import NAME, SLOT, of_three, of_two

_KEY = re.compile(r"[A-Za-z0-9.\-_]+")  # of everything under components
_SCOPED = ("oauth2", "openIdConnect")  # security schemes whose requirements list scopes


def checked(argument: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    """Every fault of each of `documents`, as plain values, by the schemas in the file `published`; for the child."""
    read = json.loads(File(argument["published"]).read_text())
    published = Published(read["schemas"], read["bindings"])
    return [[one.data() for one in faults(document, published)] for document in argument["documents"]]


def faults(document: Any, published: Published) -> list[Fault]:
    """Everything that is wrong or odd in a document, at most 50 of it; nothing but notes: it is valid."""
    if not isinstance(document, Mapping):
        return [Fault("$", "An AsyncAPI document is an object.", "schema")]
    version = document.get("asyncapi")
    if not isinstance(version, str) or version not in published.schemas:
        return [
            Fault(
                "$.asyncapi",
                f"“{str(version)[:40]}” is no version of the specification; there are {', '.join(published.versions)}.",
                "schema",
            )
        ]
    by_schema = schema_faults(document, published.schemas[version])
    told = {one.path for one in by_schema}
    rest = [one for one in _ruled(document, version, published) if one.path not in told]
    return [*by_schema, *dict.fromkeys(rest)][:MOST_FAULTS]


def _ruled(document: Mapping[str, Any], version: str, published: Published) -> Iterator[Fault]:
    yield from references(document)
    yield from _component_names(document)
    yield from _tags(document, ())
    yield from _servers(document)
    yield from _security(document)
    yield from _discriminators(document, ())
    yield from _message_examples(document)
    yield from of_two(document, published) if version.startswith("2.") else of_three(document)


def _component_names(document: Mapping[str, Any]) -> Iterator[Fault]:
    for kind, things in items(document.get("components")):
        for name, _ in items(things):
            if not _KEY.fullmatch(name):
                yield Fault(
                    written(("components", kind, name)),
                    f"“{name[:60]}” is no name of a component: letters, digits, “.”, “-” and “_”.",
                    "names",
                )


def _tags(document: Mapping[str, Any], path: Path) -> Iterator[Fault]:
    for at, one in objects(document, path):
        tags = one.get("tags")
        if not isinstance(tags, list) or (at and at[-1] == "properties"):
            continue
        names = Counter(
            tag.get("name") for tag in tags if isinstance(tag, Mapping) and isinstance(tag.get("name"), str)
        )
        for name, number in names.items():
            if number > 1:
                yield Fault(written((*at, "tags")), f"The tag “{str(name)[:60]}” stands {number} times.", "tags")


def _servers(document: Mapping[str, Any]) -> Iterator[Fault]:
    for name, found in items(document.get("servers")):
        at: Path = ("servers", name)
        if not NAME.fullmatch(name):
            yield Fault(written(at), f"“{name[:60]}” is no name of a server: letters, digits, “-” and “_”.", "names")
        server = resolved(document, found)
        if not isinstance(server, Mapping):
            continue
        variables = server.get("variables") if isinstance(server.get("variables"), Mapping) else {}
        assert isinstance(variables, Mapping)
        for field in ("url", "host", "pathname"):
            address = server.get(field)
            for slot in SLOT.findall(address) if isinstance(address, str) else ():
                if slot not in variables:
                    yield Fault(
                        written((*at, field)),
                        f"The variable “{slot[:60]}” of the address is not described.",
                        "addresses",
                        is_note=True,
                    )
        for slot, described in variables.items():
            yield from _variable((*at, "variables", slot), resolved(document, described))


def _variable(at: Path, variable: Any) -> Iterator[Fault]:
    allowed = variable.get("enum") if isinstance(variable, Mapping) else None
    if not isinstance(variable, Mapping) or not isinstance(allowed, list):
        return
    if "default" in variable and variable["default"] not in allowed:
        yield Fault(written((*at, "default")), "The default is none of its values (enum).", "addresses")
    examples = variable.get("examples")
    for number, one in enumerate(examples if isinstance(examples, list) else ()):
        if one not in allowed:
            yield Fault(written((*at, "examples", number)), "The example is none of its values (enum).", "addresses")


def _security(document: Mapping[str, Any]) -> Iterator[Fault]:
    components = document.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, Mapping) else None
    known = schemes if isinstance(schemes, Mapping) else {}
    for path, one in objects(document, ()):
        asked = one.get("security")
        if not isinstance(asked, list) or not path or path[-1] == "properties":
            continue
        for number, requirement in enumerate(asked):
            at = (*path, "security", number)
            if not isinstance(requirement, Mapping) or "$ref" in requirement or "type" in requirement:
                continue  # 3.x: the scheme itself, or a reference to one
            for name, scopes in requirement.items():
                scheme = resolved(document, known.get(name))
                if name not in known:
                    yield Fault(written((*at, name)), f"There is no security scheme “{name[:60]}”.", "security")
                elif isinstance(scheme, Mapping) and scheme.get("type") not in _SCOPED and scopes:
                    kind = str(scheme.get("type"))[:40]
                    yield Fault(written((*at, name)), f"A scheme of type {kind} takes no scopes.", "security")


def _discriminators(document: Mapping[str, Any], path: Path) -> Iterator[Fault]:
    for at, one in objects(document, path):
        name = one.get("discriminator")
        if not isinstance(name, str) or (at and at[-1] == "properties"):
            continue
        properties, required = one.get("properties"), one.get("required")
        if isinstance(properties, Mapping) and name not in properties:
            yield Fault(written((*at, "discriminator")), f"“{name[:60]}” is none of its properties.", "schemas")
        elif not isinstance(required, list) or name not in required:
            yield Fault(
                written((*at, "discriminator")), f"The discriminator “{name[:60]}” must be required.", "schemas"
            )


def _message_examples(document: Mapping[str, Any]) -> Iterator[Fault]:
    """An example is of a whole message: its headers and its payload."""
    for at, one in objects(document, ()):
        is_message = {"payload", "contentType", "schemaFormat", "headers"} & set(one) and at
        examples = one.get("examples")
        if not is_message or not isinstance(examples, list) or at[-1] == "properties":
            continue
        for number, example in enumerate(examples):
            if isinstance(example, Mapping) and not {"headers", "payload"} & set(example):
                place = written((*at, "examples", number))
                yield Fault(place, "An example of a message has its headers or its payload.", "examples")
