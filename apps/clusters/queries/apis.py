"""What catalogues said of APIs, and which components provide and call them."""

from dataclasses import dataclass

from django.db.models import Q

from apps.accounts.models import Person
from apps.clusters.formats.apis import ApiSaid
from apps.clusters.models import ApiDescription, Component
from apps.clusters.queries.map import visible_dependencies
from apps.kernel.refusals import NotFound

PROVIDED_BY, CALLS = "is provided by", "calls"  # kinds of dependency: of an API on its component, of others on the API


@dataclass(frozen=True)
class ApiTie:
    """An API that catalogues say a component provides, or calls."""

    is_provided: bool
    api: Component


def api_said(component: Component) -> ApiSaid | None:
    """What a catalogue said of a component as an API; None of one that is none."""
    kept: ApiDescription | None = getattr(component, "api", None)
    return ApiSaid(kept.type, kept.definition, kept.definition_at, tuple(kept.remotes)) if kept else None


def described_api(component: Component) -> ApiDescription:
    """What a catalogue said of the component; refuses one that none told of as an API."""
    kept = ApiDescription.objects.filter(component=component).first()
    if kept is None:
        raise NotFound(
            f"No catalogue said of {component.name} that it is an API.", next_step="Import one that does, or offer it."
        )
    return kept


def apis_tied_to(component: Component, person: Person, *, limit: int = 50) -> list[ApiTie]:
    """The APIs that catalogues say it provides or calls, as far as the person may know of them, in one query."""
    provided = Q(provider=component, kind=PROVIDED_BY, consumer__api__isnull=False)
    called = Q(consumer=component, kind=CALLS, provider__api__isnull=False)
    ties = [
        ApiTie(edge.provider_id == component.pk, edge.consumer if edge.provider_id == component.pk else edge.provider)
        for edge in visible_dependencies(person).filter(provided | called).order_by("pk")[:limit]
    ]
    return sorted(ties, key=lambda tie: (tie.api.name.lower(), tie.api.pk))
