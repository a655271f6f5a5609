"""Questions over the whole house: is it ready, its counts, and search over everything."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, F, Q, QuerySet

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab.models import Board, Change, Review, Round
from apps.cab.states import ReviewState, RoundState
from apps.clusters.models import Cluster, Component
from apps.journal.events import REGISTRY, words_for
from apps.journal.models import Delivery, Entry
from apps.kernel.refusals import Invalid

Rows = list[tuple[tuple[str, ...], int]]
FOUND_EACH = 8


def why_not_ready() -> str:
    """Why the application cannot serve people yet, as a sentence; empty when it can."""
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "The database does not answer."
    return f"{len(plan)} migrations have not been applied; run manage.py migrate." if plan else ""


def gauges() -> list[tuple[str, str, Sequence[str], Rows]]:
    """Name, help, labels and values of every metric told to collectors."""
    by_state = Change.objects.order_by().values_list("state").annotate(n=Count("pk"))
    deliveries = Delivery.objects.order_by().values_list("state").annotate(n=Count("pk"))
    return [
        ("changes", "Changes by state.", ["state"], [((state,), number) for state, number in by_state]),
        (
            "rounds_open",
            "Rounds that wait for ballots.",
            [],
            [((), Round.objects.filter(state=RoundState.OPEN).count())],
        ),
        (
            "reviews_planned",
            "Post-implementation reviews not done yet.",
            [],
            [((), Review.objects.filter(state=ReviewState.PLANNED).count())],
        ),
        ("deliveries", "Journal deliveries by state.", ["state"], [((state,), number) for state, number in deliveries]),
    ]


def search(words: str, person: Person) -> list[dict[str, Any]]:
    """The best matches of each kind this person may see: changes, components, clusters, boards."""
    words = words.replace("\0", "").strip()[:200]
    if not words:
        return []
    found: list[dict[str, Any]] = []
    visible = Change.objects.visible_to(person).select_related("cluster")
    number = words.upper().removeprefix("CHG-")
    if number.isascii() and number.isdigit() and len(number) <= 18:  # noqa: PLR2004  # a bigint's safe length
        changes = list(visible.filter(number=int(number)))
    else:
        query = SearchQuery(words, config="english", search_type="websearch")
        # The newest matches are ranked, not all: a common word matches tens of thousands.
        newest = Change.objects.filter(search=query).order_by("-number").values("pk")[:500]
        changes = list(
            visible.filter(pk__in=newest)
            .annotate(rank=SearchRank(F("search"), query))
            .order_by("-rank", "-number")[:FOUND_EACH]
        )
    found += [
        {
            "kind": "Change",
            "name": str(one),
            "url": one.get_absolute_url(),
            "note": str(one.cluster),
            "state": one.state,
        }
        for one in changes
    ]
    components = (
        Component.objects.visible_to(person)
        .filter(name__icontains=words)
        .select_related("cluster")
        .order_by("tier", "name")
    )
    found += [
        {"kind": "Component", "name": one.name, "url": one.get_absolute_url(), "note": str(one.cluster)}
        for one in components[:FOUND_EACH]
    ]
    clusters = Cluster.objects.visible_to(person)
    found += [
        {"kind": "Cluster", "name": one.name, "url": one.get_absolute_url(), "note": ""}
        for one in clusters.filter(name__icontains=words)[:FOUND_EACH]
    ]
    boards = Board.objects.filter(name__icontains=words).exclude(
        cluster__isnull=False, cluster__in=Cluster.objects.exclude(pk__in=clusters.values("pk"))
    )
    found += [
        {"kind": "Board", "name": one.name, "url": one.get_absolute_url(), "note": one.get_kind_display()}
        for one in boards[:FOUND_EACH]
    ]
    return found


def journal_for(person: Person, *, asked: Mapping[str, str]) -> QuerySet[Entry]:
    """Journal entries this person may read, narrowed by `event`, `actor` (handle), `subject` (words), `since`, `until`.

    Entries of the federation are for those who may read the whole journal; others read those of clusters they may know
    of, and their own. Unreadable filters are refused.
    """
    rows = Entry.objects.select_related("actor")
    if not person.may(Capability.READ_JOURNAL):
        clusters = Cluster.objects.visible_to(person).values("pk")
        rows = rows.filter(Q(cluster_id__in=clusters) | Q(actor=person))
    if event := asked.get("event"):
        rows = rows.filter(event=event[:80])
    if actor := asked.get("actor"):
        rows = rows.filter(actor__handle=actor.strip().lower()[:150])
    if subject := asked.get("subject"):
        rows = rows.filter(subject_label__icontains=subject.replace("\0", "")[:200])
    for name, lookup in (("since", "at__date__gte"), ("until", "at__date__lte")):
        if day := asked.get(name):
            rows = rows.filter(**{lookup: _day(name, day)})
    return rows


def event_names() -> list[tuple[str, str]]:
    """Every event the house can tell, with its words, for the journal's filter."""
    return sorted((name, words_for(name)) for name in REGISTRY)


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise Invalid(
            f"“{text[:20]}” is not a day.", next_step="Write it as 2026-03-02.", fields={name: ["Not a day."]}
        ) from None
