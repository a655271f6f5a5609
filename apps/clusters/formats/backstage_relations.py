"""Entities of a Backstage catalogue, what they say of each other, and the relations that never run in a circle."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from apps.clusters.formats.apis import Documents
from apps.clusters.formats.catalog import Catalog, DependencyRow, Place
from apps.clusters.rules.nesting import CONSISTS_OF, circles, told

_REF = re.compile(r"(?:(?P<kind>[a-zA-Z][a-zA-Z0-9]*):)?(?:(?P<namespace>[^/:]+)/)?(?P<name>[^/:]+)", re.ASCII)


@dataclass(frozen=True)
class Ref:
    """A full entity reference; compared without case, as Backstage does."""

    kind: str
    namespace: str
    name: str

    def key(self) -> tuple[str, str, str]:
        """What makes two references the same."""
        return self.kind.lower(), self.namespace.lower(), self.name.lower()

    def slug(self) -> str:
        """Our short name: the name alone for a Component of the default namespace, else as much as tells it apart."""
        named = self.label()
        return named if self.kind == "component" else f"{self.kind}:{named}"

    def label(self) -> str:
        """What people call it among its own kind."""
        return self.name if self.namespace == "default" else f"{self.namespace}/{self.name}"


@dataclass
class Entity:
    """One document that has the shape of its kind."""

    place: Place
    ref: Ref
    metadata: dict[str, Any]
    spec: dict[str, Any]


@dataclass
class Reading:
    """What has been read so far."""

    documents: Documents  # of the upload
    catalog: Catalog = field(default_factory=Catalog)
    entities: dict[tuple[str, str, str], Entity] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    patterns: int = 0  # of files, that were held against all of them
    includes: list[tuple[Entity, str]] = field(default_factory=list)  # a Location, and a file that it names itself


def reference(text: str, *, kind: str, namespace: str = "default") -> Ref | None:
    """A reference `[kind:][namespace/]name` with its defaults filled in; None when it has another form."""
    found = _REF.fullmatch(text.strip())
    if not found:
        return None
    return Ref((found["kind"] or kind).lower(), (found["namespace"] or namespace).lower(), found["name"])


# relation, our kind, whether the entity is the consumer, the kind a bare reference means.
# A provided API needs the component behind it: when that fails, the API does; and so does a whole when its part fails.
_RELATIONS = (
    ("dependsOn", "uses", True, "component"),
    ("dependencyOf", "uses", False, "component"),
    ("consumesApis", "calls", True, "api"),
    ("providesApis", "is provided by", False, "api"),
    ("subcomponentOf", CONSISTS_OF, False, "component"),
)


def take_relations(reading: Reading, entity: Entity) -> None:
    """Take what an entity says of others as dependencies."""
    for relation, kind, is_consumer, default in _RELATIONS:
        for text in _texts(entity.spec.get(relation)):
            _take_relation(reading, entity, (relation, text, default), kind=kind, is_consumer=is_consumer)


def _take_relation(
    reading: Reading, entity: Entity, relation: tuple[str, str, str], *, kind: str, is_consumer: bool
) -> None:
    name, text, default_kind = relation
    other = reference(text, kind=default_kind, namespace=entity.ref.namespace)
    if other is None:
        reason = "A reference has the form kind:namespace/name."
        reading.catalog.refuse(entity.place, f"spec.{name}", text, reason)
        return
    known = reading.entities.get(other.key())
    ends = [entity.ref.slug(), known.ref.slug() if known else other.slug()]
    consumer, provider = ends if is_consumer else reversed(ends)
    reading.catalog.take(DependencyRow(entity.place, consumer=consumer, provider=provider, kind=kind))


@dataclass(frozen=True)
class _Claim:
    """That one thing is above another, and where it is said."""

    entity: Entity
    field: str
    value: str
    above: str
    below: str


def refuse_circles(reading: Reading) -> None:
    """Note every parent, subdomain and Location that makes something lie above itself; the entities are taken."""
    found = [_groups(reading), _domains(reading), _locations(reading)]
    for words, claims in zip(("group", "domain", "file"), found, strict=True):
        said = list(claims)
        ways = circles([(one.above, one.below) for one in said]) if said else {}
        for place, way in ways.items():
            one = said[place]
            reason = f"No {words} lies above itself, and this closes a circle: {told(way)}. Take one of them out."
            reading.catalog.refuse(one.entity.place, one.field, one.value, reason)


def _groups(reading: Reading) -> Iterator[_Claim]:
    for entity in _of_kind(reading, "group"):
        own = _name(reading, entity.ref)
        for field_name, text, other in _references(reading, entity, "parent", "children"):
            above, below = (other, own) if field_name == "parent" else (own, other)
            yield _Claim(entity, f"spec.{field_name}", text, above, below)


def _domains(reading: Reading) -> Iterator[_Claim]:
    for entity in _of_kind(reading, "domain"):
        for field_name, text, other in _references(reading, entity, "subdomainOf"):
            yield _Claim(entity, f"spec.{field_name}", text, other, _name(reading, entity.ref))


def _locations(reading: Reading) -> Iterator[_Claim]:
    for entity, path in reading.includes:
        yield _Claim(entity, "spec.targets", path, entity.place.file, path)


def _of_kind(reading: Reading, kind: str) -> Iterator[Entity]:
    return (entity for entity in reading.entities.values() if entity.ref.kind == kind)


def _references(reading: Reading, entity: Entity, *names: str) -> Iterator[tuple[str, str, str]]:
    """Each reference of these fields: the field, the text, and what it means as one writes it."""
    for name in names:
        for text in _texts(entity.spec.get(name)):
            other = reference(text, kind=entity.ref.kind, namespace=entity.ref.namespace)
            if other is None:
                reason = "A reference has the form kind:namespace/name."
                reading.catalog.refuse(entity.place, f"spec.{name}", text, reason)
            else:
                yield name, text, _name(reading, other)


def _name(reading: Reading, ref: Ref) -> str:
    """What people call an entity, spelled as it is where it stands."""
    known = reading.entities.get(ref.key())
    return (known.ref if known else ref).label()


def _texts(value: Any) -> list[str]:
    """One reference or several, as a list."""
    return [value] if isinstance(value, str) else value or []
