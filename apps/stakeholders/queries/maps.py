"""The map of an initiative: where each stakeholder stands, by what, and who together could say yes."""

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from apps.accounts.models import Person
from apps.stakeholders.models import Assessment, Initiative, Involvement, Stakeholder
from apps.stakeholders.queries.initiatives import need_of, spoken_to
from apps.stakeholders.queries.people import edges_among, holdings_seen_by
from apps.stakeholders.rules import coalition as coalition_rules
from apps.stakeholders.rules import power as rules
from apps.stakeholders.rules.influence import centrality
from apps.stakeholders.rules.resources import Need, limits_on

MOST_ON_MAP = 500


@dataclass(frozen=True)
class Spot:
    """Where one stakeholder stands: power by its parts, interest, what the grid and the salience model make of it."""

    involvement: Involvement
    power: rules.Power
    newest: Assessment | None
    quadrant: str
    salience: str
    centrality: float
    spoken_on: date | None

    @property
    def stakeholder(self) -> Stakeholder:
        """Who stands there."""
        return self.involvement.stakeholder

    @property
    def interest(self) -> int:
        """0 to 100; 0 while nobody has judged."""
        return self.newest.interest if self.newest else 0

    @property
    def stance(self) -> str:
        """In words; empty while nobody has judged."""
        return rules.STANCES[self.newest.stance] if self.newest else ""


def map_of(initiative: Initiative, person: Person, *, day: date) -> list[Spot]:
    """Everyone on the map, the most powerful first. Authority counts as far as the person may know of it."""
    rows = list(
        initiative.involvements.select_related("stakeholder__person", "stakeholder__team").order_by(
            "stakeholder__name", "pk"
        )[:MOST_ON_MAP]
    )
    needs = [need_of(one) for one in initiative.demands.all()]
    clusters = {one.pk for one in initiative.clusters.all()}
    shares = rules.shares(holdings_seen_by(person), needs, clusters=clusters, day=day)
    kinds = rules.kinds_of(needs, shares)
    on_map = [one.stakeholder_id for one in rows]
    central = centrality(on_map, edges_among(on_map))
    newest, spoken = newest_of(initiative), spoken_to(initiative)
    found = []
    for row in rows:
        last = newest.get(row.stakeholder_id)
        power = rules.power(
            own=shares.get(row.stakeholder_id, ()),
            kinds=kinds,
            centrality=central[row.stakeholder_id],
            felt=last.power if last else 0,
        )
        found.append(
            Spot(
                involvement=row,
                power=power,
                newest=last,
                quadrant=rules.quadrant(
                    power=power.total,
                    interest=last.interest if last else 0,
                    power_cut=initiative.power_cut,
                    interest_cut=initiative.interest_cut,
                ),
                salience=rules.salience(
                    power=power.total,
                    legitimacy=last.legitimacy if last else 0,
                    urgency=last.urgency if last else 0,
                    power_cut=initiative.power_cut,
                ),
                centrality=central[row.stakeholder_id],
                spoken_on=spoken.get(row.stakeholder_id),
            )
        )
    return sorted(found, key=lambda one: (-one.power.total, one.stakeholder.name.casefold(), one.stakeholder.pk))


def newest_of(initiative: Initiative) -> dict[int, Assessment]:
    """The newest assessment of each stakeholder."""
    rows = assessments_of(initiative).order_by("stakeholder_id", "-assessed_at", "-pk").distinct("stakeholder_id")
    return {one.stakeholder_id: one for one in rows}


def assessments_of(initiative: Initiative) -> QuerySet[Assessment]:
    """Every assessment in an initiative."""
    return Assessment.objects.filter(initiative=initiative).select_related("assessor", "stakeholder")


@dataclass(frozen=True)
class SayYes:
    """Who together could say yes, with what each brings, and who could still say no."""

    found: coalition_rules.Coalition
    members: tuple[tuple[Stakeholder, str, date | None], ...]  # who, their stance in words, when last spoken to
    vetoers: tuple[tuple[Stakeholder, str], ...]
    needs: tuple[Need, ...]


def coalition_for(
    initiative: Initiative,
    person: Person,
    *,
    day: date,
    needs: list[Need] | None = None,
    with_vetoers: bool = False,
) -> SayYes:
    """The fewest people whose limits cover what the initiative needs (or `needs`).

    Those who may veto somebody else on record are left out unless `with_vetoers`: they are asked whether it may go
    on, not for their share of it. Who supports it more comes first among sets of the same size.
    """
    wanted = [need_of(one) for one in initiative.demands.order_by("pk")] if needs is None else needs
    holdings = holdings_seen_by(person)
    by_holder = coalition_rules.limits_by_holder(holdings, limits_on(holdings, day))
    newest = newest_of(initiative)
    stances = {one: newest[one].stance if one in newest else 0 for one in by_holder}
    ordered = {one: by_holder[one] for one in sorted(by_holder, key=lambda one: (-stances[one], one))}
    edges = edges_among()
    vetoing = {source for source, _, kind, _ in edges if kind == "vetoes"}
    found = coalition_rules.coalition(wanted, ordered, edges=edges, without=frozenset() if with_vetoers else vetoing)
    people = Stakeholder.objects.in_bulk({*found.members, *found.vetoers})
    spoken = spoken_to(initiative)

    def stance(pk: int) -> str:
        return rules.STANCES[newest[pk].stance] if pk in newest else "not assessed"

    return SayYes(
        found,
        tuple((people[one], stance(one), spoken.get(one)) for one in found.members),
        tuple((people[one], stance(one)) for one in found.vetoers),
        tuple(wanted),
    )
