"""Questions about what integrations cost, the measure that is computed from it, and when people work."""

from collections.abc import Iterable
from hashlib import sha256

from django.db.models import QuerySet
from django.urls import reverse

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.clusters.models import Cluster
from apps.kernel.refusals import NotFound
from apps.stakeholders.measures import Behind, Measure, Measured
from apps.stakeholders.models import GoingLive, IntegrationCost, WorkingCalendar
from apps.stakeholders.rules import costs as rules
from apps.stakeholders.rules.business_time import Calendar
from apps.stakeholders.rules.metrics import Course, Period, told


def costs_seen_by(person: Person) -> QuerySet[IntegrationCost]:
    """Costs of clusters the person may know of."""
    rows = IntegrationCost.objects.select_related("cluster", "integration", "recorded_by")
    if person.may(Capability.READ_RESTRICTED):
        return rows
    return rows.filter(cluster__in=Cluster.objects.visible_to(person).values("pk"))


def visible_cost(pk: int, person: Person) -> IntegrationCost:
    """One of them, or a refusal."""
    found = costs_seen_by(person).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such cost.", next_step="Go back to the costs.")
    return found


def live_seen_by(person: Person) -> QuerySet[GoingLive]:
    """Integrations that went live, of clusters the person may know of."""
    rows = GoingLive.objects.select_related("cluster", "integration")
    if person.may(Capability.READ_RESTRICTED):
        return rows
    return rows.filter(cluster__in=Cluster.objects.visible_to(person).values("pk"))


def _of(cluster: Cluster | None) -> dict[str, Cluster]:
    return {"cluster": cluster} if cluster else {}


def _costs(cluster: Cluster | None, period: Period) -> list[IntegrationCost]:
    """Those that may reach into the period."""
    rows = IntegrationCost.objects.filter(struck_at__isnull=True, from_on__lt=period.end_on, **_of(cluster))
    return [one for one in rows.order_by("pk") if rules.share_in(_as_cost(one), period)]


def _live(cluster: Cluster | None, period: Period) -> list[GoingLive]:
    rows = GoingLive.objects.filter(live_on__gte=period.first_on, live_on__lt=period.end_on, **_of(cluster))
    return list(rows.order_by("live_on", "pk"))


def _as_cost(row: IntegrationCost) -> rules.Cost:
    return rules.Cost(row.amount, row.currency, row.from_on, row.months)


def cost_measured(cluster: Cluster | None, period: Period) -> Measured:
    """What an integration that went live in the period cost, with everything spent in it."""
    costs, live = _costs(cluster, period), _live(cluster, period)
    found = rules.cost_per_integration(map(_as_cost, costs), period, went_live=len(live))
    text = [f"{one.pk}:{one.amount}:{one.currency}:{one.from_on}:{one.months}" for one in costs]
    text += [f"{one.pk}:{one.live_on}" for one in live]
    details = {"spent": f"{found.total:,.2f} {found.currency}".strip(), "went live": str(len(live))}
    digest = sha256("\n".join(text).encode()).hexdigest()
    return Measured(found.value, found.reason, len(costs) + len(live), 0, details, digest)


def cost_rows(person: Person, cluster: Cluster | None, period: Period) -> Iterable[Behind]:
    """The costs and the integrations that the value is made of."""
    url = reverse("stakeholders:costs")
    seen = set(costs_seen_by(person).values_list("pk", flat=True))
    for one in _costs(cluster, period):
        if one.pk in seen:
            share = rules.share_in(_as_cost(one), period)
            spread = f" (a part of {told(one.amount)} over {one.months} months)" if one.months > 1 else ""
            yield Behind(
                f"{one.about}, {rules.COST_WORDS[rules.CostKind(one.kind)]}",
                url,
                f"{told(share)} {one.currency}{spread}",
            )
    seen_live = set(live_seen_by(person).values_list("pk", flat=True))
    for live in _live(cluster, period):
        if live.pk in seen_live:
            there = live.integration.get_absolute_url() if live.integration else url
            yield Behind(live.about, there, f"went live on {live.live_on:%-d %B %Y}")


COST_PER_INTEGRATION = Measure(
    "cost_per_integration",
    "Cost per integration",
    "EUR",
    Course.DOWN,
    "(hours × rate + licences + running costs, each spread over its months) ÷ integrations that went live in the "
    "period. None went live: no value.",
    cost_measured,
    cost_rows,
)


def calendar_of(row: WorkingCalendar) -> Calendar:
    """A calendar as the rules see it; reads its holidays."""
    days = frozenset(one.day for one in row.holidays.all())
    return Calendar(row.zone, row.opens, row.closes, tuple(row.weekdays), days)


def calendars_of(clusters: Iterable[Cluster]) -> dict[int, Calendar]:
    """When each cluster works: its own calendar, else Monday to Friday from nine to five of its zone."""
    rows = list(clusters)
    own = WorkingCalendar.objects.filter(cluster__in=rows).prefetch_related("holidays")
    kept = {one.cluster_id: calendar_of(one) for one in own}
    return {one.pk: kept.get(one.pk) or Calendar(one.zone) for one in rows}
