"""What only the line 2.x, or only 3.x, of AsyncAPI asks: channels, addresses, operations, identifiers, bindings. Pure.

In 2.x the name of a channel is its address, and bindings are left open by the document's own schema.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from apps.integrations.rules.asyncapi_references import items, objects, resolved
from apps.integrations.rules.asyncapi_schema import Fault, Path, Published, binding_faults, written

NAME = re.compile(r"[A-Za-z0-9_\-]+")  # of servers and parameters
SLOT = re.compile(r"\{([^{}]*)\}")
_PARTS = {
    "serverBindings": "server",
    "channelBindings": "channel",
    "operationBindings": "operation",
    "messageBindings": "message",
}


def of_two(document: Mapping[str, Any], published: Published) -> Iterator[Fault]:
    """What is wrong with a document of 2.x."""
    yield from _channels(document)
    yield from _bindings(document, published)
    yield from _identifiers(document)


def of_three(document: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with a document of 3.x."""
    yield from _addresses(document)
    yield from _operations(document)


def _channels(document: Mapping[str, Any]) -> Iterator[Fault]:
    """Of 2.x: the name of a channel is its address."""
    servers = document.get("servers")
    known = servers if isinstance(servers, Mapping) else {}
    for name, found in items(document.get("channels")):
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
    slots = SLOT.findall(address) if isinstance(address, str) else []
    known = described if isinstance(described, Mapping) else {}
    for slot in slots:
        if slot not in known:
            yield Fault(
                written(at), f"The parameter “{slot[:60]}” of the address is not described.", "addresses", is_note=True
            )
    for name in known:
        if not NAME.fullmatch(name):
            place = written((*at, "parameters", name))
            yield Fault(place, f"“{name[:60]}” is no name of a parameter: letters, digits, “-” and “_”.", "names")
        elif name not in slots:
            place = written((*at, "parameters", name))
            yield Fault(place, f"The address has no parameter “{name[:60]}”.", "addresses", is_note=not is_strict)


def _addresses(document: Mapping[str, Any]) -> Iterator[Fault]:
    """Of 3.x: channels with their addresses, parameters and servers."""
    for name, found in items(document.get("channels")):
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
    for name, found in items(document.get("operations")):
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
    for name, found in items(document.get("channels")):
        channel = resolved(document, found)
        for verb in ("publish", "subscribe"):
            operation = channel.get(verb) if isinstance(channel, Mapping) else None
            if isinstance(operation, Mapping):
                yield from _of_operation(document, operation, ("channels", name, verb), seen)
    components = document.get("components")
    for name, message in items(components.get("messages") if isinstance(components, Mapping) else None):
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
    for path, one in objects(document, ()):
        if path and path[-1] == "properties":
            continue
        if "bindings" in one and (part := _part_at(path)):
            yield from binding_faults(part, one["bindings"], published, under=(*path, "bindings"))
    for kind, part in _PARTS.items():
        components = document.get("components")
        for name, found in items(components.get(kind) if isinstance(components, Mapping) else None):
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
