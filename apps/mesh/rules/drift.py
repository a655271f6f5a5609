"""What is applied in a cluster against what the registry asks for, resource by resource, and the edges seen in it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from apps.mesh.rules.analysis import Resource

# What the registry writes, and so what it compares; anything else of a push is left alone.
COMPARED = frozenset(
    (
        *("AuthorizationPolicy", "DestinationRule", "Gateway", "PeerAuthentication"),
        *("ServiceEntry", "Telemetry", "VirtualService"),
    )
)
GROUPS = frozenset({"networking.istio.io", "security.istio.io", "telemetry.istio.io"})
MOST_DIFFERENCES = 20  # told of one resource
LONGEST_VALUE = 200  # characters
LONGEST_TIME = 20  # characters


class Drift(StrEnum):
    """What became of one resource."""

    SAME = "same"
    CHANGED = "changed"
    MISSING = "missing"
    EXTRA = "extra"  # applied, and nothing declared asks for it


@dataclass(frozen=True)
class Difference:
    """One place where they differ; None where a side says nothing."""

    path: str
    wanted: str | None
    applied: str | None


@dataclass(frozen=True)
class Drifted:
    """One resource, and what became of it."""

    kind: str
    name: str
    drift: Drift
    differences: tuple[Difference, ...] = ()


def is_compared(resource: Resource, namespace: str) -> bool:
    """Whether a pushed resource is one of those that the registry writes for this namespace."""
    return resource.kind in COMPARED and resource.group in GROUPS and resource.namespace == namespace


def drift(wanted: Iterable[Resource], applied: Iterable[Resource]) -> list[Drifted]:
    """Every resource of either side, those that differ first.

    The version of an API is not compared: the server stores one and serves all. Nor are labels, annotations and what
    the server adds.
    """
    ours = {(one.kind, one.name): one for one in wanted}
    theirs = {(one.kind, one.name): one for one in applied}
    found = []
    for key in sorted({*ours, *theirs}):
        mine, other = ours.get(key), theirs.get(key)
        if mine is None or other is None:
            found.append(Drifted(*key, Drift.EXTRA if mine is None else Drift.MISSING))
            continue
        differences = tuple(_compared("spec", mine.spec, other.spec))[:MOST_DIFFERENCES]
        found.append(Drifted(*key, Drift.CHANGED if differences else Drift.SAME, differences))
    return sorted(found, key=lambda one: one.drift == Drift.SAME)


def _compared(path: str, wanted: Any, applied: Any) -> Iterator[Difference]:
    if isinstance(wanted, Mapping) and isinstance(applied, Mapping):
        for name in sorted({*wanted, *applied}, key=str):
            yield from _compared(f"{path}.{name}", wanted.get(name), applied.get(name))
    elif isinstance(wanted, list) and isinstance(applied, list) and len(wanted) == len(applied):
        for place, (mine, other) in enumerate(zip(wanted, applied, strict=True)):
            yield from _compared(f"{path}[{place}]", mine, other)
    elif not _is_alike(wanted, applied):
        yield Difference(path, _said(wanted), _said(applied))


def _is_alike(wanted: Any, applied: Any) -> bool:
    # 100 and 100.0 are one number; “1s” and “1000ms” one length of time, as the server may write either.
    if wanted == applied:
        return True
    times = _milliseconds(wanted), _milliseconds(applied)
    return times[0] is not None and times[0] == times[1]


def _milliseconds(value: Any) -> float | None:
    if not isinstance(value, str) or len(value) > LONGEST_TIME:
        return None
    for unit, factor in (("ms", 1.0), ("s", 1_000.0), ("m", 60_000.0), ("h", 3_600_000.0)):
        number = value.removesuffix(unit)
        if number != value and number.replace(".", "", 1).isdigit() and number.isascii():
            return float(number) * factor
    return None


def _said(value: Any) -> str | None:
    if value is None:
        return None
    said = value if isinstance(value, str) else repr(value)
    return said if len(said) <= LONGEST_VALUE else f"{said[:LONGEST_VALUE]}…"


@dataclass(frozen=True)
class Seen:
    """An edge that applied manifests allow or use: who calls whom, as the manifests name them, and where it stands.

    `consumer` is a principal (or “*”), `provider` the “app” label of a workload (or “*”) for what a cluster lets in;
    for what it calls, `consumer` is empty and `provider` is a host.
    """

    consumer: str
    provider: str
    kind: str
    name: str


def edges_let_in(applied: Iterable[Resource]) -> Iterator[Seen]:
    """Who may call what, by the ALLOW policies of a namespace."""
    for one in applied:
        if one.kind != "AuthorizationPolicy" or one.spec.get("action", "ALLOW") != "ALLOW":
            continue
        selector = one.spec.get("selector")
        labels = selector.get("matchLabels") if isinstance(selector, Mapping) else None
        provider = str(labels.get("app", "*")) if isinstance(labels, Mapping) else "*"
        for rule in _list(one.spec.get("rules")):
            sources = [
                source["source"]
                for source in _list(rule.get("from") if isinstance(rule, Mapping) else None)
                if isinstance(source, Mapping) and isinstance(source.get("source"), Mapping)
            ]
            # A rule that says nothing of principals lets in everybody whom its other words fit.
            named = [str(who) for source in sources for who in _list(source.get("principals"))]
            is_open = not sources or any(not _list(source.get("principals")) for source in sources)
            for who in sorted({*named, *(["*"] if is_open else [])}):
                yield Seen(who, provider, one.kind, one.name)


def edges_called(applied: Iterable[Resource]) -> Iterator[Seen]:
    """What a namespace calls, by its routes, entries and rules about destinations."""
    for one in applied:
        hosts: set[str] = set()
        if one.kind == "DestinationRule":
            hosts = {str(one.spec.get("host", ""))}
        elif one.kind == "ServiceEntry":
            hosts = {str(host) for host in _list(one.spec.get("hosts"))}
        elif one.kind == "VirtualService":
            hosts = set(_targets(one.spec))
        for host in sorted(hosts - {""}):
            yield Seen("", host, one.kind, one.name)


def _targets(spec: Mapping[str, Any]) -> Iterator[str]:
    for protocol in ("http", "tcp", "tls"):
        for rule in _list(spec.get(protocol)):
            for route in _list(rule.get("route") if isinstance(rule, Mapping) else None):
                target = route.get("destination") if isinstance(route, Mapping) else None
                if isinstance(target, Mapping) and target.get("host"):
                    yield str(target["host"])


def is_strict(applied: Iterable[Resource]) -> bool:
    """Whether the namespace's own PeerAuthentication asks for mutual TLS, and no other weakens it."""
    modes = []
    for one in applied:
        if one.kind != "PeerAuthentication":
            continue
        mtls = one.spec.get("mtls")
        whole = str(mtls.get("mode", "UNSET")) if isinstance(mtls, Mapping) else "UNSET"
        ports = one.spec.get("portLevelMtls")
        parts = (
            [str(port.get("mode")) for port in ports.values() if isinstance(port, Mapping)]
            if isinstance(ports, Mapping)
            else []
        )
        modes.append((_is_chosen(one), whole, parts))
    everywhere = any(not chosen and whole == "STRICT" for chosen, whole, _ in modes)
    return everywhere and not any(
        mode in {"PERMISSIVE", "DISABLE"} for _, whole, parts in modes for mode in (whole, *parts)
    )


def is_closed(applied: Iterable[Resource]) -> bool:
    """Whether a policy without a selector and without rules closes the namespace but for what is allowed."""
    return any(
        one.kind == "AuthorizationPolicy"
        and not _is_chosen(one)
        and not one.spec.get("rules")
        and one.spec.get("action", "ALLOW") == "ALLOW"
        for one in applied
    )


def _is_chosen(one: Resource) -> bool:
    """Whether it speaks of some workloads only; a selector without labels speaks of all."""
    selector = one.spec.get("selector")
    return bool(selector.get("matchLabels")) if isinstance(selector, Mapping) else False


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
