"""A skeleton of an AsyncAPI 3.0 document from what is known of an integration that is built with events."""

import re
from collections.abc import Mapping
from typing import Any

from apps.integrations.rules.contracts import FIRST_VERSION, Known, needs_beyond, origin, path_of, service_levels
from apps.integrations.rules.words import Direction, Kind

VERSION = "3.0.0"
_ADDRESS = re.compile(r"[^?#{}\s]+")  # a channel's address has neither query nor fragment; braces would be parameters


def skeleton(known: Known) -> dict[str, Any]:
    """The provider's side of it: what it sends, or takes, over one channel.

    What nobody said is left out: servers (hosts are not known), payloads, bindings. An interface that is no topic yet
    has a channel without an address, which the specification reads as unknown.
    """
    name = key_of(known.interface)
    acts = "receive" if known.facts.direction == Direction.WRITES else "send"
    channel = f"#/channels/{name}"
    return {
        "asyncapi": VERSION,
        "info": _info(known),
        "channels": {
            name: {
                "address": known.interface if _is_address(known) else None,
                "title": known.interface,
                "summary": known.purpose,
                "messages": {name: {"name": name, "title": known.interface}},
            }
        },
        "operations": {
            f"{acts}_{name}": {
                "action": acts,
                "channel": {"$ref": channel},
                "messages": [{"$ref": f"{channel}/messages/{name}"}],
                "summary": f"{known.provider.name} {'takes what' if acts == 'receive' else 'sends it to'} "
                f"{known.consumer.name}{' sends' if acts == 'receive' else ''}.",
            }
        },
        "x-consumers": [path_of(known.consumer)],
        "x-provider": path_of(known.provider),
        "x-needs": needs_beyond(known.facts),
        "x-sla-properties": service_levels(known.facts),
        "x-decision": origin(known),
        **_port(known),
    }


def key_of(name: str) -> str:
    """A name as a key that any tool can make an identifier of: letters, digits, _ and -."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_") or "channel"


def _info(known: Known) -> Mapping[str, Any]:
    info: dict[str, Any] = {
        "title": known.interface,
        "version": FIRST_VERSION,
        "description": known.description or known.purpose,
        "contact": {"name": known.owner},
        "tags": [{"name": known.provider.cluster_slug}],
    }
    if known.contract_url:
        info["externalDocs"] = {"url": known.contract_url}
    return info


def _is_address(known: Known) -> bool:
    return known.kind == Kind.TOPIC and _ADDRESS.fullmatch(known.interface) is not None


def _port(known: Known) -> Mapping[str, Any]:
    return {"x-port": {"port": known.port, "protocol": known.protocol}} if known.port is not None else {}
