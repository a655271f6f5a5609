"""A catalogue as a Backstage tree that others read, with what Backstage has no field for in annotations of our own.

Read again, the annotations give back exactly the rows that were written; where an entity carries them, its relations
are only for others. They count for whoever sends them: an import asks the same of every file.
"""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

import yaml

from apps.clusters.formats.apis import ApiSaid, spec_of
from apps.clusters.formats.catalog import (
    LONGEST_LABEL,
    Catalog,
    ClusterRow,
    ComponentRow,
    DependencyRow,
    Place,
    PlacementRow,
    Row,
)
from apps.clusters.formats.catalog_csv import MOST_WEIGHT
from apps.clusters.rules.nesting import nested

SHORT_NAME, CLUSTER = "concordat/short-name", "concordat/cluster"
SAYS, NEEDS, HOSTS = "concordat/says", "concordat/needs", "concordat/hosts"
_SYSTEM = "concordat/system-of"
_RESOURCE = "resource:"
_VERSION = "backstage.io/v1alpha1"
_NAME = re.compile(r"[a-z0-9](?:[-_.]?[a-z0-9]){0,62}", re.ASCII)
_TAG = re.compile(r"[a-z0-9+#](?:[-:]?[a-z0-9+#]){0,62}", re.ASCII)
_LONGEST = 52  # characters that a made name keeps of what it stands for
_SAID = {
    "tier": int,
    "owner_name": str,
    "sites": list,
    "tags": list,
    "kind": str,
    "lifecycle": str,
    "name": str,
    "description": str,
}


def render(catalog: Catalog) -> dict[str, bytes]:
    """The catalogue as files: an entry that names the others, and one for each cluster."""
    of_cluster: dict[str, list[dict[str, Any]]] = defaultdict(list)
    names = _Names()
    tree = _Tree(catalog, names)
    placed: dict[str, list[PlacementRow]] = defaultdict(list)
    for placement in catalog.placements:
        placed[placement.cluster].append(placement)
    for cluster in catalog.clusters:
        of_cluster[cluster.slug] += _domain(cluster, names, placed.pop(cluster.slug, []))
    for component in catalog.components:
        of_cluster[component.cluster].append(_component(component, tree))
    # What hangs on no component of the files: a consumer that is not known, or a host of a cluster that is not here.
    rest = [row for key, rows in tree.needs.items() if key not in tree.known for row in rows]
    hosts = [row for rows in placed.values() for row in rows]
    files = {f"clusters/{names.of(slug)}.yaml": _yaml(entities) for slug, entities in of_cluster.items()}
    return {"catalog-info.yaml": _yaml([_location(sorted(files), rest, hosts)]), **files}


def rows_of(place: Place, metadata: Mapping[str, Any], catalog: Catalog) -> Iterator[Row]:
    """The dependencies and hosts that an entity's annotations name; what is none of ours is refused."""
    said = _annotations(metadata)
    for key, kind in ((NEEDS, DependencyRow), (HOSTS, PlacementRow)):
        for one in _listed(said.get(key, "[]")):
            row = _row(kind, place, one)
            if row is None:
                catalog.refuse(
                    place, f"metadata.annotations.{key}", json.dumps(one), "It is not as our exports say it."
                )
            else:
                yield row


def is_system(metadata: Mapping[str, Any]) -> bool:
    """Whether it is only there for readers that look for a system between a domain and its components."""
    return _SYSTEM in _annotations(metadata)


def cluster_row(place: Place, metadata: Mapping[str, Any]) -> ClusterRow | None:
    """The cluster that a domain of ours stands for; None for another's domain."""
    said = _annotations(metadata)
    if SHORT_NAME not in said:
        return None
    more = _object(said.get(SAYS, "{}"))
    texts = {name: more[name] for name in ("zone", "visibility") if isinstance(more.get(name), str)}
    if texts.get("visibility") not in (None, "open", "restricted"):
        del texts["visibility"]
    return ClusterRow(
        place, slug=said[SHORT_NAME], name=metadata.get("title"), purpose=metadata.get("description"), **texts
    )


def component_row(
    place: Place, metadata: Mapping[str, Any], spec: Mapping[str, Any], api: ApiSaid | None = None
) -> ComponentRow | None:
    """The component that an entity of ours stands for; None for another's."""
    said = _annotations(metadata)
    if SHORT_NAME not in said or CLUSTER not in said:
        return None
    more = _object(said.get(SAYS, "{}"))
    values = {name: more[name] for name, kind in _SAID.items() if isinstance(more.get(name), kind)}
    values |= {name: tuple(map(str, values[name])) for name in ("sites", "tags") if name in values}
    values.setdefault("name", metadata.get("title"))
    values.setdefault("description", metadata.get("description"))
    values.setdefault("kind", "api" if api else spec.get("type"))
    values.setdefault("lifecycle", str(spec.get("lifecycle", "")).lower() or None)
    values.setdefault("tags", tuple(metadata["tags"]) if metadata.get("tags") else None)
    if values.get("tier") not in (None, 0, 1, 2, 3):
        del values["tier"]
    return ComponentRow(
        place, cluster=said[CLUSTER], slug=said[SHORT_NAME], cluster_name=said[CLUSTER], api=api, **values
    )


def _domain(row: ClusterRow, names: "_Names", placed: Iterable[PlacementRow]) -> list[dict[str, Any]]:
    hosts = [_without(asdict(one), "place", "cluster") | {"cluster": row.slug} for one in placed]
    annotations = {SHORT_NAME: row.slug, SAYS: _json({"zone": row.zone, "visibility": row.visibility})}
    if hosts:
        annotations[HOSTS] = _json(hosts)
    name = names.of(row.slug)
    metadata = {"name": name, "title": row.name, "annotations": annotations}
    if row.purpose:
        metadata["description"] = row.purpose
    owner = {"owner": f"group:{name}"}
    system = {"name": name, "annotations": {_SYSTEM: row.slug}}
    return [
        {"apiVersion": _VERSION, "kind": "Domain", "metadata": metadata, "spec": owner},
        {"apiVersion": _VERSION, "kind": "System", "metadata": system, "spec": {**owner, "domain": name}},
    ]


def _component(row: ComponentRow, tree: "_Tree") -> dict[str, Any]:
    home, kind = tree.names.of(row.cluster), _kind(row)
    # What the fields of an entity cannot hold, or not so that it reads the same again.
    says: dict[str, Any] = {"tier": row.tier, "owner_name": row.owner_name, "sites": row.sites}
    tags = tuple(row.tags or ())
    fits = len(set(tags)) == len(tags) and all(_TAG.fullmatch(tag) and len(tag) <= LONGEST_LABEL for tag in tags)
    metadata: dict[str, Any] = {"name": tree.name(row.slug, kind, home), "namespace": home, "title": row.name}
    if row.description:
        metadata["description"] = row.description
    if tags and fits:
        metadata["tags"] = list(tags)
    elif tags:
        says["tags"] = tags
    if not (row.kind or "").strip() or (row.api and row.kind != "api"):
        says["kind"] = row.kind
    if kind == "Resource":
        says["lifecycle"] = row.lifecycle  # no field of theirs
    own = tree.needs.get((row.cluster, row.slug), [])
    annotations = {SHORT_NAME: row.slug, CLUSTER: row.cluster, SAYS: _json(says)}
    if own:
        annotations[NEEDS] = _json([_edge(one) for one in own])
    metadata["annotations"] = annotations
    return {"apiVersion": _VERSION, "kind": kind, "metadata": metadata, "spec": _spec(row, tree)}


def _spec(row: ComponentRow, tree: "_Tree") -> dict[str, Any]:
    home, kind = tree.names.of(row.cluster), _kind(row)
    spec: dict[str, Any] = {
        "type": row.kind if (row.kind or "").strip() else "service",
        "lifecycle": row.lifecycle or "production",
        "owner": row.owner_name if (row.owner_name or "").strip() else f"group:{home}",
        "system": home,
    }
    if row.api:
        return spec | spec_of(row.api)
    if kind == "Resource":
        del spec["lifecycle"]
    relations = tree.relations((row.cluster, row.slug))
    taken = relations if kind == "Component" else {name: relations[name] for name in relations if name == "dependsOn"}
    return spec | taken


def _kind(row: ComponentRow | None) -> str:
    """The kind of entity that a component is to others."""
    if row and row.api:
        return "API"
    return "Resource" if row and row.slug.startswith(_RESOURCE) else "Component"


def _location(files: list[str], rest: Iterable[DependencyRow], hosts: Iterable[PlacementRow]) -> dict[str, Any]:
    annotations = {
        NEEDS: _json([_edge(row) for row in rest]),
        HOSTS: _json([_without(asdict(row), "place") for row in hosts]),
    }
    metadata = {"name": "exported", "annotations": {key: text for key, text in annotations.items() if text != "[]"}}
    targets = [f"./{name}" for name in files]
    return {
        "apiVersion": _VERSION,
        "kind": "Location",
        "metadata": metadata,
        "spec": {"type": "file", "targets": targets},
    }


class _Names:
    """Names that Backstage takes, one for each of ours: itself where that will do, else with a digest after it."""

    def __init__(self) -> None:
        self.made: dict[tuple[str, str], str] = {}

    def of(self, text: str, home: str = "") -> str:
        """The name of a cluster, or of a component in `home`."""
        if (home, text) not in self.made:
            pattern = r"[^a-z0-9]+" if not home else r"[^a-z0-9.]+"
            plain = re.sub(pattern, "-", text.lower())
            is_good = plain == text and _NAME.fullmatch(text) and len(text) <= LONGEST_LABEL and "--" not in text
            short = re.sub(r"[-.]+", "-", plain[:_LONGEST]).strip("-.")
            digest = hashlib.sha256(text.encode()).hexdigest()[:10]
            self.made[home, text] = text if is_good else f"{short or 'x'}-{digest}"
        return self.made[home, text]


Key = tuple[str, str]  # of a component: its cluster and its short name


class _Tree:
    """The components of a catalogue and what ties them, as others read it; the annotations have it all, as it is."""

    def __init__(self, catalog: Catalog, names: _Names) -> None:
        self.names = names
        self.known: dict[Key, ComponentRow] = {(row.cluster, row.slug): row for row in catalog.components}
        self.needs: dict[Key, list[DependencyRow]] = defaultdict(list)
        self.said: dict[Key, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for row in catalog.dependencies:
            self.needs[row.consumer_cluster, row.consumer].append(row)
            if row.consumer_cluster and row.provider_cluster:
                self._say(row, (row.consumer_cluster, row.consumer), (row.provider_cluster, row.provider))

    def _say(self, row: DependencyRow, consumer: Key, provider: Key) -> None:
        if pair := nested(row.kind, consumer, provider):
            self.said[pair[1]]["subcomponentOf"].add(self.reference(pair[0]))
        elif row.kind == "calls" and _kind(self.known.get(provider)) == "API":
            self.said[consumer]["consumesApis"].add(self.reference(provider))
        elif row.kind == "is provided by" and _kind(self.known.get(consumer)) == "API":
            self.said[provider]["providesApis"].add(self.reference(consumer))
        else:
            self.said[consumer]["dependsOn"].add(self.reference(provider))

    def relations(self, key: Key) -> dict[str, Any]:
        """What an entity says of others; a part says only the first of its wholes, for which there is room."""
        found: dict[str, Any] = {name: sorted(said) for name, said in sorted(self.said.get(key, {}).items())}
        return found | ({"subcomponentOf": found["subcomponentOf"][0]} if "subcomponentOf" in found else {})

    def reference(self, key: Key) -> str:
        """A component as others refer to it."""
        home, kind = self.names.of(key[0]), _kind(self.known.get(key))
        return f"{kind.lower()}:{home}/{self.name(key[1], kind, home)}"

    def name(self, slug: str, kind: str, home: str) -> str:
        """The name of a component among the entities of its kind, without the word that tells the kind apart for us."""
        prefix = f"{kind.lower()}:"
        if kind == "Component" or slug.startswith(prefix):
            return self.names.of(slug.removeprefix(prefix) if kind != "Component" else slug, home)
        return self.names.of(f"{prefix}{slug}", home)


def _edge(row: DependencyRow) -> dict[str, Any]:
    return {name: value for name, value in _without(asdict(row), "place").items() if value not in (None, "")}


def _row(kind: type[DependencyRow] | type[PlacementRow], place: Place, said: Any) -> Row | None:
    """A row of a part of an annotation; None where it has other fields, or other kinds of values."""
    if not isinstance(said, dict):
        return None
    if isinstance(said.get("runs"), list):
        said = {**said, "runs": tuple(map(str, said["runs"]))}
    numbers = {name for name in said if name == "weight"}
    is_fit = all(isinstance(said[name], int) and 1 <= said[name] <= MOST_WEIGHT for name in numbers) and all(
        isinstance(value, str | tuple) for name, value in said.items() if name not in numbers
    )
    if said.get("data_class") not in (None, "public", "internal", "confidential", "restricted"):
        return None
    try:
        return kind(place, **said) if is_fit else None
    except TypeError:  # a field that the row does not have, or one it needs
        return None


def _annotations(metadata: Mapping[str, Any]) -> Mapping[str, str]:
    return metadata.get("annotations") or {}


def _listed(text: str) -> list[Any]:
    found = _loaded(text)
    return found if isinstance(found, list) else [text]


def _object(text: str) -> dict[str, Any]:
    found = _loaded(text)
    return found if isinstance(found, dict) else {}


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _without(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _yaml(entities: list[dict[str, Any]]) -> bytes:
    text: str = yaml.dump_all(
        entities, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=110, explicit_start=True
    )
    return text.encode()
