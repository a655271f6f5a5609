"""Declaring and withdrawing dependencies. The consumer's side speaks: it knows what it needs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.accounts.models import Person
from apps.clusters import events, queries, rules
from apps.clusters.actions.clusters import require_conventions, save_checked, save_new
from apps.clusters.actions.loose_ends import tell_tied, tie_held_ends
from apps.clusters.actions.nesting import require_may_nest
from apps.clusters.models import Dependency
from apps.clusters.queries.conventions import DEPENDENCY, plain_subject
from apps.clusters.rules.nesting import is_nesting
from apps.journal import actions as journal
from apps.kernel.refusals import NotFound

FIELDS = ("weight", "data_class", "safeguard")


@transaction.atomic
def declare_dependency(
    *,
    consumer_id: int,
    provider_id: int,
    declarer: Person,
    kind: str = "calls",
    weight: int = 1,
    data_class: str = "",
    safeguard: str = "",
    at: datetime,
) -> Dependency:
    """Declare that the consumer needs the provider; the rest as `describe_dependency` takes it.

    Refuses others than owners of the consumer, ends the declarer may not see, a component needing itself, repeats, and
    parts that would be wholes of their own whole.
    """
    consumer = queries.visible_component(consumer_id, declarer)
    provider = queries.visible_component(provider_id, declarer)
    rules.require_may_edit(queries.standing(declarer, consumer), of=consumer.name)
    require_conventions(plain_subject(DEPENDENCY, kind, cluster_id=consumer.cluster_id), at=at)
    require_may_nest(kind=kind, consumer_id=consumer.pk, provider_id=provider.pk, person=declarer)
    dependency = Dependency(
        consumer=consumer,
        provider=provider,
        kind=kind,
        weight=weight,
        data_class=data_class,
        safeguard=safeguard.strip(),
    )
    save_new(dependency)
    event = events.DependencyDeclared(consumer_id=consumer.pk, provider_id=provider.pk, kind=kind)
    journal.record(event, subject=consumer, actor=declarer, at=at)
    _tie_held(dependency, declarer, at)
    return dependency


@transaction.atomic
def describe_dependency(*, dependency_id: int, editor: Person, changes: Mapping[str, Any], at: datetime) -> Dependency:
    """Say more of a dependency; the same values again change nothing.

    `weight` is how much it counts against the others, 1 to 1,000,000; `data_class` what flows, both ways ("": the
    provider's own, to the consumer); `safeguard` what protects data across a border. Refuses others than owners of the
    consumer.
    """
    dependency = _locked(dependency_id, editor)
    rules.require_may_edit(queries.standing(editor, dependency.consumer), of=dependency.consumer.name)
    changed = tuple(name for name in FIELDS if name in changes and getattr(dependency, name) != changes[name])
    if not changed:
        return dependency
    for name in changed:
        setattr(dependency, name, changes[name])
    save_checked(dependency)
    event = events.DependencyDescribed(dependency_id=dependency.pk, fields=changed)
    journal.record(event, subject=dependency.consumer, actor=editor, at=at)
    return dependency


@transaction.atomic
def withdraw_dependency(*, dependency_id: int, withdrawer: Person, at: datetime) -> None:
    """Take a declared dependency back. Refuses others than owners of the consumer."""
    dependency = _locked(dependency_id, withdrawer)
    consumer = dependency.consumer
    rules.require_may_edit(queries.standing(withdrawer, consumer), of=consumer.name)
    event = events.DependencyWithdrawn(
        consumer_id=consumer.pk, provider_id=dependency.provider_id, kind=dependency.kind
    )
    dependency.delete()
    journal.record(event, subject=consumer, actor=withdrawer, at=at)
    _tie_held(dependency, withdrawer, at)


def _tie_held(changed: Dependency, actor: Person, at: datetime) -> None:
    """A whole and a part that come or go may say, or let in, what stayed loose for the circle it would have closed."""
    if is_nesting(changed.kind):
        tell_tied(tie_held_ends(), actor=actor, at=at)


def _locked(dependency_id: int, person: Person) -> Dependency:
    rows = queries.visible_dependencies(person).select_for_update(of=("self",))
    dependency = rows.filter(pk=dependency_id).first()
    if dependency is None:
        raise NotFound("There is no such dependency.", next_step="It may have been withdrawn: reload the page.")
    return dependency
