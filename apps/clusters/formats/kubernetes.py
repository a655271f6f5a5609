"""Kubernetes and Istio manifests as a catalogue: workloads become components, hosts that they name dependencies.

Read are Deployment, StatefulSet, DaemonSet, CronJob and Service, and of Istio ServiceEntry and VirtualService; all else
is said to be not read. A host counts where it is one of these manifests' own: values of settings are often no hosts.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.clusters.formats.catalog import MOST_ROWS, Catalog, ComponentRow, DependencyRow, Place, cluster_slug
from apps.clusters.formats.yaml_documents import documents
from apps.clusters.rules.nesting import circles, told
from apps.kernel.refusals import Invalid, Refusal, TooLarge

WORKLOADS: Mapping[str, str] = {
    "Deployment": "service",
    "StatefulSet": "stateful service",
    "DaemonSet": "daemon",
    "CronJob": "scheduled job",
}
ENDINGS = (".yaml", ".yml", ".json")
_NAME_LABEL, _PART_OF, _ROLE = (f"app.kubernetes.io/{word}" for word in ("name", "part-of", "component"))
_DESCRIPTIONS = ("kubernetes.io/description", "description")
_TEAMS = ("team", "owner")
_HOST = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:[^@/\s]*@)?([a-z0-9][a-z0-9.-]{0,252})(?::\d{1,5})?(?:[/?].*)?", re.ASCII
)
_IN_MESH = re.compile(r"(?P<name>[a-z0-9-]+)(?:\.(?P<namespace>[a-z0-9-]+)(?:\.svc(?:\.[a-z0-9.-]+)?)?)?", re.ASCII)
_MOST_NAME = 200


@dataclass(frozen=True)
class Resource:
    """One manifest that names itself."""

    place: Place
    kind: str
    name: str
    namespace: str
    labels: Mapping[str, str]
    content: Mapping[str, Any]


Key = tuple[str, str]  # slug of a cluster, short name of a component


@dataclass
class _Reading:
    catalog: Catalog = field(default_factory=Catalog)
    known: dict[tuple[str, str, str], Resource] = field(default_factory=dict)  # kind, namespace, name
    unread: Counter[tuple[str, str]] = field(default_factory=Counter)  # file and kind
    first: dict[tuple[str, str], int] = field(default_factory=dict)  # the line of the first of these
    hosts: dict[tuple[str, str], Key] = field(default_factory=dict)  # name and namespace (outside: host and "")
    homes: dict[tuple[str, str, str], Key] = field(default_factory=dict)
    walked: int = 0  # VirtualServices that were gone through for what others leave to them

    def of(self, *kinds: str) -> list[Resource]:
        """The resources of these kinds, in the order of the files."""
        return [one for one in self.known.values() if one.kind in kinds]


def parse(files: Mapping[str, bytes], *, cluster_map: Mapping[str, str] | None = None) -> Catalog:
    """Everything that the manifests say; the cluster of a component is what it is part of, else its namespace."""
    read = {name: content for name, content in files.items() if len(files) == 1 or name.endswith(ENDINGS)}
    if not read:
        raise Invalid("There is no YAML file in the archive.", next_step="Send the manifests themselves.")
    reading = _Reading()
    for name in sorted(read):
        for resource in _resources(reading, name, read[name]):
            _keep(reading, resource)
    _take_components(reading, cluster_map or {})
    _take_edges(reading)
    for (file, kind), number in reading.unread.items():
        place = Place(file, reading.first[file, kind])
        reading.catalog.refuse(place, "kind", f"{kind} ({number:,} of them)", "Not read: it says nothing of the map.")
    return reading.catalog


def _resources(reading: _Reading, file: str, content: bytes) -> Iterator[Resource]:
    try:
        found = documents(content)
    except Refusal as refusal:
        reading.catalog.refuse(Place(file, 1), "", "", str(refusal))
        return
    for document in found:
        place = Place(file, document.line)
        if document.fault:
            reading.catalog.refuse(place, "", "", document.fault)
        else:
            yield from _read(reading, place, document.content)


def _read(reading: _Reading, place: Place, content: Any) -> Iterator[Resource]:
    if not isinstance(content, dict) or not isinstance(content.get("kind"), str):
        reading.catalog.refuse(place, "kind", "", "It is no manifest: a manifest names its kind.")
        return
    if content["kind"].endswith("List") and isinstance(content.get("items"), list):
        for item in content["items"]:
            yield from _read(reading, place, item)
        return
    metadata = _object(content.get("metadata"))
    name, namespace = metadata.get("name"), metadata.get("namespace", "default")
    if content["kind"] not in (*WORKLOADS, "Service", "ServiceEntry", "VirtualService"):
        key = (place.file, content["kind"][:60])
        reading.unread[key] += 1
        reading.first.setdefault(key, place.row)
    elif not isinstance(name, str) or not name or len(name) > _MOST_NAME or not isinstance(namespace, str):
        reading.catalog.refuse(place, "metadata.name", name, "A manifest has a name, and its namespace is a text.")
    else:
        yield Resource(place, content["kind"], name, namespace, _texts(metadata.get("labels")), content)


def _keep(reading: _Reading, resource: Resource) -> None:
    key = (resource.kind, resource.namespace, resource.name)
    first = reading.known.setdefault(key, resource)
    if first is not resource:
        where = f"{first.place.file}, line {first.place.row}"
        reason = f"This {resource.kind} is already in {where}."
        reading.catalog.refuse(resource.place, "metadata.name", resource.name, reason)


def _take_components(reading: _Reading, cluster_map: Mapping[str, str]) -> None:
    """A component for each workload, for each Service without one, and for each host outside."""
    pods: dict[tuple[str, str, str], list[tuple[Mapping[str, str], Key]]] = defaultdict(list)  # by namespace and label
    for one in reading.of(*WORKLOADS):
        key = _component(reading, one, one.name, WORKLOADS[one.kind], cluster_map)
        labels = _texts(_object(_template(one).get("metadata")).get("labels"))
        for label in labels.items():
            pods[one.namespace, *label].append((labels, key))
        reading.homes[one.kind, one.namespace, one.name] = key
        reading.hosts.setdefault((one.name, one.namespace), key)
    for one in reading.of("Service"):
        selector = _texts(_object(one.content.get("spec")).get("selector"))
        fewest = min((pods.get((one.namespace, *label), []) for label in selector.items()), key=len, default=[])
        behind = next((key for labels, key in fewest if selector.items() <= labels.items()), None)
        reading.hosts[one.name, one.namespace] = behind or _component(reading, one, one.name, "service", cluster_map)
    for one in reading.of("ServiceEntry"):
        for host in _list(_object(one.content.get("spec")).get("hosts")):
            if not isinstance(host, str) or "*" in host or len(host) > _MOST_NAME:
                reading.catalog.refuse(one.place, "spec.hosts", host, "Not read: it names no one host.")
            elif _resolved(reading, host, one.namespace) is None:
                reading.hosts[host, ""] = _component(reading, one, host, "external service", cluster_map)


def _component(reading: _Reading, one: Resource, slug: str, kind: str, cluster_map: Mapping[str, str]) -> Key:
    part_of = one.labels.get(_PART_OF, "")
    cluster = cluster_slug([part_of, one.namespace], cluster_map)
    notes = _texts(_object(one.content.get("metadata")).get("annotations"))
    row = ComponentRow(
        one.place,
        cluster=cluster,
        cluster_name=part_of or one.namespace,
        slug=slug,
        name=(one.labels.get(_NAME_LABEL) or None) if kind == "external service" else None,
        called=slug,
        kind=kind,
        description=next((notes[name] for name in _DESCRIPTIONS if notes.get(name)), None),
        owner_name=next((said[name] for said in (one.labels, notes) for name in _TEAMS if said.get(name)), None),
        tags=(one.labels[_ROLE],) if one.labels.get(_ROLE) else None,
    )
    reading.catalog.take(row)
    return cluster, slug


def _take_edges(reading: _Reading) -> None:
    found: dict[tuple[Key, Key, str], Place] = {}
    for one in reading.of(*WORKLOADS):
        consumer = reading.homes[one.kind, one.namespace, one.name]
        for host in _named_hosts(_template(one)):
            provider = _resolved(reading, host, one.namespace)
            if provider and provider != consumer:
                found.setdefault((consumer, provider, "calls"), one.place)
    delegates = _delegates(reading)
    asked = {_label(one) for found in delegates.values() for one in found}
    for one in reading.of("VirtualService"):
        for edge in _routes(reading, one, delegates, asked):
            found.setdefault(edge, one.place)
            _require_few(len(found))
    for (consumer, provider, kind), place in found.items():
        reading.catalog.take(DependencyRow(place, consumer[1], provider[1], kind, consumer[0], provider[0]))


Delegates = Mapping[str, list[Resource]]  # the label of a VirtualService → those it leaves its routes to


def _delegates(reading: _Reading) -> Delegates:
    """Who leaves routes to whom, without circles: each place of one is refused with its way."""
    known = {_label(one): one for one in reading.of("VirtualService")}
    said: list[tuple[str, str]] = []
    for label, one in known.items():
        for rule in _list(_object(one.content.get("spec")).get("http")):
            delegate = _object(_object(rule).get("delegate"))
            other = f"{delegate.get('namespace') or one.namespace}/{delegate.get('name')}"
            if other in known:
                said.append((label, other))
            elif delegate:
                reading.catalog.refuse(one.place, "http.delegate", other, "Not read: no such VirtualService.")
    ways = circles(said) if said else {}
    for place, way in ways.items():
        reason = f"A route that is left to others comes back here, in a circle: {told(way)}. Take one of them out."
        reading.catalog.refuse(known[said[place][0]].place, "http.delegate", said[place][1], reason)
    found: dict[str, list[Resource]] = {}
    for place, (label, other) in enumerate(said):
        if place not in ways:
            found.setdefault(label, []).append(known[other])
    return found


def _label(one: Resource) -> str:
    return f"{one.namespace}/{one.name}"


def _with_delegates(one: Resource, delegates: Delegates) -> list[Resource]:
    """A VirtualService and all that it leaves routes to, each once."""
    found, waiting = {_label(one): one}, [one]
    while waiting:
        new = [other for other in delegates.get(_label(waiting.pop()), []) if _label(other) not in found]
        found |= {_label(other): other for other in new}
        waiting += new
    return list(found.values())


def _routes(
    reading: _Reading, one: Resource, delegates: Delegates, asked: Collection[str]
) -> Iterator[tuple[Key, Key, str]]:
    """From what a VirtualService stands before, to where it sends: where both are hosts that are known.

    One without hosts is there for others that leave routes to it (`asked`): those stand before what it says.
    """
    spec = _object(one.content.get("spec"))
    hosts = [str(host) for host in _list(spec.get("hosts"))]
    fronts = dict.fromkeys(key for host in hosts if (key := _resolved(reading, host, one.namespace)))
    if not fronts and (hosts or _label(one) not in asked):
        reason = "Not read: none of its hosts is a Service or an entry of these manifests."
        reading.catalog.refuse(one.place, "spec.hosts", ", ".join(hosts), reason)
        return
    for host, target in _targets(reading, one):
        if target is None:
            reading.catalog.refuse(one.place, "destination.host", host, "Not read: no host of these manifests.")
    senders = _with_delegates(one, delegates) if fronts else []
    reading.walked += len(senders)
    _require_few(reading.walked)
    behind = dict.fromkeys(target for sender in senders for _, target in _targets(reading, sender) if target)
    yield from ((front, target, "routes to") for target in behind for front in fronts if target != front)


def _require_few(number: int) -> None:
    """Refuse manifests that say every host of many routes to every one of many: a small file says millions so."""
    if number > MOST_ROWS:
        raise TooLarge(f"The routes of these manifests are more than {MOST_ROWS:,}.", next_step="Send them in parts.")


def _targets(reading: _Reading, one: Resource) -> Iterator[tuple[str, Key | None]]:
    """Each host to which a VirtualService sends, and what is behind it."""
    spec = _object(one.content.get("spec"))
    rules = [rule for protocol in ("http", "tcp", "tls") for rule in _list(spec.get(protocol))]
    for route in (route for rule in rules for route in _list(_object(rule).get("route"))):
        host = str(_object(_object(route).get("destination")).get("host", ""))
        yield host, _resolved(reading, host, one.namespace)


def _resolved(reading: _Reading, host: str, namespace: str) -> Key | None:
    """The component behind a host as it is written in a namespace."""
    if (host, "") in reading.hosts:
        return reading.hosts[host, ""]
    found = _IN_MESH.fullmatch(host)
    return reading.hosts.get((found["name"], found["namespace"] or namespace)) if found else None


def _template(one: Resource) -> Mapping[str, Any]:
    """The pod that a workload starts."""
    spec = _object(one.content.get("spec"))
    if one.kind == "CronJob":
        spec = _object(_object(spec.get("jobTemplate")).get("spec"))
    return _object(spec.get("template"))


def _named_hosts(template: Mapping[str, Any]) -> Iterable[str]:
    """What the settings of a pod's containers name and could be hosts."""
    spec = _object(template.get("spec"))
    for container in (*_list(spec.get("containers")), *_list(spec.get("initContainers"))):
        values = [_object(setting).get("value") for setting in _list(_object(container).get("env"))]
        values += [*_list(_object(container).get("args")), *_list(_object(container).get("command"))]
        for value in values:
            for word in re.split(r"[\s,;=]+", value[:2_000]) if isinstance(value, str) else ():
                if found := _HOST.fullmatch(word):
                    yield found[1]


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: Any) -> Mapping[str, str]:
    return {name: text for name, text in _object(value).items() if isinstance(text, str)}
