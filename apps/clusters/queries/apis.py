"""What catalogues said of APIs, and which components provide and call them."""

from django.db.models import QuerySet

from apps.accounts.models import Person
from apps.clusters.formats.apis import ApiSaid
from apps.clusters.models import ApiDescription, Component, Dependency
from apps.clusters.queries.map import visible_dependencies
from apps.kernel.refusals import NotFound

PROVIDED_BY, CALLS = "is provided by", "calls"  # kinds of dependency: of an API on its component, of others on the API


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


def provided_apis(component: Component, person: Person) -> QuerySet[Dependency]:
    """That APIs which catalogues describe are provided by the component: the API is the consumer of each."""
    return visible_dependencies(person).filter(provider=component, kind=PROVIDED_BY, consumer__api__isnull=False)


def called_apis(component: Component, person: Person) -> QuerySet[Dependency]:
    """That the component calls APIs which catalogues describe: the API is the provider of each."""
    return visible_dependencies(person).filter(consumer=component, kind=CALLS, provider__api__isnull=False)
