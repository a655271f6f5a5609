"""The statement that searches the catalogue: the legs of every kind, compiled once for each shape of question."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial, reduce
from operator import or_
from typing import Any, cast

from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector, TrigramWordSimilarity
from django.db import models
from django.db.models import BigIntegerField, Case, F, FloatField, Func, IntegerField, Q, TextField, Value, When
from django.db.models.functions import Cast, Collate

from apps.clusters import search as registry
from apps.clusters.models import Cluster
from apps.clusters.rules.search import THROUGH_OWNER, Match
from apps.clusters.search import Kind, Seen
from apps.kernel.prepared import Prepared, Slot

MOST_RANKED = 500  # rows of one kind that hold the words and are ranked
MOST_CALLED = 200  # rows of one kind whose name begins so, or that one owner leads to
MOST_NEAR = 10  # of one kind


class Plain(Func):
    """A name in small letters, its words parted by single spaces."""

    function = "catalog_plain"
    output_field = TextField()


class Squeezed(Func):
    """A name in small letters, without what parts its words."""

    function = "catalog_squeezed"
    output_field = TextField()


@dataclass(frozen=True)
class Shape:
    """What tells one compiled statement from another."""

    sees_all: bool
    by_cluster: bool
    by_owner: bool
    people: int = 0
    teams: int = 0
    listed: str = ""  # a kind of which all are listed, or "*"; "": words are asked
    is_near: bool = False

    def slots(self) -> "dict[str, models.Field[Any, Any]]":
        """The slots of that statement, and of which type each is."""
        numbers = [
            *(["me"] if not self.sees_all else []),
            *(["cluster"] if self.by_cluster else []),
            *(["owner"] if self.by_owner else []),
            *(f"person_{n}" for n in range(self.people)),
            *(f"team_{n}" for n in range(self.teams)),
        ]
        texts = ["words"] if self.is_near else [] if self.listed else ["squeezed", "query"]
        return {**{name: BigIntegerField() for name in numbers}, **{name: TextField() for name in texts}}


@cache
def prepared(shape: Shape) -> Prepared:
    """The statement of that shape; called with the values of its slots, it gives the rows of `COLUMNS`."""
    return Prepared(partial(_statement, shape), **shape.slots())


def _statement(shape: Shape, **slots: Slot) -> models.QuerySet[Any, Any]:
    """Every leg of every kind, as one union."""
    seen = None if shape.sees_all else Cluster.objects.open_or_held_by(slots["me"])
    legs = _near_legs if shape.is_near else _listed_legs if shape.listed else _worded_legs
    kinds = enumerate(registry.registered().values())
    union: models.QuerySet[Any, Any]
    first, *rest = [
        leg
        for place, kind in kinds
        if shape.listed in ("", "*", kind.name)
        for leg in legs(kind, place, _narrowed(kind, seen, slots), slots)
    ]
    union = first.union(*rest, all=True) if rest else first
    return union


def _narrowed(kind: Kind, seen: Seen, slots: Mapping[str, Slot]) -> models.QuerySet[Any, Any]:
    rows = kind.rows(seen)
    if "cluster" in slots:
        cluster = slots["cluster"]
        rows = rows.filter(Q(**{kind.cluster: cluster}) if kind.cluster else _nothing(cluster))
    if "owner" in slots:
        rows = rows.filter(kind.holding.by_person(slots["owner"]) if kind.holding else _nothing(slots["owner"]))
    return rows


def _nothing(slot: Slot) -> Q:
    """No row; the slot is in it, for an empty queryset would be left out of the statement."""
    return Q(pk__lt=0, pk=slot)


Legs = list[Any]


def _listed_legs(kind: Kind, place: int, rows: Any, slots: Mapping[str, Slot]) -> Legs:
    del slots
    return [_shaped(kind, place, rows, Match.LISTED).order_by("called", "key")[:MOST_RANKED]]


def _worded_legs(kind: Kind, place: int, rows: Any, slots: Mapping[str, Slot]) -> Legs:
    query = SearchQuery(slots["query"], config="simple", search_type="raw")
    rank = SearchRank(F("words"), query)
    worded = rows.annotate(words=_vector(kind))
    if kind.is_small:
        called = {f"squeezed_{name}": Collate(Squeezed(name), "C") for name in kind.names}
        begun = [Q(**{f"{name}__startswith": slots["squeezed"]}) for name in called]
        match = Case(
            *(When(**{name: slots["squeezed"]}, then=Value(int(Match.EXACT))) for name in called),
            *(When(one, then=Value(int(Match.BEGINNING))) for one in begun),
            default=Value(int(Match.WORDS)),
        )
        found = worded.annotate(**called).filter(reduce(or_, begun, Q(words=query)))
        return [_shaped(kind, place, found, match, rank).order_by("-matched", "key")[:MOST_RANKED]]
    legs = [_called(kind, place, rows, name, slots["squeezed"]) for name in kind.names]
    legs.append(_shaped(kind, place, worded.filter(words=query), Match.WORDS, rank)[:MOST_RANKED])
    return [*legs, *_owned_legs(kind, place, rows, slots)]


def _owned_legs(kind: Kind, place: int, rows: Any, slots: Mapping[str, Slot]) -> Legs:
    """What the people and the teams own whom the words name."""
    if not kind.holding:
        return []
    named: list[tuple[Callable[[Any], Q], str]]
    named = [(kind.holding.by_person, name) for name in slots if name.startswith("person_")]
    named += [(kind.holding.by_team, name) for name in slots if name.startswith("team_")]
    return [
        _shaped(kind, place, rows.filter(owned(slots[name])), Match.WORDS, Value(THROUGH_OWNER), by=by)[:MOST_CALLED]
        for by, (owned, name) in enumerate(named, start=1)
    ]


def _called(kind: Kind, place: int, rows: Any, name: str, squeezed: Slot) -> Any:
    """The rows whose name is the question or begins with it, in the order of the index: the very name is the first."""
    begun = rows.annotate(squeezed=Collate(Squeezed(name), "C")).filter(squeezed__startswith=squeezed)
    match = Case(When(squeezed=squeezed, then=Value(int(Match.EXACT))), default=Value(int(Match.BEGINNING)))
    return _shaped(kind, place, begun, match).order_by("squeezed")[:MOST_CALLED]


def _near_legs(kind: Kind, place: int, rows: Any, slots: Mapping[str, Slot]) -> Legs:
    """What has the words inside its name, and what is nearly so called, the nearest first."""
    legs = []
    for name in kind.names[:1]:
        kept = registry.kept(rows.model, "plainly") if kind.has_columns else Plain(name)
        plain, words = rows.annotate(plainly=kept), cast("Any", slots["words"])  # an expression, where a text may stand
        inside = _shaped(kind, place, plain.filter(plainly__contains=words), Match.WITHIN)
        likeness = TrigramWordSimilarity(words, "plainly")
        alike = _shaped(kind, place, plain.filter(plainly__trigram_word_similar=words), Match.NEAR, likeness)
        legs += [inside[:MOST_NEAR], alike.order_by("-ranked", "called", "key")[:MOST_NEAR]]
    return legs


COLUMNS = ("of_kind", "at_place", "key", "of_cluster", "called", "matched", "ranked", "by")


def _shaped(kind: Kind, place: int, rows: Any, match: Any, rank: Any = None, *, by: int = 0) -> Any:
    """The rows as every leg of the union has them; `by` counts the people and teams that the words name, from 1."""
    matched = Value(int(match)) if isinstance(match, Match) else match
    return (
        rows.order_by()
        .annotate(
            of_kind=Value(kind.name, TextField()),
            at_place=Value(place, IntegerField()),
            key=Cast("pk", BigIntegerField()),
            of_cluster=Cast(F(kind.cluster) if kind.cluster else Value(None), BigIntegerField()),
            called=Cast(kind.title if kind.title is not None else F(kind.names[0]), TextField()),
            matched=Cast(matched, IntegerField()),
            ranked=Cast(Value(0.0) if rank is None else rank, FloatField()),
            by=Value(by, IntegerField()),
        )
        .values_list(*COLUMNS)
    )


def _vector(kind: Kind) -> Any:
    """The column that the table keeps; of a kind without one, its names read now."""
    if kind.has_columns:
        return registry.kept(kind.rows(None).model, "search")
    return SearchVector(*(Plain(name) for name in kind.names), config="simple")
