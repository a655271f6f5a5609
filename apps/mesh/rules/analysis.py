"""What is wrong between manifests that are each right: after the messages of Istio's analysis, by the same names.

Source: the Istio documentation, "Configuration Analysis Messages". Only what the manifests at hand say is judged: a
host that no manifest of a file speaks of is reported where the file brings services of its own, as otherwise it may
lie anywhere.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from apps.mesh.rules.structural import Problem

PORT_NAMES = (
    *("http", "http2", "https", "grpc", "grpc-web", "tcp", "tls", "udp", "mongo", "mysql", "redis"),
    *("ws", "wss", "hbone", "auto"),
)
MESH = "mesh"


@dataclass(frozen=True)
class Resource:
    """One manifest, by the number of its document."""

    number: int
    kind: str
    group: str
    namespace: str
    name: str
    content: Mapping[str, Any]

    @property
    def spec(self) -> Mapping[str, Any]:
        """What it asks for."""
        found = self.content.get("spec")
        return found if isinstance(found, Mapping) else {}


@dataclass(frozen=True)
class Estate:
    """Every manifest of a file, looked up by what they say."""

    resources: tuple[Resource, ...]
    known_hosts: frozenset[str] = frozenset()  # services that are there, though no manifest of the file brings them

    def of(self, kind: str) -> list[Resource]:
        """Those of one kind, in the order of the file."""
        return [one for one in self.resources if one.kind == kind]

    @cached_property
    def services(self) -> Mapping[str, Resource]:
        """Services by the host they answer to, and entries by each of theirs."""
        found = {f"{one.name}.{one.namespace}.svc.cluster.local": one for one in self.of("Service")}
        for entry in self.of("ServiceEntry"):
            found |= {str(host): entry for host in _list(entry.spec, "hosts")}
        return found

    @cached_property
    def gateways(self) -> Mapping[str, Resource]:
        """Gateways by namespace and name."""
        return {f"{one.namespace}/{one.name}": one for one in self.of("Gateway") if one.group == "networking.istio.io"}

    @cached_property
    def subsets(self) -> Mapping[str, set[str]]:
        """The subsets of each host, from destination rules."""
        found: dict[str, set[str]] = {}
        for rule in self.of("DestinationRule"):
            names = {str(one.get("name")) for one in _list(rule.spec, "subsets") if isinstance(one, Mapping)}
            found.setdefault(_host(str(rule.spec.get("host", "")), rule.namespace), set()).update(names)
        return found


def analysed(resources: Iterable[Resource], known_hosts: frozenset[str] = frozenset()) -> Iterator[tuple[int, Problem]]:
    """What is wrong between the manifests, each with the number of the document it is told of."""
    estate = Estate(tuple(resources), known_hosts)
    yield from _repeated(estate)
    for service in estate.of("VirtualService"):
        yield from _routes(estate, service)
    yield from _conflicting_hosts(estate)
    for rule in estate.of("DestinationRule"):
        yield from _destination(estate, rule)
    for gateway in estate.gateways.values():
        yield from _gateway(estate, gateway)
    for service in estate.of("Service"):
        yield from _port_names(service)


def _repeated(estate: Estate) -> Iterator[tuple[int, Problem]]:
    seen: dict[tuple[str, str, str, str], Resource] = {}
    for one in estate.resources:
        key = one.group, one.kind, one.namespace, one.name
        if one.name and key in seen:
            sentence = f"{one.kind} {one.namespace}/{one.name} stands in document {seen[key].number} already."
            yield one.number, Problem("metadata.name", sentence, "Duplicate")
        seen.setdefault(key, one)


def _routes(estate: Estate, service: Resource) -> Iterator[tuple[int, Problem]]:
    named = [str(name) for name in _list(service.spec, "gateways")]
    gateways = [name if "/" in name else f"{service.namespace}/{name}" for name in named if name != MESH]
    for name in gateways:
        if name not in estate.gateways:
            yield service.number, Problem("spec.gateways", f"There is no gateway {name}.", "ReferencedResourceNotFound")
    known = [estate.gateways[name] for name in gateways if name in estate.gateways]
    for host in _list(service.spec, "hosts"):
        if known and not any(_serves(gateway, str(host), service.namespace) for gateway in known):
            sentence = f"None of its gateways serves the host {host}."
            yield service.number, Problem("spec.hosts", sentence, "VirtualServiceHostNotFoundInGateway")
    for protocol in ("http", "tcp", "tls"):
        yield from _rules(estate, service, protocol)


def _rules(estate: Estate, service: Resource, protocol: str) -> Iterator[tuple[int, Problem]]:
    seen: list[str] = []
    is_open = False  # a rule before took everything
    for place, rule in enumerate(_list(service.spec, protocol)):
        if not isinstance(rule, Mapping):
            continue
        path = f"spec.{protocol}[{place}]"
        said = repr(rule.get("match"))
        if is_open or (rule.get("match") and said in seen):
            sentence = "No request reaches this rule: one before it takes all that it would match."
            yield service.number, Problem(path, sentence, "VirtualServiceUnreachableRule")
        seen.append(said)
        is_open = is_open or not rule.get("match")
        for route in _list(rule, "route"):
            target = route.get("destination") if isinstance(route, Mapping) else None
            if isinstance(target, Mapping):
                yield from _target(estate, service, target, f"{path}.route")


def _target(estate: Estate, service: Resource, target: Mapping[str, Any], path: str) -> Iterator[tuple[int, Problem]]:
    host = _host(str(target.get("host", "")), service.namespace)
    found = _service(estate, host)
    if estate.services and found is None and host not in estate.known_hosts:
        yield service.number, Problem(path, f"There is no service {host}.", "ReferencedResourceNotFound")
        return
    subset = target.get("subset")
    if subset and subset not in estate.subsets.get(host, set()):
        sentence = f"No destination rule of {host} has the subset {subset}."
        yield service.number, Problem(path, sentence, "ReferencedResourceNotFound")
    port = target.get("port")
    number = port.get("number") if isinstance(port, Mapping) else None
    if found is not None and number is not None and number not in _ports(found):
        yield service.number, Problem(path, f"{host} has no port {number}.", "ReferencedResourceNotFound")


def _conflicting_hosts(estate: Estate) -> Iterator[tuple[int, Problem]]:
    """Two virtual services that speak for one host in the mesh: which of them counts, nobody has said."""
    seen: dict[str, Resource] = {}
    for service in estate.of("VirtualService"):
        gateways = [str(name) for name in _list(service.spec, "gateways")]
        if gateways and MESH not in gateways:
            continue
        for host in _list(service.spec, "hosts"):
            whole = _host(str(host), service.namespace)
            if whole in seen:
                sentence = f"Document {seen[whole].number} speaks for the host {whole}, too."
                yield service.number, Problem("spec.hosts", sentence, "ConflictingMeshGatewayVirtualServiceHosts")
            seen.setdefault(whole, service)


def _destination(estate: Estate, rule: Resource) -> Iterator[tuple[int, Problem]]:
    host = _host(str(rule.spec.get("host", "")), rule.namespace)
    found = _service(estate, host)
    if estate.services and found is None and "*" not in host and host not in estate.known_hosts:
        yield rule.number, Problem("spec.host", f"There is no service {host}.", "ReferencedResourceNotFound")
    tls = (
        (rule.spec.get("trafficPolicy") or {}).get("tls")
        if isinstance(rule.spec.get("trafficPolicy"), Mapping)
        else None
    )
    if isinstance(tls, Mapping) and tls.get("mode") in {"SIMPLE", "MUTUAL"} and not tls.get("caCertificates"):
        sentence = "It speaks TLS, and says no certificates to check the server by: anybody can answer."
        yield (
            rule.number,
            Problem("spec.trafficPolicy.tls", sentence, "NoServerCertificateVerificationDestinationLevel"),
        )
    pods = [_labels(one) for one in (*estate.of("Deployment"), *estate.of("Pod"), *estate.of("StatefulSet"))]
    for place, subset in enumerate(_list(rule.spec, "subsets")):
        labels = subset.get("labels") if isinstance(subset, Mapping) else None
        if pods and isinstance(labels, Mapping) and not any(labels.items() <= pod.items() for pod in pods):
            sentence = f"The labels of the subset {subset.get('name')} select no pod of these manifests."
            yield rule.number, Problem(f"spec.subsets[{place}]", sentence, "DestinationRuleSubsetNotSelectPods")


def _gateway(estate: Estate, gateway: Resource) -> Iterator[tuple[int, Problem]]:
    selector = gateway.spec.get("selector")
    services = [
        one
        for one in estate.of("Service")
        if isinstance(selector, Mapping)
        and isinstance(one.spec.get("selector"), Mapping)
        and selector.items() <= one.spec["selector"].items()
    ]
    if not services:
        return
    open_ports = {port for one in services for port in _ports(one, target=True)}
    for place, server in enumerate(_list(gateway.spec, "servers")):
        port = server.get("port") if isinstance(server, Mapping) else None
        number = port.get("number") if isinstance(port, Mapping) else None
        if number is not None and number not in open_ports:
            sentence = f"The service of the gateway has no port {number}."
            yield gateway.number, Problem(f"spec.servers[{place}].port", sentence, "GatewayPortNotDefinedOnService")


def _port_names(service: Resource) -> Iterator[tuple[int, Problem]]:
    for place, port in enumerate(_list(service.spec, "ports")):
        if not isinstance(port, Mapping) or port.get("appProtocol"):
            continue
        name = str(port.get("name") or "")
        if not any(name == word or name.startswith(f"{word}-") for word in PORT_NAMES):
            sentence = f"The port name “{name}” says no protocol: it is <protocol> or <protocol>-<more>."
            yield service.number, Problem(f"spec.ports[{place}].name", sentence, "PortNameIsNotUnderNamingConvention")


def _service(estate: Estate, host: str) -> Resource | None:
    if host in estate.services:
        return estate.services[host]
    wild = (one for name, one in estate.services.items() if name.startswith("*.") and host.endswith(name[1:]))
    return next(wild, None)


def _serves(gateway: Resource, host: str, namespace: str) -> bool:
    for server in _list(gateway.spec, "servers"):
        for said in _list(server, "hosts") if isinstance(server, Mapping) else ():
            where, _, name = str(said).rpartition("/")
            if where not in {"", "*", namespace} and not (where == "." and gateway.namespace == namespace):
                continue
            if name in {"*", host} or (name.startswith("*.") and host.endswith(name[1:])):
                return True
    return False


def _host(host: str, namespace: str) -> str:
    """The whole name of a host: a short one means a service of the same namespace."""
    return host if "." in host or "*" in host or not host else f"{host}.{namespace}.svc.cluster.local"


def _ports(one: Resource, *, target: bool = False) -> set[Any]:
    ports = [port for port in _list(one.spec, "ports") if isinstance(port, Mapping)]
    names = ("number", "port", "targetPort") if target else ("number", "port")
    return {port[name] for port in ports for name in names if name in port}


def _labels(one: Resource) -> Mapping[str, Any]:
    template = one.spec.get("template") if one.kind != "Pod" else one.content
    metadata = template.get("metadata") if isinstance(template, Mapping) else None
    labels = metadata.get("labels") if isinstance(metadata, Mapping) else None
    return labels if isinstance(labels, Mapping) else {}


def _list(spec: Mapping[str, Any], name: str) -> list[Any]:
    found = spec.get(name)
    return found if isinstance(found, list) else []
