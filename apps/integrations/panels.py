"""What pages of components show of integrations."""

from apps.accounts.models import Person
from apps.clusters.models import Component
from apps.clusters.panels import Panel, PanelKind, register
from apps.integrations.queries import lines_of
from apps.integrations.queries.apis import apis_among


def of_component(component: Component, person: Person) -> Panel | None:
    """What it offers, who uses that, and what it uses of others."""
    lines = lines_of(component, person)
    sides = {side: [line for line in lines if line.side == side] for side in ("offers", "uses", "used")}
    return Panel("integrations/_component.html", {"component": component, "apis": apis_among(lines, person), **sides})


def register_panels() -> None:
    """Put them on the pages."""
    register(PanelKind.COMPONENT, of_component)
