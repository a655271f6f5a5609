"""The decision aid over 10,000 integrations, beside bare numpy; and reopening their decisions, beside one statement."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.utils import timezone
from guardian.shortcuts import assign_perm

from apps.accounts.models import Person, RoleGrant
from apps.accounts.rules import Role
from apps.clusters.models import Component
from apps.integrations.actions.interfaces import describe_interface
from apps.integrations.models import Integration, Interface, PatternDecision
from apps.integrations.queries.decisions import facts_of, judged
from apps.integrations.rules.deciding import Advice, advice, kept, points_of
from apps.integrations.rules.gates import Facts
from apps.integrations.rules.patterns import PROFILES, Pattern
from apps.integrations.rules.ranking import SWING, shifted
from apps.integrations.rules.weighing import USUAL, Criterion, weighed
from apps.integrations.states import DecisionState
from apps.journal.models import Delivery, Entry

INTEGRATIONS, TURNS, SEED = 10_000, 3, 7
AIM_ADVICE_MS = 5.0  # one advice: what a page may spend on it
AIM_REOPEN = 15.0  # times one statement of SQL that writes the same rows
AIM_REOPEN_S = 20.0  # the edit of an offer with 10,000 users


@dataclass(frozen=True)
class Ranked:
    """Seconds for all of them: gates, ranking and how far each weight could move; beside ranking alone by numpy."""

    ours: float
    processor: float  # of ours
    bare: float
    check: float  # the check of patterns over the users of both interfaces: gates alone, read from the database
    close: int  # calls
    number: int


@dataclass(frozen=True)
class Reopened:
    """Seconds of the edit of an interface with so many decided users, and of one statement that writes the same."""

    ours: float
    processor: float  # of ours
    bare: float
    queries: int
    number: int


def surround() -> tuple[Interface, Interface]:
    """Two interfaces, each used by `INTEGRATIONS` components of the map that `map.surround` drew."""
    keeper = Person.objects.order_by("pk")[0]
    ids = list(Component.objects.order_by("pk").values_list("pk", flat=True)[: INTEGRATIONS + 2])
    now, chance = timezone.now(), random.Random(SEED)
    made = [
        Interface.objects.create(
            component_id=pk, name="Orders", kind="http", port=80, protocol="http", latency_ms=40,
            availability_percent=99.9, offered_by=keeper, offered_at=now,
        )
        for pk in ids[:2]
    ]  # fmt: skip
    needs = [_needs(chance) | {"declared_by": keeper, "declared_at": now} for _ in range(INTEGRATIONS)]
    for interface in made:
        Integration.objects.bulk_create(
            (
                Integration(consumer_id=pk, interface=interface, purpose="Measured.", **said)
                for pk, said in zip(ids[2:], needs, strict=False)
            ),
            batch_size=2_000,
        )
    return made[0], made[1]


def _needs(chance: random.Random) -> dict[str, Any]:
    """Needs as they occur: half of them wait for an answer; at least one pattern fits."""
    waits = chance.random() < 0.5
    freshness = chance.choice((60, 300, 3_600, 86_400))
    return {
        "direction": "reads",
        "latency_ms": chance.randint(100, 2_000) if waits else None,
        "freshness_s": freshness,
        "rate_per_s": round(10 ** chance.uniform(-2, 3), 3),
        "consistency": chance.choice(("eventual", "causal")),
        "ordering": chance.choice(("none", "key")),
        "replay_days": chance.choice((0, 0, 7, 30)),
        "payload_kb": chance.choice((1, 4, 64)),
        "availability_percent": chance.choice((None, 99.0, 99.5)),
        "survives_s": chance.choice((0, 0, 60, 3_600)),
        "coupling": chance.choice(("loose", "moderate")),
        "data_class": chance.choice(("public", "internal")),
    }


def ranked(interface: Interface) -> tuple[Ranked, list[Advice]]:
    """The advice on every integration of the interface; the winners must be those that numpy finds."""
    weighing = weighed("usual")
    facts = [facts_of(one) for one in interface.integrations.select_related("interface").order_by("pk")]
    began = time.process_time()
    ours, found = _timed(lambda: [advice(one, weighing) for one in facts])
    processor = time.process_time() - began
    rows = _points(found)
    bare, firsts = _timed(lambda: _bare_ranking(rows))
    names = sorted(one.value for one in Pattern)
    assert [names[place] for place in firsts] == [one.places[0].pattern.value for one in found]
    check, _ = _timed(judged)
    return Ranked(ours, processor, bare, check, sum(one.is_close for one in found), len(found)), found


def _points(found: Sequence[Advice]) -> Any:
    """Integrations by patterns (by name) by criteria; what does not fit has no points (NaN)."""
    names = sorted(one.value for one in Pattern)
    rows = np.full((len(found), len(names), len(Criterion)), np.nan)
    for number, one in enumerate(found):
        for place in one.places:
            points = points_of(one.facts, PROFILES[place.pattern])
            rows[number, names.index(place.pattern.value)] = [points[name] for name in Criterion]
    return rows


def _bare_ranking(rows: Any) -> list[int]:
    """TOPSIS with the usual weights, and with each a fifth less and more, by arrays; the places of those that win."""
    base = [USUAL[one] for one in Criterion]
    weights = [
        base,
        *(shifted(base, place, one * by) for place, one in enumerate(base) for by in (1 - SWING, 1 + SWING)),
    ]
    norms = np.sqrt(np.nansum(rows**2, axis=1, keepdims=True))
    scaled = rows / np.where(norms == 0, 1, norms)
    high, low = np.nanmax(scaled, axis=1, keepdims=True), np.nanmin(scaled, axis=1, keepdims=True)
    is_benefit = np.array([one != Criterion.COST for one in Criterion])
    good, bad = (scaled - np.where(is_benefit, high, low)) ** 2, (scaled - np.where(is_benefit, low, high)) ** 2
    firsts = []
    for one in weights:
        squares = np.array(one) ** 2
        near, far = np.sqrt(good @ squares), np.sqrt(bad @ squares)
        whole = near + far
        closeness = np.where(whole > 0, far / np.where(whole > 0, whole, 1), np.where(np.isnan(whole), np.nan, 1.0))
        firsts.append(np.nanargmax(np.round(closeness, 12), axis=1))
    return [int(one) for one in firsts[0]]


def reopened(pair: tuple[Interface, Interface], found: Sequence[Advice]) -> Reopened:
    """The edit of what the first offers, and a statement that does the same for the second, in turn."""
    editor = Person.objects.order_by("pk")[0]
    RoleGrant.objects.get_or_create(person=editor, role=Role.CLUSTER_OWNER)
    assign_perm("own_cluster", editor, pair[0].component.cluster)
    taken, queries = list[tuple[float, float, float]](), 0
    for turn in range(TURNS):
        _decide(pair, found, editor)
        latency, before = 50 + turn, Entry.objects.count()
        counted, began = _Counted(), time.process_time()
        with connection.execute_wrapper(counted):
            ours, _ = _timed(lambda latency=latency: _edit(pair[0], editor, latency))
        processor, queries = time.process_time() - began, counted.number
        told = Entry.objects.filter(event="integrations.PatternReopened").order_by("-pk")[:1].get()
        hearing = list(Delivery.objects.filter(entry=told).order_by("subscriber").values_list("subscriber", flat=True))
        assert Entry.objects.count() == before + len(found) + 1  # and that the interface was edited
        bare, _ = _timed(lambda latency=latency, hearing=hearing: _bare_reopening(pair[1], editor, latency, hearing))
        left = PatternDecision.objects.filter(state=DecisionState.REOPENED).values_list("integration__interface")
        assert sorted(left).count((pair[0].pk,)) == sorted(left).count((pair[1].pk,)) == len(found)
        taken.append((ours, processor, bare))
    halves = [median(column) for column in zip(*taken, strict=True)]
    return Reopened(halves[0], halves[1], halves[2], queries, len(found))


def _decide(pair: tuple[Interface, Interface], found: Sequence[Advice], decider: Person) -> None:
    """A decision on every integration of both, on what the interfaces offer now."""
    PatternDecision.objects.all().delete()
    now = timezone.now()
    for interface in pair:
        interface.refresh_from_db()
        keys = interface.integrations.order_by("pk").values_list("pk", flat=True)
        said = [kept(replace(one, facts=_offered(one.facts, interface))) for one in found]
        PatternDecision.objects.bulk_create(
            (
                PatternDecision(
                    integration_id=pk, number=1, chosen=one["recommended"], reasons="Measured.", decided_by=decider,
                    decided_at=now, **one,
                )
                for pk, one in zip(keys, said, strict=True)
            ),
            batch_size=2_000,
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _offered(facts: Facts, interface: Interface) -> Facts:
    return replace(facts, offered_latency_ms=interface.latency_ms)


def _edit(interface: Interface, editor: Person, latency: int) -> None:
    describe_interface(
        interface_id=interface.pk,
        editor=editor,
        version=interface.version,
        changes={"latency_ms": latency},
        at=timezone.now(),
    )


class _Counted:
    """Counts statements, keeping none of them."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        self.number += 1
        return execute(sql, params, many, context)


REOPEN = """
WITH reopened AS (
    UPDATE integrations_patterndecision d SET state = 'reopened', reopened_at = %(at)s
    FROM integrations_integration i
    WHERE d.integration_id = i.id AND i.interface_id = %(interface)s AND d.state = 'decided'
        AND d.facts->>'offered_latency_ms' IS DISTINCT FROM %(latency)s
    RETURNING d.id, d.number, d.facts->>'offered_latency_ms' AS was, i.id AS integration, i.consumer_id
), said AS (
    SELECT r.integration, left(c.name || ' with ' || %(name)s, 300) AS label, c.cluster_id, jsonb_build_object(
        'integration_id', r.integration, 'decision_id', r.id, 'number', r.number,
        'before', jsonb_build_object('offered_latency_ms', r.was || ' ms'),
        'after', jsonb_build_object('offered_latency_ms', %(latency)s || ' ms')) AS data
    FROM reopened r JOIN clusters_component c ON c.id = r.consumer_id
), entries AS (
    INSERT INTO journal_entry (event, at, recorded_at, actor_id, subject_type, subject_id, subject_label, cluster_id,
        data, digest)
    SELECT 'integrations.PatternReopened', %(at)s, %(at)s, %(actor)s, 'integrations.integration', integration, label,
        cluster_id, data, encode(sha256(convert_to(integration || label || data::text, 'UTF8')), 'hex') FROM said
    RETURNING id
)
INSERT INTO journal_delivery (entry_id, subscriber, state, attempts, next_attempt_at, last_error)
SELECT e.id, s.name, 'waiting', 0, %(at)s, '' FROM entries e CROSS JOIN unnest(%(hearing)s::text[]) AS s(name)
"""


@transaction.atomic
def _bare_reopening(interface: Interface, editor: Person, latency: int, hearing: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_interface SET latency_ms = %s WHERE id = %s", [latency, interface.pk])
        said = {"latency": str(latency), "interface": interface.pk, "name": interface.name, "actor": editor.pk}
        cursor.execute(REOPEN, {**said, "at": timezone.now(), "hearing": hearing})


def _timed(act: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    answer = act()
    return time.perf_counter() - began, answer
