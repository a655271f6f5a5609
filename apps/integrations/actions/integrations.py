"""Declaring integrations, and keeping the dependency on the map in step with them. The consumer's side speaks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.accounts.models import Person
from apps.clusters import actions as map_actions
from apps.clusters.actions.clusters import redescribe, require_version, save_new
from apps.clusters.models import Component, DataClass, Dependency
from apps.clusters.models.catalogue import MOST_WEIGHT
from apps.clusters.queries import standing, visible_component
from apps.clusters.rules import require_may_edit
from apps.integrations import events
from apps.integrations.actions.decisions import locked_integration, reopen_changed
from apps.integrations.models import Integration, Interface
from apps.integrations.rules import needs as rules
from apps.integrations.rules.words import DEPENDENCY_KINDS, Kind
from apps.journal import actions as journal

NEEDS = (
    *("direction", "latency_ms", "freshness_s", "rate_per_s", "consistency", "ordering", "replay_days"),
    *("payload_kb", "availability_percent", "survives_s", "coupling", "data_class"),
)
FIELDS = ("purpose", *NEEDS)


@transaction.atomic
def declare_integration(
    *, consumer_id: int, interface: Interface, declarer: Person, values: Mapping[str, Any], at: datetime
) -> Integration:
    """Declare that a component uses an interface of another, and the dependency on the map with it.

    `values` holds the FIELDS; what it leaves out is as the table has it. Refuses others than owners of the consumer,
    a second one with the same interface, a component's own interface, and needs that contradict each other.
    """
    consumer = visible_component(consumer_id, declarer)
    require_may_edit(standing(declarer, consumer), of=consumer.name)
    Component.objects.select_for_update().get(pk=consumer.pk)  # what one component declares takes turns
    integration = Integration(
        consumer=consumer, interface=interface, declared_by=declarer, declared_at=at, **_purposed(values)
    )
    rules.checked_needs({name: getattr(integration, name) for name in NEEDS}, kind=interface.kind)
    save_new(integration)
    _keep_on_map(integration, declarer, at)
    event = events.IntegrationDeclared(
        integration_id=integration.pk,
        consumer_id=consumer.pk,
        interface_id=interface.pk,
        provider_id=interface.component_id,
    )
    journal.record(event, subject=integration, actor=declarer, at=at)
    return integration


@transaction.atomic
def describe_integration(
    *, integration_id: int, editor: Person, version: int, changes: Mapping[str, Any], at: datetime
) -> Integration:
    """Change some of the FIELDS; the same values again change nothing. Refuses a version no longer in force."""
    integration = locked(integration_id, editor)
    require_version(version, integration.version)
    before = {name: getattr(integration, name) for name in FIELDS}
    said = _purposed(changes)
    rules.checked_needs({**{name: before[name] for name in NEEDS}, **said}, kind=integration.interface.kind)
    changed = redescribe(integration, said, allowed=FIELDS)
    if changed:
        _keep_on_map(integration, editor, at)
        event = events.IntegrationDescribed(
            integration_id=integration.pk,
            version=integration.version,
            fields=changed,
            before={name: _text(before[name]) for name in changed},
            after={name: _text(getattr(integration, name)) for name in changed},
        )
        journal.record(event, subject=integration, actor=editor, at=at)
        reopen_changed([integration], actor=editor, at=at)
    return integration


@transaction.atomic
def withdraw_integration(*, integration_id: int, withdrawer: Person, reason: str, at: datetime) -> None:
    """Take an integration back, and its dependency where it was the last of it. Needs a reason."""
    integration = locked(integration_id, withdrawer)
    said = rules.require_text(reason, field="reason", what="Say why it goes")
    event = events.IntegrationWithdrawn(
        integration_id=integration.pk,
        consumer_id=integration.consumer_id,
        interface_id=integration.interface_id,
        provider_id=integration.interface.component_id,
        reason=said,
    )
    consumer = integration.consumer
    integration.delete()
    _keep_on_map(integration, withdrawer, at)
    journal.record(event, subject=consumer, actor=withdrawer, at=at)


def _keep_on_map(integration: Integration, person: Person, at: datetime) -> None:
    """The dependency that this integration is, after what all integrations of both components say together.

    Its weight is the sum of their rates a second, at least 1; its data class the strictest of theirs.
    """
    provider_id, kind = integration.interface.component_id, DEPENDENCY_KINDS[Kind(integration.interface.kind)]
    consumer_id = integration.consumer_id
    alike = [one.value for one in Kind if DEPENDENCY_KINDS[one] == kind]
    said = list(
        Integration.objects.filter(
            consumer_id=consumer_id,
            interface__component_id=provider_id,
            interface__kind__in=alike,
        ).values_list("rate_per_s", "data_class")
    )
    dependency = Dependency.objects.filter(consumer_id=consumer_id, provider_id=provider_id, kind=kind).first()
    if not said:
        if dependency:
            map_actions.withdraw_dependency(dependency_id=dependency.pk, withdrawer=person, at=at)
        return
    weight = min(max(1, round(sum(rate for rate, _ in said))), MOST_WEIGHT)
    data_class = rules.strictest([one for _, one in said], DataClass.values)
    if dependency:
        changes = {"weight": weight, "data_class": data_class}
        map_actions.describe_dependency(dependency_id=dependency.pk, editor=person, changes=changes, at=at)
        return
    map_actions.declare_dependency(
        consumer_id=consumer_id,
        provider_id=provider_id,
        declarer=person,
        kind=kind,
        weight=weight,
        data_class=data_class,
        at=at,
    )


def _purposed(values: Mapping[str, Any]) -> dict[str, Any]:
    said = dict(values)
    if "purpose" in said:
        said["purpose"] = rules.require_text(said["purpose"], field="purpose", what="Say what it is for")
    return said


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.10g}"
    return "" if value is None else str(value)


def locked(integration_id: int, person: Person) -> Integration:
    """The integration, held until the transaction ends; refuses others than owners of the consumer."""
    found = locked_integration(integration_id, person)
    require_may_edit(standing(person, found.consumer), of=found.consumer.name)
    return found
