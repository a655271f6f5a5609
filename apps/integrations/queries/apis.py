"""APIs that catalogues told of, beside the interfaces that are offered of them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from apps.accounts.models import Person
from apps.clusters.formats.yaml_documents import documents
from apps.clusters.models import ApiDescription, Dependency
from apps.clusters.queries.apis import PROVIDED_BY
from apps.integrations.models import Interface
from apps.integrations.queries import Line
from apps.integrations.rules.needs import LONGEST_ADDRESS, LONGEST_NAME
from apps.integrations.rules.offered import proposed
from apps.kernel.refusals import Refusal


@dataclass(frozen=True)
class KnownApi:
    """An API that a catalogue says a component provides or calls, and the interface of that name, where one is."""

    pk: int  # of the component that the API is
    name: str
    is_provided: bool
    interface: Interface | None


def apis_among(lines: Iterable[Line], person: Person) -> list[KnownApi]:
    """The APIs among what is told of a component; of each the interface so called that it, or its provider, offers."""
    told = [line for line in lines if line.side in {"provides", "calls"}]
    if not told:
        return []
    apis = [line.pk for line in told]
    of_component: dict[int, set[int]] = defaultdict(set)  # component → the APIs that its interfaces may be
    provided = Dependency.objects.filter(consumer__in=apis, kind=PROVIDED_BY).values_list("consumer_id", "provider_id")
    for api, component in (*zip(apis, apis, strict=True), *provided):
        of_component[component].add(api)
    offered = Interface.objects.visible_to(person).filter(component__in=of_component).order_by("-pk")
    named = {(api, one.name.lower()): one for one in offered for api in of_component[one.component_id]}
    return [
        KnownApi(line.pk, line.component, line.side == "provides", named.get((line.pk, line.component.lower())))
        for line in told
    ]


def proposal(description: ApiDescription) -> dict[str, Any]:
    """What the form of an interface begins with where a catalogue described it as an API."""
    api, at = description.component, description.definition_at
    said = {"name": api.name[:LONGEST_NAME], "description": api.description, "contract_url": ""}
    if at.startswith("https://") and len(at) <= LONGEST_ADDRESS:
        said["contract_url"] = at
    return said | proposed(description.type, _content(description.definition))


def _content(definition: str) -> Any:
    try:
        found = documents(definition.encode())
    except Refusal:
        return None
    return found[0].content if found else None
