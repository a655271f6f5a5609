"""Questions about standard changes: a template's record, whether it authorizes a change, what could become one."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab.models import Change, ChangeComponent, ChangeType, Reversal, StandardTemplate, TemplateVersion
from apps.cab.models.changes import ChangeQuerySet
from apps.cab.queries.boards import barred_from
from apps.cab.queries.changes import clusters_touched, content_of
from apps.cab.rules import standards as rules
from apps.cab.rules.routing import ENTERPRISE_RISK
from apps.cab.states import OPEN, ChangeState, Outcome, TemplateState
from apps.clusters.queries import standing
from apps.kernel.refusals import NotFound

LOOK_BACK = timedelta(days=365)  # a year: what runs once a quarter is seen four times
MOST_READ = 5_000  # closed changes; the newest
MOST_SUGGESTED = 20

_UNDONE = Exists(Reversal.objects.filter(undone=OuterRef("pk")))
WENT_WRONG: Any = Q(outcome__in=[Outcome.UNSUCCESSFUL, Outcome.BACKED_OUT]) | (
    Q(outcome__in=[Outcome.SUCCESSFUL, Outcome.SUCCESSFUL_WITH_ISSUES]) & _UNDONE
)
WENT_WELL: Any = Q(outcome__in=[Outcome.SUCCESSFUL, Outcome.SUCCESSFUL_WITH_ISSUES]) & ~_UNDONE
WENT: dict[str, Any] = {
    "well": WENT_WELL,
    "wrong": WENT_WRONG,
    "open": Q(state__in=list(OPEN), outcome=""),
    "finished": WENT_WELL | WENT_WRONG,
}


def visible_template(pk: int, person: Person) -> StandardTemplate:
    """The template, or a refusal when there is none for this person."""
    found = StandardTemplate.objects.visible_to(person).with_all().filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such template that you may see.", next_step="Open the list of templates.")
    return found


def may_decide(person: Person, template: StandardTemplate) -> bool:
    """Whether they decide about templates of its cluster: its owners and the chairs of boards."""
    return person.may(Capability.MANAGE_BOARD) or standing(person, template.cluster).may_own


def uses(template: StandardTemplate) -> ChangeQuerySet:
    """Every change proposed from any of its versions."""
    return Change.objects.filter(template_version__template=template)


def counts(template: StandardTemplate, person: Person) -> dict[str, int]:
    """How many of its changes this person may see: `all`, and by how they went."""
    rows = uses(template).visible_to(person)
    found: dict[str, int] = rows.aggregate(
        all=Count("pk"), **{name: Count("pk", filter=one) for name, one in WENT.items()}
    )
    return found


def last_uses(template: StandardTemplate, *, until: datetime | None = None) -> list[Change]:
    """The last twenty that finished since it was published, and by `until`; the newest first, with `is_failure`."""
    rows = uses(template).filter(WENT["finished"], implemented_at__gte=template.published_at or template.created_at)
    rows = rows if until is None else rows.filter(implemented_at__lte=until)
    told = rows.annotate(is_failure=Exists(Change.objects.filter(WENT_WRONG, pk=OuterRef("pk"))))
    return list(told.select_related("cluster").defer("search").order_by("-implemented_at", "-pk")[: rules.LAST_USES])


def record_of(last: Iterable[Change]) -> rules.Record:
    """The record in what `last_uses` found."""
    failed = [bool(getattr(one, "is_failure", False)) for one in last]
    return rules.Record(succeeded=failed.count(False), failed=failed.count(True))


def in_flight(template: StandardTemplate) -> QuerySet[Change]:
    """Its changes that it authorized and that have not begun."""
    return uses(template).filter(state__in=[ChangeState.AUTHORIZED, ChangeState.SCHEDULED])


def is_stranded(change: Change) -> bool:
    """Whether it rests on the word of a template that is suspended since: nobody begins it then."""
    if change.template_version is None:
        return False
    template = change.template_version.template
    if template.state != TemplateState.SUSPENDED:
        return False
    last = change.handovers.order_by("-pk").values_list("template_id", flat=True).first()
    return last is not None


def preauthorizing(change: Change, *, lock: bool = False) -> tuple[TemplateVersion | None, str]:
    """The published version that authorizes the change as it is now, and the sentence for it; else None and why not.

    With `lock` the template stays as it is until the transaction ends. Locks come in one order: change, template.
    """
    version = change.template_version
    if version is None:
        return None, ""
    rows = StandardTemplate.objects.select_for_update() if lock else StandardTemplate.objects.all()
    template = rows.get(pk=version.template_id)
    if template.state != TemplateState.PUBLISHED:
        return None, f"Its template “{template.name}” is {template.state}, so a board decides."
    said = content_of(change)
    is_whole = change.type == ChangeType.STANDARD and change.cluster_id == template.cluster_id
    if not is_whole or rules.departures(version.fields, said) or rules.missing(version.fields, said):
        return None, f"It departs from its template “{template.name}”, so a board decides."
    if change.risk >= ENTERPRISE_RISK or clusters_touched(change) > 1:
        why = f"its risk is {change.risk} of 5" if change.risk >= ENTERPRISE_RISK else "it touches several clusters"
        return None, f"From the template “{template.name}”, but {why}, so a board decides."
    if template.published_by_id in barred_from(change):
        return None, f"Who published the template “{template.name}” takes part in it, so a board decides."
    return version, (
        f"A standard change: authorized beforehand by the template “{template.name}”, version {version.number}."
    )


def missing_of(change: Change) -> list[str]:
    """The mandatory fields of its template that it leaves empty."""
    version = change.template_version
    return rules.missing(version.fields, content_of(change)) if version else []


@dataclass(frozen=True)
class Suggestion:
    """Changes of one kind that went well often enough to be a standard change; `change` is the newest of them."""

    change: Change
    kind: str
    record: rules.Record


def suggestions(person: Person, *, level: float, at: datetime) -> list[Suggestion]:
    """Kinds of closed changes whose success is at least `level` (0–1, Wilson 95 %, lower bound), the surest first.

    Of one kind are changes of the same cluster that touch the same components and whose titles differ only by what
    changes from time to time (`rules.kind_of`): the same work on the same things. A year back, the newest 5,000 that
    the person may see; emergencies and what came from a template do not count, nor what is one already.
    """
    groups: dict[tuple[Any, ...], list[Change]] = defaultdict(list)
    for one in _closed(person, at=at)[:MOST_READ]:
        groups[_kind(one)].append(one)
    known = _templated(one.pk for rows in groups.values() for one in rows)
    found = [
        Suggestion(rows[0], key[-1], record)
        for key, rows in groups.items()
        if key[-1] and known.isdisjoint(one.pk for one in rows)
        for record in [record_of(rows)]
        if record.at_least >= level
    ]
    return sorted(found, key=lambda one: -one.record.at_least)[:MOST_SUGGESTED]


def similar_to(change: Change, person: Person, *, at: datetime) -> list[int]:
    """The ids of the closed changes of the same kind that this person may see, itself among them."""
    rows = _closed(person, at=at).filter(cluster=change.cluster_id)
    own = _closed(person, at=at).filter(pk=change.pk).first()
    return [one.pk for one in rows if own is not None and _kind(one) == _kind(own)]


def _closed(person: Person, *, at: datetime) -> Any:
    parts = ChangeComponent.objects.filter(change=OuterRef("pk")).order_by("component_id").values_list("component_id")
    rows = Change.objects.visible_to(person).filter(
        WENT["finished"],
        type__in=[ChangeType.NORMAL, ChangeType.STANDARD],
        state=ChangeState.CLOSED,
        template_version__isnull=True,
        implemented_at__gte=at - LOOK_BACK,
    )
    told = rows.annotate(
        parts=ArraySubquery(parts), is_failure=Exists(Change.objects.filter(WENT_WRONG, pk=OuterRef("pk")))
    )
    return (
        told.select_related("cluster")
        .only("number", "title", "implemented_at", "cluster__slug", "cluster__name")
        .order_by("-implemented_at", "-pk")
    )


def _kind(change: Any) -> tuple[int, tuple[int, ...], str]:
    return change.cluster_id, tuple(change.parts), rules.kind_of(change.title)


def _templated(changes: Iterable[int]) -> set[int]:
    """Those of the changes that a template was proposed from, also one that has been retired since."""
    return set(
        StandardTemplate.objects.filter(source_change__in=list(changes)).values_list("source_change_id", flat=True)
    )
