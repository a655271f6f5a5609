"""Searching the catalogue: one statement over every registered kind, then how the answers of one page read.

Each kind is asked in legs that an index answers and that are bounded: what is called so or begins so, what holds all
words, what an owner leads to. A common word matches tens of thousands; of those the first `MOST_RANKED` are ranked and
the answer says that it is cut, while names that are or begin so are never cut off by them. The statement is compiled
once for each shape of question.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_, or_
from typing import Any

from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import Q

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.clusters import search as registry
from apps.clusters.models import Cluster
from apps.clusters.queries.legs import MOST_RANKED, Shape, prepared
from apps.clusters.rules import search as rules
from apps.clusters.rules.search import THROUGH_CAPABILITY, Facet, Hit, Match
from apps.clusters.search import Told

FEW = 3  # fewer answers than these, and names that are nearly so called are offered too
# Word similarity of pg_trgm, 0 to 1, in turn until something is near: names of one wrong letter come before the many
# that share a word of the question; two letters swapped in a word of six leave 0.43, of five 0.33.
NEAR_ENOUGH = (0.6, 0.4, 0.3)
MOST_NAMED = 3  # people, and teams, that one question names: each is a leg of the statement
MOST_LED = 20  # clusters that things found lead to
PAGE = 25


@dataclass(frozen=True)
class Asked:
    """A question, and what of the answers is wanted; "" asks nothing."""

    words: str = ""
    kind: str = ""
    cluster: str = ""  # short name
    owner: str = ""  # handle

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked at all."""
        return not (rules.plain(self.words) or self.kind or self.cluster or self.owner)


@dataclass(frozen=True)
class Answered:
    """One thing found, as it reads."""

    hit: Hit
    told: Told
    cluster: Cluster | None

    @property
    def kind_label(self) -> str:
        """What kind of thing it is, in the singular."""
        return self.hit.kind.replace("-", " ")


@dataclass
class Answer:
    """The answers of one page, how many there are, and by what they can be narrowed."""

    rows: list[Answered] = field(default_factory=list)
    count: int = 0
    is_cut: bool = False  # more hold the words than were ranked
    is_near: bool = False  # nothing holds the words: these are the nearest names
    kinds: list[Facet] = field(default_factory=list)
    clusters: list[Facet] = field(default_factory=list)
    after: str = ""  # the key of the next page; "" at the end


def search(asked: Asked, person: Person, *, after: str = "", size: int = PAGE) -> Answer:
    """What of the catalogue answers the question, as far as this person may see it, the best first.

    Refuses a key `after` that was made up.
    """
    hits, is_cut = found(asked, person)
    kinds, clusters = rules.counted(hits)
    if asked.kind:
        hits = [hit for hit in hits if hit.kind == asked.kind]
        clusters = rules.counted(hits)[1]
    shown, following = rules.page(hits, after=after, size=size)
    named = clusters.most_common(rules.MOST_CLUSTERS)
    known = Cluster.objects.in_bulk({pk for pk, _ in named} | {hit.cluster_id for hit in shown if hit.cluster_id})
    told = tell(shown)
    return Answer(
        rows=[
            Answered(hit, told[hit.kind, hit.pk], known.get(hit.cluster_id or 0))
            for hit in shown
            if (hit.kind, hit.pk) in told
        ],
        count=len(hits),
        is_cut=is_cut,
        is_near=bool(hits) and all(hit.match <= Match.WITHIN for hit in hits),
        kinds=[Facet(name, one.label, kinds[name]) for name, one in registry.registered().items() if kinds[name]],
        clusters=[Facet(known[pk].slug, known[pk].name, number) for pk, number in named if pk in known],
        after=following,
    )


def found(asked: Asked, person: Person) -> tuple[list[Hit], bool]:
    """Everything of every kind that answers, the best first, and whether more hold the words than were ranked."""
    narrowing = None if asked.is_empty else _narrowing(asked, person)
    if narrowing is None:
        return [], False
    words = rules.plain(asked.words)
    if not words:
        kind = asked.kind if asked.kind in registry.registered() else ""
        shape = Shape(narrowing.sees_all, narrowing.by_cluster, narrowing.by_owner, listed=kind or "*")
        hits = _hits(prepared(shape)(**narrowing.values))
        return rules.ranked(hits), _is_cut(hits)
    people, teams = _people_named(words), _teams_named(words)
    shape = Shape(narrowing.sees_all, narrowing.by_cluster, narrowing.by_owner, len(people), len(teams))
    values = {**narrowing.values, "squeezed": rules.squeezed(words), "query": _query(words)}
    values |= {f"person_{n}": one.pk for n, one in enumerate(people)}
    values |= {f"team_{n}": one.pk for n, one in enumerate(teams)}
    hits = _hits(prepared(shape)(**values), through=[str(one) for one in (*people, *teams)])
    is_cut = _is_cut(hits)
    hits = rules.ranked([*hits, *_led_to(hits)])
    if len(hits) < FEW and not any(hit.match == Match.EXACT for hit in hits):
        hits = rules.ranked([*hits, *_near(narrowing, words)])
    return hits, is_cut


def tell(hits: Iterable[Hit]) -> dict[tuple[str, int], Told]:
    """How each hit reads: one question for each kind among them."""
    keys: dict[str, list[int]] = {}
    for hit in hits:
        keys.setdefault(hit.kind, []).append(hit.pk)
    kinds = registry.registered()
    return {(name, pk): told for name, wanted in keys.items() for pk, told in kinds[name].told(wanted).items()}


@dataclass(frozen=True)
class _Narrowing:
    """Whose eyes the search has, and which facets narrow it; `values` fill the slots of that."""

    sees_all: bool
    by_cluster: bool
    by_owner: bool
    values: Mapping[str, Any]


def _narrowing(asked: Asked, person: Person) -> _Narrowing | None:
    """None where a facet names what is not there, or what the person may not know of."""
    sees_all = person.may(Capability.READ_RESTRICTED)
    values: dict[str, Any] = {} if sees_all else {"me": person.pk}
    if asked.cluster:
        known = Cluster.objects.visible_to(person).filter(slug=asked.cluster)
        values["cluster"] = known.values_list("pk", flat=True).first()
    if asked.owner:
        values["owner"] = Person.objects.filter(handle=asked.owner.lower()).values_list("pk", flat=True).first()
    if None in values.values():
        return None
    return _Narrowing(sees_all, bool(asked.cluster), bool(asked.owner), values)


def _near(narrowing: _Narrowing, words: str) -> list[Hit]:
    shape = Shape(narrowing.sees_all, narrowing.by_cluster, narrowing.by_owner, is_near=True)
    for likeness in NEAR_ENOUGH:
        with connection.cursor() as cursor:
            # Of the connection, for nothing else compares words by it: a transaction would be two more round trips.
            cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', %s, false)", [str(likeness)])
        if hits := _hits(prepared(shape)(**narrowing.values, words=words)):
            return hits
    return []


def _led_to(hits: Iterable[Hit]) -> list[Hit]:
    """The clusters of what was found and leads to its cluster: who owns the capability that was asked for."""
    kinds = registry.registered()
    leading: dict[int, Hit] = {}
    for hit in sorted((one for one in hits if kinds[one.kind].leads_to_cluster), key=lambda one: one.key)[:MOST_LED]:
        leading.setdefault(hit.cluster_id or 0, hit)
    if not leading:
        return []
    place = list(kinds).index("cluster")
    return [
        Hit("cluster", place, one.pk, one.pk, one.name, Match.WORDS, THROUGH_CAPABILITY, leading[one.pk].name)
        for one in Cluster.objects.filter(pk__in=leading)
    ]


def _query(words: str) -> str:
    """The words as a tsquery: each by its beginning or its stem, all of them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT word, array(SELECT lexeme FROM unnest(to_tsvector('pg_catalog.english', word)))
              FROM unnest(%s::text[]) WITH ORDINALITY AS asked (word, place) ORDER BY place
            """,
            [words.split()],
        )
        stems: list[tuple[str, list[str]]] = cursor.fetchall()
    # A word that the dictionary leaves out of texts ("of") would match none of them; alone, it may be a name's.
    return " & ".join(_either(word, stem) for word, stem in [one for one in stems if one[1]] or stems)


def _either(word: str, stems: Iterable[str]) -> str:
    # Words have no punctuation left (see rules.plain), so that quoting them is all that is needed.
    ways = [f"'{word}':*", *(f"'{stem}'" for stem in stems if stem.isalnum())]
    return f"( {' | '.join(ways)} )"


def _people_named(words: str) -> list[Person]:
    named = reduce(and_, (_begins(word, "name", "handle") for word in words.split()))
    return list(Person.objects.filter(named, is_active=True).order_by("name", "pk")[:MOST_NAMED])


def _teams_named(words: str) -> list[Group]:
    named = reduce(and_, (_begins(word, "name") for word in words.split()))
    return list(Group.objects.filter(named).order_by("name")[:MOST_NAMED])


def _begins(word: str, *names: str) -> Q:
    """Whether a word of one of the names begins so."""
    ways = (Q(**{f"{name}__istartswith": word}) | Q(**{f"{name}__icontains": f" {word}"}) for name in names)
    return reduce(or_, ways)


def _hits(rows: Iterable[tuple[Any, ...]], *, through: Sequence[str] = ()) -> list[Hit]:
    said = ("", *through)
    return [
        Hit(kind, place, pk, cluster, name, Match(match), rank, said[by])
        for kind, place, pk, cluster, name, match, rank, by in rows
    ]


def _is_cut(hits: Iterable[Hit]) -> bool:
    """Whether a kind filled the leg that is not in order: then more hold the words than were ranked."""
    bounded = rules.counted(hit for hit in hits if hit.match in (Match.WORDS, Match.LISTED) and not hit.through)[0]
    return any(number >= MOST_RANKED for number in bounded.values())
