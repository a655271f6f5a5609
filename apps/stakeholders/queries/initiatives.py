"""Questions about initiatives: what each needs, who controls it, who has not been spoken to, what the check finds."""

import hashlib
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, QuerySet

from apps.accounts.models import Person
from apps.clusters.checks import Outcome
from apps.clusters.models import Cluster, ClusterGroupObjectPermission, ClusterUserObjectPermission, Visibility
from apps.kernel.refusals import NotFound
from apps.stakeholders.models import Authority, Conversation, Demand, Initiative, Stakeholder
from apps.stakeholders.queries.people import holding_of, holdings_seen_by
from apps.stakeholders.rules import coverage as coverage_rules
from apps.stakeholders.rules.coverage import Coverage, coverage
from apps.stakeholders.rules.initiatives import Keeper
from apps.stakeholders.rules.resources import RESOURCE_WORDS, Need, limits_on


def initiatives_seen_by(person: Person) -> QuerySet[Initiative]:
    """Initiatives all of whose clusters the person may know of."""
    rows = Initiative.objects.visible_to(person).select_related("sponsor").prefetch_related("clusters")
    return rows.annotate(on_map=Count("involvements", distinct=True), demand_count=Count("demands", distinct=True))


def visible_initiative(pk: int, person: Person) -> Initiative:
    """One of them; refuses alike what does not exist and what the person may not know of."""
    found = initiatives_seen_by(person).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such initiative.", next_step="Go back to the list of initiatives.")
    return found


def keeper_of(initiative: Initiative, person: Person) -> Keeper:
    """What the person is to the initiative."""
    clusters = initiative.clusters.values("pk")
    wanted = {"content_object__in": clusters, "permission__codename": "own_cluster"}
    own = ClusterUserObjectPermission.objects.filter(user=person, **wanted).values("pk")
    team = ClusterGroupObjectPermission.objects.filter(group__user=person, **wanted).values("pk")
    return Keeper(
        person.capabilities,
        is_sponsor=initiative.sponsor_id == person.pk,
        owns_one=own.union(team, all=True).exists(),
    )


def need_of(demand: Demand) -> Need:
    """A demand as the rules see it."""
    return Need(demand.resource, demand.unit, demand.cluster_id, demand.amount)


def spoken_to(initiative: Initiative) -> dict[int, date]:
    """With whom a conversation was held about it, and when the last was."""
    rows = Conversation.objects.filter(initiative=initiative).order_by("held_on")
    return dict(rows.values_list("stakeholder_id", "held_on"))


@dataclass(frozen=True)
class Controller:
    """One authority that serves a need."""

    authority: Authority
    left: Decimal  # of its limit, after delegations
    decides_alone: bool
    is_on_map: bool
    spoken_on: date | None
    lapsed: bool = False


@dataclass(frozen=True)
class Want:
    """One demand, how it is covered, and who controls what it asks for."""

    demand: Demand
    coverage: Coverage
    controllers: tuple[Controller, ...]

    @property
    def words(self) -> str:
        """The resource as people say it."""
        return RESOURCE_WORDS[self.demand.resource]

    @property
    def unspoken(self) -> int:
        """How many who may give of it have not been spoken to."""
        return len({one.authority.holder_id for one in self.controllers if not one.lapsed and one.spoken_on is None})


def wants(initiative: Initiative, person: Person, *, day: date) -> list[Want]:
    """Every demand of the initiative, with who controls it: those who decide alone first, then those who help."""
    holdings = holdings_seen_by(person)
    limits, spoken = limits_on(holdings, day), spoken_to(initiative)
    mapped = set(initiative.involvements.values_list("stakeholder_id", flat=True))
    found = []
    demands = list(initiative.demands.select_related("cluster").order_by("resource", "cluster__name", "unit", "pk"))
    covered = [coverage(need_of(one), holdings, day=day) for one in demands]
    keys = {key for one in covered for key in (*one.deciders, *one.others, *one.lapsed)}
    rows = Authority.objects.select_related("holder__person", "cluster", "delegated_from__holder").in_bulk(keys)
    for demand, one in zip(demands, covered, strict=True):
        controllers = [
            Controller(
                authority=rows[key],
                left=limits.get(key, Decimal(0)),
                decides_alone=key in one.deciders,
                is_on_map=rows[key].holder_id in mapped,
                spoken_on=spoken.get(rows[key].holder_id),
                lapsed=key in one.lapsed,
            )
            for key in (*one.deciders, *one.others, *one.lapsed)
        ]
        found.append(Want(demand, one, tuple(controllers)))
    return found


def not_spoken_to(wanted: Collection[Want]) -> list[Stakeholder]:
    """Everyone who may give of what is needed and has not been spoken to, by name."""
    holders = {
        one.authority.holder.pk: one.authority.holder
        for want in wanted
        for one in want.controllers
        if not one.lapsed and one.spoken_on is None
    }
    return sorted(holders.values(), key=lambda one: (one.name.casefold(), one.pk))


def judged(at: datetime) -> Outcome:
    """What lacks for the open initiatives, as the check of that name runs it over all of them."""
    day = at.date()
    holdings = [holding_of(row) for row in Authority.objects.select_related("holder__person").order_by("pk")]
    demands: dict[int, dict[int, Need]] = defaultdict(dict)
    for demand in Demand.objects.filter(initiative__closed_at__isnull=True).order_by("pk"):
        demands[demand.initiative_id][demand.pk] = need_of(demand)
    through = Initiative.clusters.through.objects.filter(initiative__in=list(demands)).order_by("cluster")
    clusters: dict[int, list[int]] = defaultdict(list)
    for initiative, cluster in through.values_list("initiative_id", "cluster_id"):
        clusters[initiative].append(cluster)
    restricted = set(Cluster.objects.filter(visibility=Visibility.RESTRICTED).values_list("pk", flat=True))
    plans = [
        coverage_rules.Plan(
            key=row.pk,
            name=row.name,
            needs=demands[row.pk],
            home=clusters[row.pk][0],
            hidden=next((one for one in clusters[row.pk] if one in restricted), None),
        )
        for row in Initiative.objects.filter(pk__in=list(demands)).order_by("pk")
    ]
    names = dict(Stakeholder.objects.filter(pk__in={one.holder for one in holdings}).values_list("pk", "name"))
    read = repr((day, holdings, plans, sorted(names.items())))
    found = coverage_rules.findings(plans, holdings, names=names, day=day)
    return Outcome(list(found), hashlib.sha256(read.encode()).hexdigest(), {"initiatives": len(plans)})
