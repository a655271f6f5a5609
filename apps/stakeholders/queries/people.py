"""Questions about stakeholders: who they are, what they control, whom they sway."""

from collections.abc import Iterable
from datetime import date

from django.contrib.auth.models import Group
from django.db.models import Count, Q, QuerySet

from apps.accounts.models import Person
from apps.clusters.models import Cluster
from apps.clusters.queries import standing
from apps.kernel.refusals import NotFound
from apps.stakeholders.models import Authority, Influence, Kind, Stakeholder
from apps.stakeholders.rules.influence import Edge, Sway
from apps.stakeholders.rules.resources import Holding


def stakeholders_for(person: Person, *, words: str = "") -> QuerySet[Stakeholder]:
    """Everyone on record whose name or organisation holds the words, with how much of theirs the person may know of."""
    seen = Authority.objects.visible_to(person).values("pk")
    rows = Stakeholder.objects.annotate(authority_count=Count("authorities", filter=Q(authorities__in=seen)))
    if words := words.strip():
        rows = rows.filter(Q(name__icontains=words) | Q(organisation__icontains=words))
    return rows.select_related("person", "team")


def known_stakeholder(pk: int) -> Stakeholder:
    """One of them."""
    found = Stakeholder.objects.select_related("person", "team").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such stakeholder.", next_step="Choose one of the list, or add them first.")
    return found


def people_of(stakeholder: Stakeholder) -> list[int]:
    """The accounts a stakeholder stands for: one, none, or those of a team."""
    if stakeholder.kind == Kind.ACCOUNT:
        return [stakeholder.person_id] if stakeholder.person_id else []
    if stakeholder.team_id:
        return list(Person.objects.filter(groups=stakeholder.team_id).order_by("pk").values_list("pk", flat=True))
    return []


def team_named(name: str) -> Group:
    """The team of that name."""
    found = Group.objects.filter(name__iexact=name.strip()).first()
    if found is None:
        raise NotFound(f"There is no team “{name[:60]}”.", next_step="Choose one that exists, or add an outsider.")
    return found


def person_named(handle: str) -> Person:
    """The account of that handle."""
    found = Person.objects.filter(handle=handle.strip().lower()).first()
    if found is None:
        raise NotFound(f"There is nobody of the handle “{handle[:60]}”.", next_step="Write the handle of an account.")
    return found


def owns(person: Person, cluster: Cluster | None) -> bool:
    """Whether the person owns the cluster; nobody owns the enterprise."""
    return cluster is not None and standing(person, cluster).may_own


def authorities_seen_by(person: Person) -> QuerySet[Authority]:
    """Authorities over the enterprise and over clusters the person may know of."""
    rows = Authority.objects.visible_to(person)
    return rows.select_related("holder__person", "cluster", "delegated_from__holder", "recorded_by")


def visible_authority(pk: int, person: Person) -> Authority:
    """One of them; refuses alike what does not exist and what the person may not know of."""
    found = authorities_seen_by(person).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such authority.", next_step="Go back to the list of authorities.")
    return found


def holding_of(row: Authority) -> Holding:
    """An authority as the rules see it; its holder is read with it."""
    return Holding(
        key=row.pk,
        holder=row.holder_id,
        resource=row.resource,
        unit=row.unit,
        cluster=row.cluster_id,
        amount=row.amount,
        starts=row.valid.lower,
        ends=row.valid.upper,
        parent=row.delegated_from_id,
        is_active=row.holder.person is None or row.holder.person.is_active,
    )


def holdings_seen_by(person: Person) -> list[Holding]:
    """Every authority the person may know of, as the rules see it."""
    rows = Authority.objects.visible_to(person).select_related("holder__person").order_by("pk")
    return [holding_of(row) for row in rows]


def edges_among(stakeholders: Iterable[int] | None = None) -> list[Edge]:
    """Influence between these (None: between all)."""
    rows = Influence.objects.order_by("pk")
    if stakeholders is not None:
        wanted = list(stakeholders)
        rows = rows.filter(source__in=wanted, target__in=wanted)
    told = rows.values_list("source_id", "target_id", "kind", "weight")
    return [(source, target, kind, float(weight)) for source, target, kind, weight in told]


def reports() -> dict[int, int]:
    """Who reports to whom."""
    return dict(Influence.objects.filter(kind=Sway.REPORTS_TO).values_list("source_id", "target_id"))


def is_in_force(row: Authority, day: date) -> bool:
    """Whether its days hold that day and its holder is still there."""
    return holding_of(row).holds_on(day)
