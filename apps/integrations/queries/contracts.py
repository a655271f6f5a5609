"""The contract of an integration as its decision would have it: a skeleton, checked before anybody sees it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from apps.clusters.models import Component
from apps.clusters.queries import owning_people
from apps.integrations.checking import official_faults
from apps.integrations.formats import asyncapi, odcs, openapi
from apps.integrations.formats.contract_text import contract_text
from apps.integrations.models import Integration, PatternDecision
from apps.integrations.queries.decisions import current_decision
from apps.integrations.rules.contracts import (
    MEDIA_TYPES,
    STANDARD_WORDS,
    Known,
    Side,
    Standard,
    require_contract,
)
from apps.integrations.rules.gates import Facts
from apps.integrations.rules.patterns import Pattern
from apps.kernel.refusals import WrongState

LONGEST_FILE = 60  # characters of a file's name, before its ending
MOST_OWNERS = 20  # named in one contract
_SKELETONS: Mapping[Standard, Callable[[Known], dict[str, Any]]] = {
    Standard.ASYNCAPI: asyncapi.skeleton,
    Standard.OPENAPI: openapi.skeleton,
    Standard.ODCS: odcs.skeleton,
}


@dataclass(frozen=True)
class Contract:
    """A skeleton as YAML, of the decision with that number. The same decision and names make the same bytes."""

    standard: Standard
    number: int
    name: str  # of its file
    text: str

    @property
    def media_type(self) -> str:
        """As its specification names it."""
        return MEDIA_TYPES[self.standard]

    @property
    def words(self) -> str:
        """Its standard and version."""
        return STANDARD_WORDS[self.standard]

    @property
    def tag(self) -> str:
        """Its strong ETag."""
        return f'"{sha256(self.text.encode()).hexdigest()[:32]}"'


def contract_of(integration: Integration) -> Contract:
    """The skeleton of the contract that its decision in force asks for, in two queries.

    Refuses where no decision is in force, what has no contract, and a skeleton that its specification would not accept
    (an address of a contract that is no URI, for one): that is never shown.
    """
    decision = current_decision(integration)
    standard = require_contract(
        state=decision.state if decision else None,
        chosen=decision.chosen if decision else "",
        kind=integration.interface.kind,
    )
    assert decision is not None  # refused above
    known = _known(integration, decision)
    document = _SKELETONS[standard](known)
    if faults := official_faults(document, standard):
        first = faults[0]
        raise WrongState(
            f"The skeleton is no valid {STANDARD_WORDS[standard]}: {first.path}: {first.sentence}",
            next_step="Correct what the interface or its component says there, then ask again.",
            code="not_official",
        )
    comment = (
        f"A skeleton from decision {decision.number} on integration {integration.pk}: what nobody said is left out."
    )
    name = f"{asyncapi.key_of(integration.interface.name)[:LONGEST_FILE]}.{standard.value}.yaml"
    return Contract(standard, decision.number, name, contract_text(document, comment=comment))


def _known(integration: Integration, decision: PatternDecision) -> Known:
    interface = integration.interface
    owners = owning_people([integration.provider.cluster_id])[:MOST_OWNERS]
    return Known(
        integration_id=integration.pk,
        pattern=Pattern(decision.chosen),
        number=decision.number,
        decided_at=decision.decided_at,
        inputs_sha256=decision.inputs_sha256,
        interface=interface.name,
        kind=interface.kind,
        port=interface.port,
        protocol=interface.protocol,
        is_data_product=interface.is_data_product,
        description=interface.description,
        contract_url=interface.contract_url,
        purpose=integration.purpose,
        provider=_side(integration.provider),
        consumer=_side(integration.consumer),
        owners=tuple((one.handle, one.name) for one in owners),
        facts=Facts.of(decision.facts),
    )


def _side(component: Component) -> Side:
    cluster = component.cluster
    return Side(component.name, component.slug, cluster.name, cluster.slug, component.owner_name)
