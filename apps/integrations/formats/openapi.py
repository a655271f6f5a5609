"""A skeleton of an OpenAPI 3.1 document from what is known of an integration that asks through a gateway."""

from typing import Any

from apps.integrations.rules.contracts import FIRST_VERSION, Known, needs_beyond, origin, path_of, service_levels

VERSION = "3.1.1"


def skeleton(known: Known) -> dict[str, Any]:
    """Who offers it to whom, and within which bounds. Paths and servers are left to who knows them."""
    document: dict[str, Any] = {
        "openapi": VERSION,
        "info": {
            "title": known.interface,
            "version": FIRST_VERSION,
            "summary": known.purpose,
            "contact": {"name": known.owner},
        },
        "paths": {},
        "tags": [{"name": known.provider.cluster_slug, "description": f"Offered by {known.provider.cluster}."}],
        "x-consumers": [path_of(known.consumer)],
        "x-provider": path_of(known.provider),
        "x-needs": needs_beyond(known.facts),
        "x-sla-properties": service_levels(known.facts),
        "x-decision": origin(known),
    }
    if known.description:
        document["info"]["description"] = known.description
    if known.contract_url:
        document["externalDocs"] = {"url": known.contract_url}
    if known.port is not None:
        document["x-port"] = {"port": known.port, "protocol": known.protocol}
    return document
