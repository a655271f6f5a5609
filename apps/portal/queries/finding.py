"""Search over the whole house: changes by full text, and the names of everything else, as far as one may see it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F, Q
from django.urls import reverse

from apps.accounts.models import Person, PersonKind
from apps.accounts.rules import Capability
from apps.cab.models import Board, Change
from apps.clusters.models import Cluster
from apps.clusters.queries import search as catalogue
from apps.clusters.rules.search import Hit
from apps.clusters.search import registered

FOUND_EACH = 8
MOST_RANKED = 500  # newest matches that are ranked: a common word matches tens of thousands
LONGEST_WORDS = 200
LONGEST_NUMBER = 18  # digits of a bigint
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Found:
    """One thing that matches; `state` only where it has one."""

    name: str
    url: str
    note: str = ""
    state: str = ""


@dataclass(frozen=True)
class FoundGroup:
    """The best matches of one kind. `more_url` leads to all of them, where there is a page for that."""

    label: str
    rows: tuple[Found, ...]
    more_url: str = ""


def search(words: str, person: Person) -> list[FoundGroup]:
    """What matches `words` and this person may see, kind by kind; kinds without a match are left out.

    Changes match by full text, the last word also by its beginning; the catalogue as its own search has it; boards and
    people by a part of their name.
    """
    words = words.replace("\0", "").strip()[:LONGEST_WORDS]
    if not words:
        return []
    found = [_changes(words, person), *_catalogue(words, person), _boards(words, person), _people(words, person)]
    return [group for group in found if group.rows]


def _changes(words: str, person: Person) -> FoundGroup:
    visible = Change.objects.visible_to(person)
    number = words.upper().removeprefix("CHG-")
    if number.isascii() and number.isdigit() and len(number) <= LONGEST_NUMBER:
        rows = visible.filter(number=int(number))
    else:
        query = _typed(words)
        newest = visible.filter(search=query).order_by("-number").values("pk")[:MOST_RANKED]
        rank = SearchRank(F("search"), query)
        rows = Change.objects.filter(pk__in=newest).annotate(rank=rank).order_by("-rank", "-number")
    found = [
        Found(str(one), one.get_absolute_url(), str(one.cluster), one.state)
        for one in rows.in_lists()[: FOUND_EACH + 1]
    ]
    more = f"{reverse('cab:changes')}?{urlencode({'q': words})}" if len(found) > FOUND_EACH else ""
    return FoundGroup("Changes", tuple(found[:FOUND_EACH]), more)


def _typed(words: str) -> SearchQuery:
    """Full text as people type it: web-search syntax, or every word with the last one only begun."""
    query = SearchQuery(words, config="english", search_type="websearch")
    parts = _WORD.findall(words)
    if not parts:
        return query
    begun = " & ".join([*parts[:-1], f"{parts[-1]}:*"])  # word characters only: nothing of it is an operator
    return query | SearchQuery(begun, config="english", search_type="raw")


def _catalogue(words: str, person: Person) -> list[FoundGroup]:
    """What the catalogue's search finds, kind by kind; owners are among the people."""
    hits, _ = catalogue.found(catalogue.Asked(words), person)
    kinds: dict[str, list[Hit]] = {}
    for hit in hits:
        kinds.setdefault(hit.kind, []).append(hit)
    kinds.pop("person", None)
    told = catalogue.tell(hit for of_kind in kinds.values() for hit in of_kind[:FOUND_EACH])
    names = dict(Cluster.objects.filter(pk__in={hit.cluster_id for hit in hits}).values_list("pk", "name"))
    labels = {name: kind.label for name, kind in registered().items()}
    return [_of_kind(labels[kind], kind, kinds[kind], told, names, words) for kind in labels if kind in kinds]


def _of_kind(label: str, kind: str, hits: list[Hit], told: Any, names: dict[int, str], words: str) -> FoundGroup:
    reads = [(hit, told[kind, hit.pk]) for hit in hits[:FOUND_EACH] if (kind, hit.pk) in told]
    rows = tuple(
        Found(one.name, one.url, names.get(hit.cluster_id or 0, "") if kind != "cluster" else "") for hit, one in reads
    )
    more = f"{reverse('clusters:search')}?{urlencode({'q': words, 'kind': kind})}" if len(hits) > FOUND_EACH else ""
    return FoundGroup(label, rows, more)


def _boards(words: str, person: Person) -> FoundGroup:
    known = Q(cluster__isnull=True) | Q(cluster__in=Cluster.objects.visible_to(person))
    rows = Board.objects.filter(known, name__icontains=words).order_by("name", "pk")[:FOUND_EACH]
    return FoundGroup("Boards", _shown(Found(one.name, one.get_absolute_url()) for one in rows))


def _people(words: str, person: Person) -> FoundGroup:
    """People who can sign in: their page for who manages people, what they requested for everyone else."""
    named = Q(name__icontains=words) | Q(handle__icontains=words)
    rows = Person.objects.filter(named, kind=PersonKind.HUMAN, is_active=True).order_by("name", "pk")[:FOUND_EACH]
    manages = person.may(Capability.MANAGE_PEOPLE)
    return FoundGroup("People", _shown(_one(found, manages=manages) for found in rows))


def _one(found: Person, *, manages: bool) -> Found:
    if manages:
        return Found(str(found), reverse("accounts:person", args=[found.handle]), found.handle)
    asked = urlencode({"requester": found.handle})
    return Found(str(found), f"{reverse('cab:changes')}?{asked}", f"{found.handle} · their changes")


def _shown(rows: Iterable[Found]) -> tuple[Found, ...]:
    return tuple(rows)
