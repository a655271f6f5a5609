"""What pages of components show of integrations."""

from apps.accounts.models import Person
from apps.clusters.models import Component
from apps.clusters.panels import Panel, PanelKind, register
from apps.clusters.queries import standing
from apps.clusters.rules import is_editor
from apps.integrations import queries

MOST = 100


def of_component(component: Component, person: Person) -> Panel | None:
    """What it offers, who uses that, and what it uses of others."""
    context = {
        "component": component,
        "interfaces": queries.interfaces_seen_by(person).filter(component=component).order_by("name")[:MOST],
        "uses": queries.edges_of_consumer(component, person).order_by("interface__component__name", "pk")[:MOST],
        "used": queries.edges_of_provider(component, person).order_by("consumer__name", "pk")[:MOST],
        "may_edit": is_editor(standing(person, component)),
    }
    return Panel("integrations/_component.html", context)


def register_panels() -> None:
    """Put them on the pages."""
    register(PanelKind.COMPONENT, of_component)
