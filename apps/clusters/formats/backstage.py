"""Backstage catalogues (`catalog-info.yaml`): entities checked against their published shape and turned into rows.

Source of the shapes: the Backstage documentation, "Descriptor Format of Catalog Entities", and the JSON schemas of
`@backstage/catalog-model`. Checked by hand and within bounds, because the files come from anywhere.
"""

import posixpath
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import yaml

from apps.clusters.formats import backstage_export as own
from apps.clusters.formats import backstage_relations as relations
from apps.clusters.formats.apis import ApiSaid, Documents, read_api
from apps.clusters.formats.backstage_relations import Entity, Reading, Ref, reference
from apps.clusters.formats.catalog import (
    LONGEST_LABEL,
    MOST_BYTES,
    MOST_ROWS,
    Catalog,
    ClusterRow,
    ComponentRow,
    Place,
    cluster_slug,
)
from apps.clusters.formats.yaml_documents import Strict, Unreadable
from apps.kernel.refusals import Invalid, TooLarge

API_VERSIONS = frozenset({"backstage.io/v1alpha1", "backstage.io/v1beta1"})
DEEPEST = 20  # levels of nesting in one document
MOST_NODES = 200_000  # YAML nodes in one file
LIFECYCLES = frozenset({"experimental", "production", "deprecated", "retired"})
MOST_PATTERNS = 500  # of files, in all Locations of a catalogue: each is held against every file
_PATTERN = frozenset("*?[")  # signs of one
ENTRY_FILES = frozenset({"catalog-info.yaml", "catalog-info.yml"})

_NAME = re.compile(r"[a-zA-Z0-9](?:[-_.]?[a-zA-Z0-9]){0,62}", re.ASCII)
_NAMESPACE = re.compile(r"[a-z0-9](?:-?[a-z0-9]){0,62}", re.ASCII)
_TAG = re.compile(r"[a-z0-9+#](?:[-:]?[a-z0-9+#]){0,62}", re.ASCII)


@dataclass(frozen=True)
class Shape:
    """What the spec of one kind must and may hold: texts and lists of texts."""

    texts: frozenset[str] = frozenset()
    may_texts: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    may_lists: frozenset[str] = frozenset()


_LINKS = frozenset({"dependsOn", "dependencyOf"})
SHAPES: Mapping[str, Shape] = {
    "Component": Shape(
        frozenset({"type", "lifecycle", "owner"}),
        frozenset({"system", "subcomponentOf"}),
        may_lists=_LINKS | {"providesApis", "consumesApis"},
    ),
    "API": Shape(frozenset({"type", "lifecycle", "owner"}), frozenset({"system"})),
    "Resource": Shape(frozenset({"type", "owner"}), frozenset({"system"}), may_lists=_LINKS),
    "System": Shape(frozenset({"owner"}), frozenset({"domain", "type"})),
    "Domain": Shape(frozenset({"owner"}), frozenset({"subdomainOf", "type"})),
    "Group": Shape(
        frozenset({"type"}), frozenset({"parent"}), lists=frozenset({"children"}), may_lists=frozenset({"members"})
    ),
    "Location": Shape(frozenset(), frozenset({"type", "target"}), may_lists=frozenset({"targets"})),
}
PARTS = ("Component", "API", "Resource")  # the kinds that become components


def parse(
    files: Mapping[str, bytes], *, entries: frozenset[str] | None = None, cluster_map: Mapping[str, str] | None = None
) -> Catalog:
    """Everything the catalogue says; entities that do not fit are among the rejections.

    `files` are those of a folder or archive by path. Reading starts at `entries` (default: every catalog-info.yaml, or
    the only file) and follows Location targets to other files of the same `files`, never to the network.
    """
    starts = sorted(entries if entries is not None else _entries(files))
    if not starts:
        raise Invalid(
            "There is no catalog-info.yaml in the archive.", next_step="Add one, or send the catalogue file itself."
        )
    reading, waiting = Reading(Documents(files)), deque(starts)
    while waiting:
        path = waiting.popleft()
        if path not in reading.read:
            reading.read.add(path)
            waiting.extend(_read_file(reading, path, files))
    _to_rows(reading, cluster_map or {})
    relations.refuse_circles(reading)
    return reading.catalog


def _entries(files: Mapping[str, bytes]) -> set[str]:
    if len(files) == 1:
        return set(files)
    return {path for path in files if posixpath.basename(path) in ENTRY_FILES}


def _read_file(reading: Reading, path: str, files: Mapping[str, bytes]) -> Iterator[str]:
    """Take every entity of one file in; yields the files its Locations name."""
    for place, document in _documents(reading.catalog, path, files[path]):
        if len(reading.entities) >= MOST_ROWS:
            raise TooLarge(f"The catalogue has more than {MOST_ROWS} entities.", next_step="Split it.")
        entity = _entity(reading.catalog, place, document)
        if entity is None:
            continue
        if first := reading.entities.get(entity.ref.key()):
            where = f"{first.place.file}, line {first.place.row}"
            reading.catalog.refuse(place, "metadata.name", entity.ref.name, f"This entity is already in {where}.")
            continue
        reading.entities[entity.ref.key()] = entity
        if entity.ref.kind == "location":
            yield from _targets(reading, entity, files)


def _documents(catalog: Catalog, path: str, content: bytes) -> list[tuple[Place, Any]]:
    """The documents of one YAML file with their places; none, and one rejection, when the file cannot be trusted."""
    if len(content) > MOST_BYTES:
        raise TooLarge(f"{path} is over {MOST_BYTES >> 20} MB.", next_step="Split the file.")
    try:
        text = content.decode("utf-8-sig")
        lines = _checked_lines(text)
        documents = list(yaml.load_all(text, Loader=Strict))  # a SafeLoader that refuses names said twice
    except UnicodeDecodeError as error:
        catalog.refuse(Place(path, 1), "", f"byte {error.start + 1}", "The file is not UTF-8.")
    except Unreadable as fault:
        catalog.refuse(Place(path, fault.line + 1), "", "", str(fault).capitalize())
    except _Refused as error:
        catalog.refuse(Place(path, error.line), "", "", error.reason)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        catalog.refuse(Place(path, line), "", "", f"The file is not YAML we read: {error.problem or error.context}.")
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        catalog.refuse(Place(path, 1), "", "", f"The file is not YAML we read: {error}.")
    else:
        found = zip(lines, documents, strict=True)
        return [(Place(path, line), document) for line, document in found if document is not None]
    return []


class _Refused(Exception):  # noqa: N818  # a verdict on the file, caught above
    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line, self.reason = line, reason


def _checked_lines(text: str) -> list[int]:
    """The line each document starts on; refuses aliases, tags, depth and size before anything is built of it."""
    lines: list[int] = []
    depth = nodes = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent):
            lines.append(0)
        if isinstance(event, yaml.AliasEvent):
            raise _Refused(line, "It uses an alias (*name). Aliases can make a small file huge; write the value out.")
        if tag := getattr(event, "tag", None):
            raise _Refused(line, f"It forces a type ({tag[:80]}). Leave the tag out.")
        if isinstance(event, yaml.NodeEvent):
            nodes += 1
            lines[-1] = lines[-1] or line
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise _Refused(line, f"It is nested deeper than {DEEPEST} levels.")
        if nodes > MOST_NODES:
            raise _Refused(line, f"It has more than {MOST_NODES} values.")
    return lines


def _entity(catalog: Catalog, place: Place, document: Any) -> Entity | None:
    """The document as an entity, or None and a rejection that names the first field at fault."""
    fault = _envelope_fault(document) or _metadata_fault(document["metadata"]) or _spec_fault(document)
    if fault:
        catalog.refuse(place, *fault)
        return None
    metadata = document["metadata"]
    ref = Ref(document["kind"].lower(), metadata.get("namespace", "default").lower(), metadata["name"])
    return Entity(place, ref, metadata, document.get("spec") or {})


Fault = tuple[str, object, str]


def _envelope_fault(document: Any) -> Fault | None:  # noqa: PLR0911  # one return for each sentence
    if not isinstance(document, dict):
        return "", document, "The document is not an entity: it has no fields."
    kind, version = document.get("kind"), document.get("apiVersion")
    if not isinstance(version, str) or not isinstance(kind, str):
        return "apiVersion", version, "An entity names its apiVersion and its kind as text."
    if kind not in SHAPES:
        return "kind", kind, f"This kind is not imported; we take {', '.join(SHAPES)}."
    if version not in API_VERSIONS:
        return "apiVersion", version, f"We read {' and '.join(sorted(API_VERSIONS))}."
    if not isinstance(document.get("metadata"), dict):
        return "metadata", document.get("metadata"), "An entity has metadata with at least a name."
    if not isinstance(document.get("spec"), dict):
        return "spec", document.get("spec"), f"A {kind} has a spec."
    return None


def _metadata_fault(metadata: dict[str, Any]) -> Fault | None:
    name, namespace = metadata.get("name"), metadata.get("namespace", "default")
    if not isinstance(name, str) or len(name) > LONGEST_LABEL or not _NAME.fullmatch(name):
        return "metadata.name", name, "A name is 1 to 63 letters and digits, with single - _ . between them."
    if not isinstance(namespace, str) or len(namespace) > LONGEST_LABEL or not _NAMESPACE.fullmatch(namespace.lower()):
        return "metadata.namespace", namespace, "A namespace is 1 to 63 letters and digits, with single - between."
    for key in ("title", "description"):
        if key in metadata and not isinstance(metadata[key], str):
            return f"metadata.{key}", metadata[key], "It must be text."
    for key in ("labels", "annotations"):
        pairs = metadata.get(key) or {}
        if not isinstance(pairs, dict) or not all(isinstance(text, str) for pair in pairs.items() for text in pair):
            return f"metadata.{key}", pairs, "It must be names with texts."
    return _list_fault("metadata.tags", metadata.get("tags") or [], _TAG)


def _spec_fault(document: dict[str, Any]) -> Fault | None:
    kind, spec = document["kind"], document["spec"]
    shape = SHAPES[kind]
    for key in sorted(shape.texts | shape.may_texts):
        value = spec.get(key)
        if (key in shape.texts or value is not None) and not (isinstance(value, str) and value.strip()):
            return f"spec.{key}", value, f"A {kind} names its {key} as text."
    for key in sorted(shape.lists | shape.may_lists):
        value = spec.get(key)
        if (key in shape.lists or value is not None) and (fault := _list_fault(f"spec.{key}", value, None)):
            return fault
    if kind == "API" and "definition" not in spec and not spec.get("remotes"):
        return "spec.definition", None, "An API has a definition (or, for a remote server, its remotes)."
    if kind in {"Component", "API"} and spec["lifecycle"].lower() not in LIFECYCLES:
        return "spec.lifecycle", spec["lifecycle"], f"A lifecycle is {', '.join(sorted(LIFECYCLES))}."
    return None


def _list_fault(name: str, value: Any, pattern: re.Pattern[str] | None) -> Fault | None:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return name, value, "It must be a list of texts."
    bad = next((item for item in value if pattern and (len(item) > LONGEST_LABEL or not pattern.fullmatch(item))), None)
    return None if bad is None else (name, bad, "It does not have the form Backstage gives it.")


def _targets(reading: Reading, entity: Entity, files: Mapping[str, bytes]) -> Iterator[str]:
    """The files a Location names, by path relative to its own; what lies outside is refused, one rejection each."""
    targets = [*([entity.spec["target"]] if entity.spec.get("target") else []), *(entity.spec.get("targets") or [])]
    folder = posixpath.dirname(entity.place.file)
    for target in dict.fromkeys(targets):
        path = posixpath.normpath(posixpath.join(folder, target))
        if "://" in target or entity.spec.get("type", "file") == "url":
            reason = "We follow only files of the same upload, not addresses."
        elif path.startswith(("../", "/")) or path == "..":
            reason = "The target leaves the upload."
        elif found := _matching(reading, path, files):
            # A pattern that fits its own file as well does not mean it.
            reading.includes += [(entity, name) for name in found if name == path or name != entity.place.file]
            _require_few(len(reading.includes), MOST_ROWS, "files")
            yield from found
            continue
        else:
            reason = "There is no such file in the upload."
        reading.catalog.refuse(entity.place, "spec.targets", target, reason)


def _matching(reading: Reading, path: str, files: Mapping[str, bytes]) -> list[str]:
    """The files of a path, or of a pattern; what has no sign of a pattern is looked up."""
    if not _PATTERN & set(path):
        return [path] if path in files else []
    reading.patterns += 1
    _require_few(reading.patterns, MOST_PATTERNS, "patterns of files")
    return sorted(name for name in files if fnmatchcase(name, path))


def _require_few(number: int, most: int, what: str) -> None:
    if number > most:
        raise TooLarge(
            f"The Locations of this catalogue name more than {most:,} {what}.", next_step="Send the catalogue in parts."
        )


def _to_rows(reading: Reading, cluster_map: Mapping[str, str]) -> None:
    """Systems and domains become clusters; components, APIs and resources components; relations dependencies."""
    clusters: set[str] = set()
    for entity in reading.entities.values():
        reading.catalog.take_all(own.rows_of(entity.place, entity.metadata, reading.catalog))
        if own.is_system(entity.metadata):
            continue
        if entity.ref.kind == "domain" or (entity.ref.kind == "system" and not entity.spec.get("domain")):
            row = own.cluster_row(entity.place, entity.metadata) or _cluster_row(entity, cluster_map)
            if row.slug not in clusters:
                clusters.add(row.slug)
                reading.catalog.take(row)
    for entity in reading.entities.values():
        if entity.ref.kind in {kind.lower() for kind in PARTS}:
            _take_component(reading, entity, cluster_map)


def _cluster_row(entity: Entity, cluster_map: Mapping[str, str]) -> ClusterRow:
    metadata = entity.metadata
    slug = cluster_slug([entity.ref.name], cluster_map)
    return ClusterRow(
        entity.place,
        slug=slug,
        name=metadata.get("title"),
        purpose=metadata.get("description"),
        called=entity.ref.name,
    )


def _api(reading: Reading, entity: Entity) -> ApiSaid | None:
    if entity.ref.kind != "api":
        return None
    api, faults = read_api(entity.spec, file=entity.place.file, documents=reading.documents)
    for fault in faults:
        reading.catalog.refuse(entity.place, *fault)
    return api


def _take_component(reading: Reading, entity: Entity, cluster_map: Mapping[str, str]) -> None:
    api = _api(reading, entity)
    if own_row := own.component_row(entity.place, entity.metadata, entity.spec, api):
        reading.catalog.take(own_row)
        return
    spec, metadata = entity.spec, entity.metadata
    named = _governing(reading, entity)
    cluster = cluster_slug(named, cluster_map, aliases=[_bare(spec["owner"]), entity.ref.namespace])
    reading.catalog.take(
        ComponentRow(
            entity.place,
            cluster=cluster,
            cluster_name=next(iter(named), cluster),
            slug=entity.ref.slug(),
            name=metadata.get("title"),
            called=entity.ref.name,
            kind="api" if entity.ref.kind == "api" else spec["type"],
            lifecycle=spec["lifecycle"].lower() if "lifecycle" in spec else None,
            description=metadata.get("description"),
            owner_name=_owner_name(reading, entity),
            tags=tuple(dict.fromkeys(metadata["tags"])) if metadata.get("tags") else None,
            api=api,
        )
    )
    relations.take_relations(reading, entity)


def _governing(reading: Reading, entity: Entity) -> list[str]:
    """The names that tell the cluster, the widest first: the domain of its system, else the system."""
    system = reference(entity.spec.get("system") or "", kind="system", namespace=entity.ref.namespace)
    if system is None:
        return []
    known = reading.entities.get(system.key())
    domain = reference((known.spec.get("domain") or "") if known else "", kind="domain", namespace=system.namespace)
    return [ref.name for ref in (domain, system) if ref]


def _owner_name(reading: Reading, entity: Entity) -> str:
    """The owning group's title where the catalogue holds it, else the reference as it is written."""
    written: str = entity.spec["owner"]
    ref = reference(written, kind="group", namespace=entity.ref.namespace)
    known = reading.entities.get(ref.key()) if ref else None
    if known is None:
        return written
    profile = known.spec.get("profile")
    shown = profile.get("displayName") if isinstance(profile, dict) else None
    return shown if isinstance(shown, str) else str(known.metadata.get("title", known.ref.name))


def _bare(ref: str) -> str:
    """The name of a reference without kind and namespace."""
    return ref.rsplit(":", 1)[-1].rsplit("/", 1)[-1]
