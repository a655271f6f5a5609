"""What pages of components show of integrations."""

from apps.accounts.models import Person
from apps.clusters.models import Component
from apps.clusters.panels import Panel, PanelKind, register
from apps.integrations.queries import lines_of
from apps.integrations.queries.apis import apis_of


def of_component(component: Component, person: Person) -> Panel | None:
    """What it offers, who uses that, and what it uses of others."""
    sides: dict[str, list[object]] = {"offers": [], "uses": [], "used": []}
    for line in lines_of(component, person):
        sides[line.side].append(line)
    return Panel("integrations/_component.html", {"component": component, "apis": apis_of(component, person), **sides})


def register_panels() -> None:
    """Put them on the pages."""
    register(PanelKind.COMPONENT, of_component)
