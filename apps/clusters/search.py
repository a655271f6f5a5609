"""The registry of what the catalogue's search finds: this area's kinds, and those that areas above bring.

A kind whose table is small needs no column of its own: its vector is made of its names while it is asked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import SearchVectorField
from django.db.models import Model, Q, QuerySet, TextField
from django.db.models.expressions import RawSQL

from apps.clusters.models import Cluster

Seen = QuerySet[Cluster] | None  # the clusters that somebody may know of, as a subquery; None: every one


@dataclass(frozen=True)
class Told:
    """How one thing reads among the answers."""

    name: str
    url: str
    note: str = ""
    text: str = ""  # what it says of itself; the part around the words is shown


@dataclass(frozen=True)
class Holding:
    """The tables of object permissions that say who owns the rows of a kind, and the permission it is."""

    people: type[Model]
    teams: type[Model]
    codename: str

    def by_person(self, person: Any) -> Q:
        """The rows that a person (or the expression that will be their key) owns, also through a team."""
        own = self._held(self.people, user=person)
        # As one set: of two joined by "or", PostgreSQL would look at every row of the kind.
        return Q(pk__in=own.union(self._held(self.teams, group__user=person)))

    def by_team(self, team: Any) -> Q:
        """The rows that a team owns."""
        return Q(pk__in=self._held(self.teams, group=team))

    def _held(self, table: type[Model], **whose: Any) -> QuerySet[Any, Any]:
        rows = table._default_manager.filter(permission__codename=self.codename, **whose)
        return rows.values("content_object_id")


@dataclass(frozen=True)
class Kind:
    """One kind of thing. `rows` are those in the clusters that are seen: what is hidden is hidden in SQL."""

    name: str
    label: str  # in the plural
    rows: Callable[[Seen], QuerySet[Any, Any]]
    told: Callable[[Sequence[int]], Mapping[int, Told]]  # of rows that were found, by their keys
    names: Sequence[str] = ("name",)  # fields that hold what it is called, the first for people
    title: Any = None  # an expression, where what it is called is no field
    cluster: str = "cluster_id"  # the field that says whose it is; "": nobody's alone
    has_columns: bool = False  # whether its table keeps columns for the search: migration 0005 makes them
    is_small: bool = True  # some thousands of rows at most, which one leg of the statement reads
    holding: Holding | None = None  # who owns its rows
    leads_to_cluster: bool = False  # whether its cluster is an answer too


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Let the search find this kind. Call it from `AppConfig.ready`; the order of registering is that of the facet."""
    _kinds[kind.name] = kind


def registered() -> Mapping[str, Kind]:
    """Every kind by its name."""
    return _kinds


def in_seen(model: type[Model], seen: Seen, *, by: str = "cluster") -> QuerySet[Any, Any]:
    """The rows of a model in the clusters that are seen."""
    rows = model._default_manager.all()
    return rows if seen is None else rows.filter(**{f"{by}__in": seen.values("pk")})


def kept(model: type[Model], column: str) -> RawSQL:
    """A column that the table keeps for the search alone: `search`, the words, or `plainly`, its first name.

    They are no fields of the model, so that no other query carries them along; table and column are our own names.
    """
    output = SearchVectorField() if column == "search" else TextField()
    return RawSQL(f'"{model._meta.db_table}"."{column}"', [], output_field=output)  # noqa: S611
