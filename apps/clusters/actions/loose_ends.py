"""Loose ends: dependencies whose end came, and those that nobody waits for any more."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.clusters import events, queries, rules
from apps.clusters.actions.nesting import circles_of, take_turn
from apps.clusters.models import Component, Dependency, LooseEnd, Visibility
from apps.clusters.queries.nesting import names_for_all
from apps.clusters.queries.steps import EDGE_FIELDS
from apps.clusters.rules.nesting import circle_sentence, is_nesting, nested, shown
from apps.journal import actions as journal
from apps.kernel.refusals import NotFound

_AT_ONCE = 5_000  # names of one question


@transaction.atomic
def tie_loose_ends(*, arrived: Iterable[Component]) -> list[Dependency]:
    """Make dependencies of the loose ends that these new components complete; returns those.

    An end that two components could be stays loose; so does one that only a restricted cluster of others could be:
    nobody learns from a loose end what is in there.
    """
    names = sorted({component.slug for component in arrived})
    tied: list[Dependency] = []
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        tied += _tied(Q(provider=None, provider_name__in=some) | Q(consumer=None, consumer_name__in=some))
    return tied


@transaction.atomic
def tie_held_ends() -> list[Dependency]:
    """The same of those that stayed loose as they would have closed a circle: after one was opened, or told by hand."""
    return _tied(~Q(note=""))


def tell_tied(edges: Iterable[Dependency], *, actor: Person | None, at: datetime) -> None:
    """Journal that these dependencies, loose ends before, are declared from now on."""
    for edge in edges:
        event = events.DependencyDeclared(consumer_id=edge.consumer_id, provider_id=edge.provider_id, kind=edge.kind)
        journal.record(event, subject=edge.consumer, actor=actor, at=at)


def _tied(which: Q) -> list[Dependency]:
    if any(is_nesting(kind) for kind in LooseEnd.objects.filter(which).values_list("kind", flat=True).distinct()):
        take_turn()
    rows = LooseEnd.objects.select_for_update(of=("self",)).filter(which).order_by("pk")
    waiting = list(rows.select_related("consumer__cluster", "provider__cluster"))
    named = {name for one in waiting for name in (one.consumer_name, one.provider_name)}
    fitting: dict[str, list[Component]] = {name: [] for name in named}
    for component in Component.objects.filter(slug__in=named).select_related("cluster"):
        fitting[component.slug].append(component)
    whole: list[LooseEnd] = []
    for one in waiting:
        one.consumer = one.consumer or _only(fitting[one.consumer_name], one.consumer_cluster, beside=one.provider)
        one.provider = one.provider or _only(fitting[one.provider_name], one.provider_cluster, beside=one.consumer)
        if one.consumer and one.provider:
            whole.append(one)
        elif known := one.consumer or one.provider:
            one.cluster = known.cluster
            one.save(update_fields=["consumer", "provider", "cluster"])
    held = _hold_circles(whole)
    LooseEnd.objects.filter(pk__in=[one.pk for one in whole if one.pk not in held]).delete()
    edges = [
        Dependency(
            consumer=one.consumer,
            provider=one.provider,
            kind=one.kind,
            source=one.source,
            **{name: getattr(one, name) for name in EDGE_FIELDS},
        )
        for one in whole
        if one.pk not in held and one.consumer != one.provider
    ]
    had = set(
        Dependency.objects.filter(consumer__in=[edge.consumer for edge in edges]).values_list(
            "consumer_id", "provider_id", "kind"
        )
    )
    new = {(edge.consumer_id, edge.provider_id, edge.kind): edge for edge in edges}
    return Dependency.objects.bulk_create([edge for key, edge in new.items() if key not in had], batch_size=1000)


def _hold_circles(whole: list[LooseEnd]) -> set[int]:
    """Those that stay loose, with a note why: as dependencies they would make something a part of itself."""
    nests = [
        (one, pair)
        for one in whole
        if one.consumer != one.provider and (pair := nested(one.kind, one.consumer_id or 0, one.provider_id or 0))
    ]
    ways = circles_of([pair for _, pair in nests])
    names = names_for_all({key for way in ways.values() for key in shown(way)})
    for place, way in ways.items():
        LooseEnd.objects.filter(pk=nests[place][0].pk).update(note=circle_sentence(way, names.__getitem__))
    return {nests[place][0].pk for place in ways}


def _only(found: list[Component], cluster: str, *, beside: Component | None) -> Component | None:
    """The one component that an end can mean; None where there is none, or several."""
    able = [
        one
        for one in found
        if (not cluster or one.cluster.slug.lower() == cluster.lower())
        and (one.cluster.visibility == Visibility.OPEN or (beside and beside.cluster_id == one.cluster_id))
    ]
    return able[0] if len(able) == 1 else None


@transaction.atomic
def drop_loose_end(*, loose_end_id: int, person: Person, at: datetime) -> None:
    """Forget a loose end: what it names will not come. For who owns the known end, and for who may import."""
    rows = LooseEnd.objects.visible_to(person).select_for_update(of=("self",))
    found = rows.select_related("consumer__cluster", "provider__cluster").filter(pk=loose_end_id).first()
    if found is None:
        raise NotFound("There is no such loose end.", next_step="It may have become a dependency: reload the page.")
    known = found.consumer or found.provider
    if not person.may(Capability.IMPORT):
        assert known is not None  # others do not see what belongs to no cluster
        rules.require_may_edit(queries.standing(person, known), of=known.name)
    event = events.LooseEndDropped(loose_end_id=found.pk, source=found.source)
    journal.record(event, subject=found, actor=person, at=at)
    found.delete()
