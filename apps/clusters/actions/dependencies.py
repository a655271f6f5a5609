"""Declaring and withdrawing dependencies. The consumer's side speaks: it knows what it needs."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import Person
from apps.clusters import events, queries, rules
from apps.clusters.actions.clusters import save_new
from apps.clusters.models import Dependency
from apps.journal import actions as journal
from apps.kernel.refusals import NotFound


@transaction.atomic
def declare_dependency(
    *, consumer_id: int, provider_id: int, declarer: Person, kind: str = "calls", at: datetime
) -> Dependency:
    """Declare that the consumer needs the provider.

    Refuses others than owners of the consumer, ends the declarer may not see, a component needing itself, and repeats.
    """
    consumer = queries.visible_component(consumer_id, declarer)
    provider = queries.visible_component(provider_id, declarer)
    rules.require_may_edit(queries.standing(declarer, consumer), of=consumer.name)
    dependency = Dependency(consumer=consumer, provider=provider, kind=kind)
    save_new(dependency)
    event = events.DependencyDeclared(consumer_id=consumer.pk, provider_id=provider.pk, kind=kind)
    journal.record(event, subject=consumer, actor=declarer, at=at)
    return dependency


@transaction.atomic
def withdraw_dependency(*, dependency_id: int, withdrawer: Person, at: datetime) -> None:
    """Take a declared dependency back. Refuses others than owners of the consumer."""
    dependency = (
        queries.visible_dependencies(withdrawer).select_for_update(of=("self",)).filter(pk=dependency_id).first()
    )
    if dependency is None:
        raise NotFound("There is no such dependency.", next_step="It may have been withdrawn: reload the page.")
    consumer = dependency.consumer
    rules.require_may_edit(queries.standing(withdrawer, consumer), of=consumer.name)
    event = events.DependencyWithdrawn(
        consumer_id=consumer.pk, provider_id=dependency.provider_id, kind=dependency.kind
    )
    dependency.delete()
    journal.record(event, subject=consumer, actor=withdrawer, at=at)
