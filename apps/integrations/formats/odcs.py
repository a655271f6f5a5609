"""A skeleton of a data contract (Open Data Contract Standard 3.2) for batches, captured changes and files."""

from typing import Any

from apps.integrations.rules.contracts import FIRST_VERSION, Known, needs_beyond, origin, path_of, service_levels
from apps.integrations.rules.patterns import PATTERN_WORDS
from apps.integrations.rules.words import Kind

VERSION = "v3.2.0"
_PHYSICAL = {Kind.TABLE: "table", Kind.FILE: "file", Kind.TOPIC: "topic"}  # of other kinds nobody knows yet what it is


def skeleton(known: Known) -> dict[str, Any]:
    """What flows, who answers for it, and what the consumer may rely on. Columns and servers are left out."""
    document: dict[str, Any] = {
        "apiVersion": VERSION,
        "kind": "DataContract",
        "id": f"concordat-integration-{known.integration_id}",
        "name": known.interface,
        "version": FIRST_VERSION,
        "status": "draft",
        "domain": known.provider.cluster_slug,
        "description": {"purpose": known.purpose, "usage": f"Read by {path_of(known.consumer)}."},
        "contractCreatedTs": known.decided_at.isoformat(timespec="seconds"),
        "tags": [known.facts.data_class],
        "team": _team(known),
        "schema": [_object(known)],
        "slaProperties": service_levels(known.facts),
        "customProperties": [
            {"property": name, "value": value}
            for name, value in sorted({**needs_beyond(known.facts), **_custom(known)}.items())
        ],
    }
    if known.facts.writes:
        document["description"]["usage"] = f"Written by {path_of(known.consumer)}."
    if known.is_data_product:
        document["dataProduct"] = known.provider.name
    if known.contract_url:
        document["authoritativeDefinitions"] = [{"url": known.contract_url, "type": "canonicalUrl"}]
    return document


def _team(known: Known) -> dict[str, Any]:
    members = [{"username": handle, "name": name, "role": "owner"} for handle, name in known.owners]
    return {"name": known.owner, **({"members": members} if members else {})}


def _object(known: Known) -> dict[str, Any]:
    found: dict[str, Any] = {"name": known.interface, "logicalType": "object"}
    if known.description:
        found["description"] = known.description
    if known.kind in _PHYSICAL:
        found |= {"physicalName": known.interface, "physicalType": _PHYSICAL[Kind(known.kind)]}
    return found


def _custom(known: Known) -> dict[str, Any]:
    said = {"pattern": PATTERN_WORDS[known.pattern], "provider": path_of(known.provider)}
    return {**said, **{name: value for name, value in origin(known).items() if name != "pattern"}}
