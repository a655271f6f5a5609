"""Questions over the whole house: is it ready, its counts, its journal; search is in `finding`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Q, QuerySet

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab.models import Change, Review, Round
from apps.cab.states import ChangeState, ReviewState, RoundState
from apps.clusters.models import Cluster
from apps.journal.events import REGISTRY, words_for
from apps.journal.models import Delivery, Entry
from apps.kernel.refusals import Invalid
from apps.portal.queries.finding import Found, FoundGroup, search

__all__ = [
    "Found",
    "FoundGroup",
    "event_names",
    "gauges",
    "journal_for",
    "readable_among",
    "search",
    "why_not_ready",
]

Rows = list[tuple[tuple[str, ...], int]]
FIRST_YEAR, LAST_YEAR = 1970, 9000  # of days that people ask the journal for


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


def journal_for(person: Person, *, asked: Mapping[str, str]) -> QuerySet[Entry]:
    """Journal entries this person may read, narrowed by `event`, `actor` (handle), `subject` (words), `since`, `until`.

    Entries of the federation are for those who may read the whole journal; others read those of clusters they may know
    of, though not about other people's drafts, and their own. Days are the person's own, both inclusive. Unreadable
    filters are refused.
    """
    rows = Entry.objects.select_related("actor")
    if not person.may(Capability.READ_JOURNAL):
        rows = rows.filter(_readable_to(person) | Q(actor=person))
    if event := _clean(asked.get("event", "")):
        rows = rows.filter(event=event[:80])
    if actor := _clean(asked.get("actor", "")):
        rows = rows.filter(actor__handle=actor.lower()[:150])
    if subject := _clean(asked.get("subject", "")):
        rows = rows.filter(subject_label__icontains=subject[:200])
    if since := asked.get("since"):
        rows = rows.filter(at__gte=_beginning("since", since, person))
    if until := asked.get("until"):
        rows = rows.filter(at__lt=_beginning("until", until, person, days=1))
    return rows


def readable_among(entry_ids: Iterable[int], person: Person) -> frozenset[int]:
    """Which of these entries the person may read in the journal."""
    found = journal_for(person, asked={}).filter(pk__in=list(entry_ids))
    return frozenset(found.values_list("pk", flat=True))


def event_names() -> list[tuple[str, str]]:
    """Every event the house can tell, with its words, for the journal's filter."""
    return sorted((name, words_for(name)) for name in REGISTRY)


def _readable_to(person: Person) -> Q:
    drafts = Change.objects.filter(state=ChangeState.DRAFT)
    foreign = drafts.exclude(pk__in=drafts.visible_to(person).values("pk"))
    return Q(cluster_id__in=Cluster.objects.visible_to(person).values("pk")) & ~Q(
        subject_type=Change._meta.label_lower, subject_id__in=foreign.values("pk")
    )


def _clean(words: str) -> str:
    """What was asked for, without the NUL that PostgreSQL does not take as text."""
    return words.replace("\0", "").strip()


def _beginning(name: str, text: str, person: Person, *, days: int = 0) -> datetime:
    """The first instant of a day as the person's zone counts it, or of the day so many `days` later."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Invalid(
            f"“{text[:20]}” is not a day.", next_step="Write it as 2026-03-02.", fields={name: ["Not a day."]}
        )
    return datetime.combine(day + timedelta(days=days), time.min, tzinfo=person.tzinfo)
