"""What every catalogue becomes, whatever its format: rows of four kinds, and rejections.

A value of None means that the source does not say; an import then leaves what is there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from apps.clusters.formats.apis import ApiSaid
from apps.clusters.rules.nesting import ROW_STEP, circle_sentence, circles, nested, written

MOST_BYTES = 32 * 1024 * 1024  # of one upload, and of an archive once unpacked
MOST_ROWS = 200_000  # of one catalogue; more is a sign of the wrong file
LONGEST_SHOWN = 300  # characters of a refused value that the report repeats
LONGEST_LABEL = 63  # characters of a name, namespace or tag: Backstage's bound, which is that of a DNS label

# The longest text each field may hold, in characters.
LIMITS: Mapping[str, int] = {
    "slug": 200,
    "name": 200,
    "cluster": 80,
    "purpose": 20_000,
    "description": 20_000,
    "kind": 40,
    "owner_name": 200,
    "zone": 64,
    "sites": 40,
    "tags": LONGEST_LABEL,
    "consumer": 200,
    "provider": 200,
    "consumer_cluster": 80,
    "provider_cluster": 80,
    "site": 40,
    "host": 200,
    "runs": 200,
}
NEVER_EMPTY = frozenset({"consumer", "provider", "site", "host"})  # a component's own name has a rule of its own
MOST_ITEMS = 100  # sites or tags of one component, or what one host runs


@dataclass(frozen=True)
class Place:
    """Where a row stands: its file and the line it starts on (1 is the first line of the file)."""

    file: str
    row: int


@dataclass(frozen=True)
class Rejection:
    """One row that is not taken, and why, in words for whoever can correct it."""

    file: str
    row: int
    field: str
    value: str
    reason: str


@dataclass(frozen=True)
class ClusterRow:
    place: Place
    slug: str
    name: str | None = None
    purpose: str | None = None
    zone: str | None = None
    visibility: str | None = None  # counts only when the cluster is founded
    called: str = ""  # by the source, which gives it no name

    @property
    def new_name(self) -> str:
        """What it is called when it is new: its name, else what the source calls it, else its short name."""
        return self.name or self.called or self.slug


@dataclass(frozen=True)
class ComponentRow:
    place: Place
    cluster: str
    slug: str
    name: str | None = None
    kind: str | None = None
    tier: int | None = None
    lifecycle: str | None = None
    description: str | None = None
    owner_name: str | None = None
    sites: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    cluster_name: str = ""  # as the source calls the cluster, for one that is founded with it
    called: str = ""  # by the source, which gives it no name
    api: ApiSaid | None = None  # of a component that is an API

    @property
    def new_name(self) -> str:
        """What it is called when it is new: its name, else what the source calls it, else its short name."""
        return self.name or self.called or self.slug


@dataclass(frozen=True)
class DependencyRow:
    """A need, named by the short names of both ends; a cluster of "" leaves the search to the import."""

    place: Place
    consumer: str
    provider: str
    kind: str = "calls"
    consumer_cluster: str = ""
    provider_cluster: str = ""
    weight: int | None = None
    data_class: str | None = None
    safeguard: str | None = None


@dataclass(frozen=True)
class PlacementRow:
    """A host of a cluster at a site, with the short names of what runs on it."""

    place: Place
    cluster: str
    site: str
    host: str
    runs: tuple[str, ...] | None = None


Row = ClusterRow | ComponentRow | DependencyRow | PlacementRow


@dataclass
class Catalog:
    """Everything one or more files say."""

    clusters: list[ClusterRow] = field(default_factory=list)
    components: list[ComponentRow] = field(default_factory=list)
    dependencies: list[DependencyRow] = field(default_factory=list)
    placements: list[PlacementRow] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)

    def take(self, row: Row) -> None:
        """Add a row, or its rejection when a value does not fit its field."""
        if misfit := _misfit(row):
            name, value, reason = misfit
            self.refuse(row.place, name, value, reason)
        elif isinstance(row, ClusterRow):
            self.clusters.append(row)
        elif isinstance(row, ComponentRow):
            self.components.append(row)
        elif isinstance(row, PlacementRow):
            self.placements.append(row)
        else:
            self.dependencies.append(row)

    def take_all(self, rows: Iterable[Row]) -> None:
        """Add rows, or their rejections."""
        for row in rows:
            self.take(row)

    def rows(self) -> list[Row]:
        """Every row that fits its fields, in the order in which they are written."""
        return [*self.clusters, *self.components, *self.dependencies, *self.placements]

    def parcels(self, *, size: int, after: int = 0) -> Iterator["Catalog"]:
        """The rows after the first `after`, `size` at a time; what was not taken goes with the very first."""
        rows = self.rows()
        for start in range(after, max(len(rows), 1), size):
            parcel = Catalog(rejections=[] if start else list(self.rejections))
            for row in rows[start : start + size]:
                parcel.take(row)
            yield parcel

    def spell_clusters_alike(self) -> None:
        """Write the short name of a cluster as it stands first: what differs in case only is the same cluster."""
        first: dict[str, str] = {}
        for name, rows in vars(self).items():
            fields_of = _CLUSTERS.get(name, ())
            for place, row in enumerate(rows if fields_of else ()):
                said = {one: getattr(row, one) for one in fields_of}
                alike = {one: first.setdefault(slug.lower(), slug) for one, slug in said.items()}
                if alike != said:
                    rows[place] = replace(row, **alike)

    def refuse_circles(self) -> None:
        """Take out what the rows themselves say in a circle: all that lies on it, in whichever parcel it would go."""
        pairs = [
            (row, pair)
            for row in self.dependencies
            if (pair := nested(row.kind, (row.consumer_cluster, row.consumer), (row.provider_cluster, row.provider)))
        ]
        ways = circles([pair for _, pair in pairs]) if pairs else {}
        for place, way in ways.items():
            row = pairs[place][0]
            self.refuse(row.place, "provider", row.provider, f"{circle_sentence(way, written)} {ROW_STEP}")
        gone = {id(pairs[place][0]) for place in ways}
        self.dependencies = [row for row in self.dependencies if id(row) not in gone] if gone else self.dependencies

    def refuse(self, place: Place, name: str, value: object, reason: str) -> None:
        """Note a row that is not taken."""
        self.rejections.append(Rejection(printable(place.file), place.row, name, printable(value), reason))


# Which fields of which rows name a cluster, in the order in which rows are written.
_CLUSTERS: Mapping[str, tuple[str, ...]] = {
    "clusters": ("slug",),
    "components": ("cluster",),
    "dependencies": ("consumer_cluster", "provider_cluster"),
    "placements": ("cluster",),
}


def same_but_place(one: Row, other: Row) -> bool:
    """Whether two rows say the same thing in different places."""
    return replace(one, place=other.place) == other


def cluster_slug(names: Sequence[str], cluster_map: Mapping[str, str], *, aliases: Sequence[str] = ()) -> str:
    """The cluster for something that names it in `names` (nearest first); "" when nothing tells.

    `cluster_map` translates a name into a slug and comes first; `aliases` count only where the map knows them (an
    owner, a namespace); its entry "*" takes what is left.
    """
    for name in (*names, *aliases):
        if name in cluster_map:
            return cluster_map[name]
    return next((name for name in names if name), cluster_map.get("*", ""))


def printable(value: object) -> str:
    """A refused value as text that can be stored and shown: bounded, without NUL or lone surrogates."""
    text = str(value)[:LONGEST_SHOWN].replace("\x00", "␀")
    return text.encode("utf-8", "replace").decode()


def _misfit(row: Row) -> tuple[str, str, str] | None:
    """The first value that does not fit: its field, itself, the reason."""
    for spec in fields(row):
        value = getattr(row, spec.name)
        for name, text, longest in value.texts() if isinstance(value, ApiSaid) else ():
            if reason := _text_misfit(text, longest):
                return name, text, reason
        if value == "" and spec.name in NEVER_EMPTY:
            return spec.name, "", "It must not be empty."
        if isinstance(value, tuple) and len(value) > MOST_ITEMS:
            return spec.name, f"{len(value)} items", f"At most {MOST_ITEMS} items fit here."
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str) and (reason := _text_misfit(text, LIMITS.get(spec.name, 200))):
                return spec.name, text, reason
    return None


def _text_misfit(text: str, longest: int) -> str:
    if len(text) > longest:
        return f"It has {len(text)} characters; at most {longest} fit."
    if "\x00" in text:
        return "It holds a NUL character."
    try:
        text.encode()
    except UnicodeEncodeError:
        return "It holds half of a surrogate pair, which is not text."
    return ""
