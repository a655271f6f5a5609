"""The assessment of silos on 10,000 components and 50,000 dependencies, beside the graph library's own counting."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import networkx as nx  # type: ignore[import-untyped]
from django.utils import timezone

from apps.accounts.models import Person, RoleGrant
from apps.accounts.rules import Role
from apps.clusters.models import Cluster
from apps.stakeholders.actions import silo_runs as runs
from apps.stakeholders.queries.silo_facts import facts_now
from apps.stakeholders.queries.silos import weights_now
from apps.stakeholders.rules import silo_pairs
from apps.stakeholders.rules import silos as rules


@dataclass(frozen=True)
class Assessed:
    """Seconds: to read the facts, to judge every pair, to ask for a run, all of the worker's job; and the bare."""

    read: float
    judged: float
    asked: float
    whole: float
    bare: float
    clusters: int
    pairs: int


def took(person: Any) -> Assessed:
    """Assess the map that `map.surround` drew."""
    RoleGrant.objects.get_or_create(person=person, role=Role.BOARD_CHAIR)
    read, facts = _timed(facts_now)
    judged, pairs = _timed(lambda: silo_pairs.assessed(facts, weights_now()))
    bare, _ = _timed(lambda: _mixing(facts))
    assessor = Person.objects.get(pk=person.pk)
    asked, run = _timed(lambda: runs.begin_silo_run(assessor=assessor, at=timezone.now()))
    whole, _ = _timed(lambda: runs.work_off(run_id=run.pk, at=timezone.now()))
    return Assessed(read, judged, asked, whole, bare, Cluster.objects.count(), len(pairs))


def _mixing(facts: rules.Facts) -> Any:
    """How often an edge leads from each cluster to each, by the library."""
    graph = nx.MultiDiGraph()
    graph.add_nodes_from((pk, {"cluster": cluster}) for pk, cluster in facts.home.items())
    graph.add_edges_from((one.consumer, one.provider) for one in facts.edges)
    return nx.attribute_mixing_dict(graph, "cluster")


def _timed(act: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    answer = act()
    return time.perf_counter() - began, answer
