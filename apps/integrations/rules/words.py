"""The words of interfaces and needs, as the tables, the forms and the API know them. Pure data."""

from collections.abc import Mapping
from enum import StrEnum


class Kind(StrEnum):
    """What an interface is."""

    HTTP = "http"
    GRPC = "grpc"
    TOPIC = "topic"
    FILE = "file"
    TABLE = "table"


KIND_WORDS: Mapping[Kind, str] = {
    Kind.HTTP: "HTTP API",
    Kind.GRPC: "gRPC API",
    Kind.TOPIC: "topic of events",
    Kind.FILE: "file",
    Kind.TABLE: "table",
}


class Protocol(StrEnum):
    """What is spoken at its port; named as the ports of a service mesh are."""

    HTTP = "http"
    HTTPS = "https"
    HTTP2 = "http2"
    GRPC = "grpc"
    TCP = "tcp"
    TLS = "tls"


PROTOCOL_WORDS: Mapping[Protocol, str] = {
    Protocol.HTTP: "HTTP/1.1",
    Protocol.HTTPS: "HTTPS",
    Protocol.HTTP2: "HTTP/2",
    Protocol.GRPC: "gRPC",
    Protocol.TCP: "TCP",
    Protocol.TLS: "TLS",
}

# What may be spoken to each kind; the calls also must say at which port, a file has none.
PROTOCOLS: Mapping[Kind, tuple[Protocol, ...]] = {
    Kind.HTTP: (Protocol.HTTP, Protocol.HTTPS, Protocol.HTTP2),
    Kind.GRPC: (Protocol.GRPC, Protocol.TLS),
    Kind.TOPIC: (Protocol.TCP, Protocol.TLS),
    Kind.FILE: (),
    Kind.TABLE: (Protocol.TCP, Protocol.TLS),
}
CALLED = (Kind.HTTP, Kind.GRPC)
# The kind of dependency on the map that an integration with each is.
DEPENDENCY_KINDS: Mapping[Kind, str] = {
    Kind.HTTP: "calls",
    Kind.GRPC: "calls",
    Kind.TOPIC: "consumes",
    Kind.FILE: "reads",
    Kind.TABLE: "reads",
}


class Direction(StrEnum):
    """Whether the consumer reads, or also writes, what the provider keeps."""

    READS = "reads"
    WRITES = "writes"


class Consistency(StrEnum):
    """What a reader may see, the weakest first."""

    EVENTUAL = "eventual"
    CAUSAL = "causal"
    OWN_WRITES = "read_your_writes"
    STRONG = "strong"


CONSISTENCY_WORDS: Mapping[Consistency, str] = {
    Consistency.EVENTUAL: "eventual: in the end the same",
    Consistency.CAUSAL: "causal: never an effect before its cause",
    Consistency.OWN_WRITES: "read your writes: at least what one wrote oneself",
    Consistency.STRONG: "strong: always what was written last",
}


class Ordering(StrEnum):
    """In which order things must arrive, the loosest first."""

    NONE = "none"
    KEY = "key"
    TOTAL = "total"


ORDERING_WORDS: Mapping[Ordering, str] = {
    Ordering.NONE: "in any order",
    Ordering.KEY: "in order for each key",
    Ordering.TOTAL: "all in one order",
}


class Coupling(StrEnum):
    """How much the two may know of each other, the least first."""

    LOOSE = "loose"
    MODERATE = "moderate"
    TIGHT = "tight"


COUPLING_WORDS: Mapping[Coupling, str] = {
    Coupling.LOOSE: "loose: neither knows the other",
    Coupling.MODERATE: "moderate: they share a contract",
    Coupling.TIGHT: "tight: they may change together",
}
