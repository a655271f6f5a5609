"""Questions about integrations: who uses which interface of whom, with what needs.

For areas above: every function with a `person` answers only of what they may know of, both ends; `edges` is for checks,
which see the whole map. An `Integration` has `consumer`, `interface` and `provider` (the interface's component) loaded,
with their clusters; numbers carry their unit in their name.
"""

from dataclasses import dataclass

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from apps.accounts.models import Person
from apps.clusters.models import Cluster, Component
from apps.clusters.queries import component_named
from apps.clusters.queries.apis import called_apis, provided_apis
from apps.integrations.models import Integration, Interface
from apps.integrations.models.edges import IntegrationQuerySet
from apps.integrations.rules.words import KIND_WORDS, Kind
from apps.kernel.refusals import Invalid, NotFound

_ENDS = ("consumer__cluster", "interface__component__cluster")


def edges() -> IntegrationQuerySet:
    """Every integration of the federation, for checks; `.across_clusters()` leaves those between clusters."""
    return Integration.objects.select_related(*_ENDS)


def integrations_seen_by(person: Person) -> IntegrationQuerySet:
    """Integrations with both ends where the person may look."""
    return Integration.objects.visible_to(person).select_related(*_ENDS)


def edges_of_cluster(cluster: Cluster, person: Person) -> QuerySet[Integration]:
    """Visible integrations with at least one end in the cluster."""
    ends = Q(consumer__cluster=cluster) | Q(interface__component__cluster=cluster)
    return integrations_seen_by(person).filter(ends)


def edges_touching(cluster: Cluster) -> QuerySet[Integration]:
    """Every integration with at least one end in the cluster, with its interface; for what configures it."""
    ends = Q(consumer__cluster=cluster) | Q(interface__component__cluster=cluster)
    return Integration.objects.filter(ends).select_related("interface")


def edges_of_consumer(component: Component, person: Person) -> QuerySet[Integration]:
    """What the component uses of others."""
    return integrations_seen_by(person).filter(consumer=component)


def edges_of_provider(component: Component, person: Person) -> QuerySet[Integration]:
    """Who uses interfaces of the component."""
    return integrations_seen_by(person).filter(interface__component=component)


def visible_integration(pk: int, person: Person) -> Integration:
    """One of them; refuses alike what does not exist and what the person may not know of."""
    found = integrations_seen_by(person).select_related("declared_by").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such integration.", next_step="Go back to the list of integrations.")
    return found


def interfaces_seen_by(person: Person) -> QuerySet[Interface]:
    """Interfaces of components the person may know of."""
    return Interface.objects.visible_to(person).select_related("component__cluster")


def interfaces_with_uses(person: Person) -> QuerySet[Interface]:
    """Interfaces the person may know of, each with `uses`: how many integrations they may look at use it.

    Counted for each row by itself: a list counts those of the page it shows, not those of the whole federation.
    """
    of_it = Integration.objects.visible_to(person).filter(interface=OuterRef("pk")).order_by().values("interface")
    counted = Subquery(of_it.values(number=Count("pk")), output_field=IntegerField())
    return interfaces_seen_by(person).annotate(uses=Coalesce(counted, 0))


def visible_interface(pk: int, person: Person) -> Interface:
    """One of them; refuses alike what does not exist and what the person may not know of."""
    found = interfaces_seen_by(person).select_related("offered_by").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such interface.", next_step="Go back to the list of interfaces.")
    return found


def interface_named(text: str, person: Person) -> Interface:
    """The visible interface a person means by `text`: "component: name", the component as `component_named` takes it.

    The name may be left out where the component offers only one. Refuses what nothing is called, and says what is.
    """
    whole, _, name = text.partition(": ")
    component = component_named(whole.strip(), person)
    offered = list(interfaces_seen_by(person).filter(component=component).order_by("name")[:50])
    wanted = name.strip().lower()
    found = [one for one in offered if one.name.lower() == wanted] if wanted else offered
    if len(found) == 1:
        return found[0]
    named = ", ".join(f"“{one.name}”" for one in offered)
    what = f"{component.name} offers several interfaces." if found else f"{component.name} offers no such interface."
    raise Invalid(
        what,
        next_step=f"Write its name after a colon: one of {named}." if named else "Its owners offer one on its page.",
        fields={"interface": [what]},
    )


@dataclass(frozen=True)
class Line:
    """One line of what a component offers, uses, or is used for: an interface, and who is at its other end."""

    side: str  # "offers", "uses" or "used"; of what catalogues name only, "provides" or "calls"
    pk: int  # of the interface it offers, of the integration, or of the API, a component, that a catalogue names
    interface: str
    kind: str  # "" of an API
    component_id: int
    component: str
    cluster: str

    @property
    def kind_words(self) -> str:
        """The kind of interface as people read it."""
        return KIND_WORDS[Kind(self.kind)]


def lines_of(component: Component, person: Person, *, limit: int = 300) -> list[Line]:
    """What the component offers, uses and is used for, as far as the person may know, in one query."""
    offers = Interface.objects.filter(component=component).values_list(
        Value("offers"), "pk", "name", "kind", "component_id", "component__name", "component__cluster__name"
    )
    seen = Integration.objects.visible_to(person)
    provider = ("interface__component_id", "interface__component__name", "interface__component__cluster__name")
    uses = seen.filter(consumer=component).values_list(
        Value("uses"), "pk", "interface__name", "interface__kind", *provider
    )
    used = seen.filter(interface__component=component).values_list(
        *(Value("used"), "pk", "interface__name", "interface__kind"),
        *("consumer_id", "consumer__name", "consumer__cluster__name"),
    )
    named = [
        edges.values_list(
            *(Value(side), f"{end}_id", f"{end}__name", Value("")),
            *(f"{end}_id", f"{end}__name", f"{end}__cluster__name"),
        )
        for side, end, edges in (
            ("provides", "consumer", provided_apis(component, person)),
            ("calls", "provider", called_apis(component, person)),
        )
    ]
    found = [Line(*row) for row in offers.union(uses, *named, used, all=True)[:limit]]  # users are the many
    return sorted(found, key=lambda one: (one.component.lower(), one.interface.lower(), one.pk))


def path_of(interface: Interface) -> str:
    """How people write the interface: cluster/component: name."""
    return f"{interface.component.cluster.slug}/{interface.component.slug}: {interface.name}"
