"""What the AsyncAPI specification asks beyond its schemas: where references lead, names, addresses, security, tags.

Pure functions over a document as read, of the lines 2.x and 3.x; the words are the specification's.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path as File
from typing import Any

from apps.integrations.rules.asyncapi_schema import (
    MOST_FAULTS,
    Fault,
    Path,
    Published,
    binding_faults,
    schema_faults,
    written,
)

_KEY = re.compile(r"[A-Za-z0-9.\-_]+")  # of everything under components
_NAME = re.compile(r"[A-Za-z0-9_\-]+")  # of servers and parameters
_SLOT = re.compile(r"\{([^{}]*)\}")
_SCOPED = ("oauth2", "openIdConnect")  # security schemes whose requirements list scopes
_OPAQUE = {"example", "examples", "default", "const", "enum"}  # values of others: what looks like a reference is none
_PARTS = {
    "serverBindings": "server",
    "channelBindings": "channel",
    "operationBindings": "operation",
    "messageBindings": "message",
}
NOT_FOLLOWED = "leads out of the document and is not followed"


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
    yield from _references(document)
    yield from _component_names(document)
    yield from _tags(document, ())
    yield from _servers(document)
    yield from _security(document)
    yield from _discriminators(document, ())
    yield from _message_examples(document)
    if version.startswith("2."):
        yield from _channels(document)
        yield from _bindings(document, published)
        yield from _identifiers(document)
    else:
        yield from _addresses(document)
        yield from _operations(document)


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


def _references(document: Mapping[str, Any]) -> Iterator[Fault]:
    for path, value in _objects(document, ()):
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


def _objects(value: Any, path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
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


def _component_names(document: Mapping[str, Any]) -> Iterator[Fault]:
    for kind, things in _items(document.get("components")):
        for name, _ in _items(things):
            if not _KEY.fullmatch(name):
                yield Fault(
                    written(("components", kind, name)),
                    f"“{name[:60]}” is no name of a component: letters, digits, “.”, “-” and “_”.",
                    "names",
                )


def _tags(document: Mapping[str, Any], path: Path) -> Iterator[Fault]:
    for at, one in _objects(document, path):
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
    for name, found in _items(document.get("servers")):
        at: Path = ("servers", name)
        if not _NAME.fullmatch(name):
            yield Fault(written(at), f"“{name[:60]}” is no name of a server: letters, digits, “-” and “_”.", "names")
        server = resolved(document, found)
        if not isinstance(server, Mapping):
            continue
        variables = server.get("variables") if isinstance(server.get("variables"), Mapping) else {}
        assert isinstance(variables, Mapping)
        for field in ("url", "host", "pathname"):
            address = server.get(field)
            for slot in _SLOT.findall(address) if isinstance(address, str) else ():
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
    for path, one in _objects(document, ()):
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
    for at, one in _objects(document, path):
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
    for at, one in _objects(document, ()):
        is_message = {"payload", "contentType", "schemaFormat", "headers"} & set(one) and at
        examples = one.get("examples")
        if not is_message or not isinstance(examples, list) or at[-1] == "properties":
            continue
        for number, example in enumerate(examples):
            if isinstance(example, Mapping) and not {"headers", "payload"} & set(example):
                place = written((*at, "examples", number))
                yield Fault(place, "An example of a message has its headers or its payload.", "examples")


def _channels(document: Mapping[str, Any]) -> Iterator[Fault]:
    """Of 2.x: the name of a channel is its address."""
    servers = document.get("servers")
    known = servers if isinstance(servers, Mapping) else {}
    for name, found in _items(document.get("channels")):
        at: Path = ("channels", name)
        if "?" in name or "#" in name:
            yield Fault(written(at), "The name of a channel has no query and no fragment.", "addresses")
        channel = resolved(document, found)
        if not isinstance(channel, Mapping):
            continue
        yield from _parameters(at, name, channel.get("parameters"), is_strict=False)
        listed = channel.get("servers")
        for number, server in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(server, str) and server not in known:
                yield Fault(written((*at, "servers", number)), f"There is no server “{server[:60]}”.", "references")


def _parameters(at: Path, address: Any, described: Any, *, is_strict: bool) -> Iterator[Fault]:
    slots = _SLOT.findall(address) if isinstance(address, str) else []
    known = described if isinstance(described, Mapping) else {}
    for slot in slots:
        if slot not in known:
            yield Fault(
                written(at), f"The parameter “{slot[:60]}” of the address is not described.", "addresses", is_note=True
            )
    for name in known:
        if not _NAME.fullmatch(name):
            place = written((*at, "parameters", name))
            yield Fault(place, f"“{name[:60]}” is no name of a parameter: letters, digits, “-” and “_”.", "names")
        elif name not in slots:
            place = written((*at, "parameters", name))
            yield Fault(place, f"The address has no parameter “{name[:60]}”.", "addresses", is_note=not is_strict)


def _addresses(document: Mapping[str, Any]) -> Iterator[Fault]:
    """Of 3.x: channels with their addresses, parameters and servers."""
    for name, found in _items(document.get("channels")):
        at: Path = ("channels", name)
        channel = resolved(document, found)
        if not isinstance(channel, Mapping):
            continue
        address = channel.get("address")
        if isinstance(address, str) and ("?" in address or "#" in address):
            yield Fault(written((*at, "address")), "An address has no query and no fragment.", "addresses")
        yield from _parameters(at, address, channel.get("parameters"), is_strict=True)
        listed = channel.get("servers")
        for number, server in enumerate(listed if isinstance(listed, list) else ()):
            reference = server.get("$ref") if isinstance(server, Mapping) else None
            if isinstance(reference, str) and not _is_into(reference, "#/servers/"):
                place = written((*at, "servers", number))
                yield Fault(place, "A channel names servers of the document: #/servers/….", "references")


def _operations(document: Mapping[str, Any]) -> Iterator[Fault]:
    """Of 3.x: an operation acts on a channel of the document, with messages of that channel."""
    for name, found in _items(document.get("operations")):
        operation = resolved(document, found)
        if not isinstance(operation, Mapping):
            continue
        at: Path = ("operations", name)
        yield from _acts(at, operation)
        reply = resolved(document, operation.get("reply"))
        if isinstance(reply, Mapping):
            yield from _acts((*at, "reply"), reply)


def _acts(at: Path, operation: Mapping[str, Any]) -> Iterator[Fault]:
    channel = operation.get("channel")
    reference = channel.get("$ref") if isinstance(channel, Mapping) else None
    if not isinstance(reference, str):
        return
    if not _is_into(reference, "#/channels/"):
        yield Fault(
            written((*at, "channel")), "An operation names a channel of the document: #/channels/….", "references"
        )
        return
    messages = operation.get("messages")
    for number, message in enumerate(messages if isinstance(messages, list) else ()):
        wanted = message.get("$ref") if isinstance(message, Mapping) else None
        if isinstance(wanted, str) and not _is_into(wanted, f"{reference}/messages/"):
            place = written((*at, "messages", number))
            yield Fault(place, f"It is no message of its channel: {reference[:100]}/messages/….", "references")


def _is_into(reference: str, place: str) -> bool:
    """Whether a reference leads to a child of that place, or out of the document."""
    if not reference.startswith("#"):
        return True
    rest = reference.removeprefix(place)
    return rest != reference and bool(rest) and "/" not in rest


def _identifiers(document: Mapping[str, Any]) -> Iterator[Fault]:
    """Of 2.x: operations and messages say who they are once in the document."""
    seen: dict[tuple[str, str], str] = {}
    for name, found in _items(document.get("channels")):
        channel = resolved(document, found)
        for verb in ("publish", "subscribe"):
            operation = channel.get(verb) if isinstance(channel, Mapping) else None
            if isinstance(operation, Mapping):
                yield from _of_operation(document, operation, ("channels", name, verb), seen)
    components = document.get("components")
    for name, message in _items(components.get("messages") if isinstance(components, Mapping) else None):
        if isinstance(message, Mapping):
            place = ("components", "messages", name, "messageId")
            yield from _once(seen, "messageId", message.get("messageId"), place)


def _of_operation(
    document: Mapping[str, Any], operation: Mapping[str, Any], at: Path, seen: dict[tuple[str, str], str]
) -> Iterator[Fault]:
    yield from _once(seen, "operationId", operation.get("operationId"), (*at, "operationId"))
    traits = operation.get("traits")
    for number, trait in enumerate(traits if isinstance(traits, list) else ()):
        told = resolved(document, trait)
        if isinstance(told, Mapping) and "operationId" not in operation:
            yield from _once(seen, "operationId", told.get("operationId"), (*at, "traits", number, "operationId"))
    message = operation.get("message")
    if isinstance(message, Mapping) and "$ref" not in message:
        yield from _once(seen, "messageId", message.get("messageId"), (*at, "message", "messageId"))


def _once(seen: dict[tuple[str, str], str], kind: str, said: Any, at: Path) -> Iterator[Fault]:
    if not isinstance(said, str):
        return
    before = seen.setdefault((kind, said), written(at))
    if before != written(at):
        yield Fault(written(at), f"The {kind} “{said[:60]}” stands also at {before}.", "identifiers")


def _bindings(document: Mapping[str, Any], published: Published) -> Iterator[Fault]:
    """Of 2.x, whose own schema leaves bindings open."""
    for path, one in _objects(document, ()):
        if path and path[-1] == "properties":
            continue
        if "bindings" in one and (part := _part_at(path)):
            yield from binding_faults(part, one["bindings"], published, under=(*path, "bindings"))
    for kind, part in _PARTS.items():
        components = document.get("components")
        for name, found in _items(components.get(kind) if isinstance(components, Mapping) else None):
            yield from binding_faults(part, found, published, under=("components", kind, name))


_PLACES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("servers", "*"), "server"),
    (("channels", "*"), "channel"),
    (("channels", "*", "publish"), "operation"),
    (("channels", "*", "subscribe"), "operation"),
    (("components", "servers", "*"), "server"),
    (("components", "channels", "*"), "channel"),
    (("components", "operationTraits", "*"), "operation"),
    (("components", "messages", "*"), "message"),
    (("components", "messageTraits", "*"), "message"),
)


def _part_at(path: Path) -> str:
    """What the object at a place is, as far as bindings are concerned; empty: none of them."""
    if "message" in path[3:]:
        tail = path[path.index("message", 3) + 1 :]
        return "message" if all(one in {"oneOf", "traits"} or isinstance(one, int) for one in tail) else ""
    if len(path) == 5 and path[3] == "traits":  # noqa: PLR2004  # channels, name, verb, traits, number
        return "operation"
    if len(path) == 5 and path[1:2] in (("messages",), ("messageTraits",)) and path[3] == "traits":  # noqa: PLR2004
        return "message"
    for pattern, part in _PLACES:
        if len(pattern) == len(path) and all(want in ("*", have) for want, have in zip(pattern, path, strict=True)):
            return part
    return ""


def _items(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, Mapping) else []
