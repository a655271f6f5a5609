"""What an interface would be of which a catalogue has the document. Pure functions over plain facts."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from apps.integrations.rules.words import Kind, Protocol

_KINDS: Mapping[str, Kind] = {"grpc": Kind.GRPC, "asyncapi": Kind.TOPIC}  # types of APIs; all else is called by HTTP
_USUAL_PORTS: Mapping[str, int] = {"http": 80, "https": 443}  # RFC 9110
_SECURE = frozenset({"https", "wss", "mqtts", "secure-mqtt", "amqps", "kafka-secure", "stomps", "tls"})


def proposed(api_type: str, content: Any) -> dict[str, Any]:
    """The kind of an API's interface, and port and protocol where its document names a server; the rest stays unsaid.

    `content` is the document as YAML reads it, or anything. Proposed, not known: whoever offers it corrects it.
    """
    kind = _KINDS.get(api_type.lower(), Kind.HTTP)
    said: dict[str, Any] = {"kind": kind.value}
    scheme, port = _server(content if isinstance(content, Mapping) else {})
    if kind == Kind.HTTP and scheme in _USUAL_PORTS:
        return said | {"protocol": Protocol(scheme).value, "port": port or _USUAL_PORTS[scheme]}
    if kind == Kind.TOPIC and port:
        return said | {"protocol": (Protocol.TLS if scheme in _SECURE else Protocol.TCP).value, "port": port}
    return said


def _server(content: Mapping[str, Any]) -> tuple[str, int | None]:
    """Scheme and port of the first server that a document names."""
    servers = content.get("servers")
    if isinstance(content.get("host"), str):  # Swagger 2
        schemes = content.get("schemes")
        scheme = schemes[0] if isinstance(schemes, list) and schemes else "https"
        return str(scheme), _port(f"//{content['host']}")
    if isinstance(servers, Mapping):  # AsyncAPI
        first = next(iter(servers.values()), None)
        if isinstance(first, Mapping):
            address = str(first.get("host") or first.get("url") or "")
            return str(first.get("protocol", "")), _port(address if "//" in address else f"//{address}")
    if isinstance(servers, list) and servers and isinstance(servers[0], Mapping):
        address = str(servers[0].get("url", ""))
        return address.partition(":")[0].lower() if "://" in address else "", _port(address)
    return "", None


def _port(address: str) -> int | None:
    try:
        return urlsplit(address[:2_000]).port or None
    except ValueError:
        return None
