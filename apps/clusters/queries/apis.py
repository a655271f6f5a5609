"""What catalogues said of APIs, and which components provide and call them."""

from django.db.models import QuerySet
from django.db.models.functions import Left, Length

from apps.accounts.models import Person
from apps.clusters.formats.apis import ApiSaid
from apps.clusters.models import ApiDescription, Component, Dependency
from apps.clusters.queries.map import visible_dependencies
from apps.kernel.refusals import NotFound

MOST_SHOWN = 20_000  # characters of a document on a page; the API gives it whole
PROVIDED_BY, CALLS = "is provided by", "calls"  # kinds of dependency: of an API on its component, of others on the API


def apis_said(rows: QuerySet[ApiDescription]) -> dict[int, ApiSaid]:
    """What catalogues said of components as APIs, by the component's key. Documents are long: ask for few."""
    return {
        one.component_id: ApiSaid(one.type, one.definition, one.definition_at, tuple(one.remotes))
        for one in rows.iterator(chunk_size=200)
    }


def described_api(component: Component) -> ApiDescription:
    """What a catalogue said of the component; refuses one that none told of as an API."""
    kept = ApiDescription.objects.filter(component=component).first()
    if kept is None:
        raise NotFound(
            f"No catalogue said of {component.name} that it is an API.", next_step="Import one that does, or offer it."
        )
    return kept


def api_shown(component: Component) -> ApiDescription | None:
    """What a catalogue said of the component, for its page: with `length` and `beginning` of the document, not all."""
    rows = ApiDescription.objects.filter(component=component).defer("definition")
    return rows.annotate(length=Length("definition"), beginning=Left("definition", MOST_SHOWN)).first()


def provided_apis(component: Component, person: Person) -> QuerySet[Dependency]:
    """That APIs which catalogues describe are provided by the component: the API is the consumer of each."""
    return visible_dependencies(person).filter(provider=component, kind=PROVIDED_BY, consumer__api__isnull=False)


def called_apis(component: Component, person: Person) -> QuerySet[Dependency]:
    """That the component calls APIs which catalogues describe: the API is the provider of each."""
    return visible_dependencies(person).filter(consumer=component, kind=CALLS, provider__api__isnull=False)
