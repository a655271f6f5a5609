"""What checks of the map found on what a change touches: evidence for who decides it."""

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q
from django.db.models.functions import JSONObject

from apps.cab.models import ChangeComponent
from apps.cab.states import ChangeState
from apps.clusters.models import Cluster, Finding, Severity
from apps.clusters.states import FindingState

SHOWN = 12  # the list behind the link has them all
OVER = frozenset({ChangeState.CLOSED, ChangeState.CANCELLED, ChangeState.REJECTED})


def findings_touched_by(person: Any, *, reads_restricted: bool) -> ArraySubquery:
    """To annotate changes with the open findings on their components, and on their cluster as a whole, worst first.

    `person` is an id, or the place in a prepared question where it will stand.
    """
    touched = ChangeComponent.objects.filter(change=OuterRef(OuterRef("pk"))).values("component")
    rows = Finding.objects.filter(
        Q(component__in=touched) | Q(component__isnull=True, cluster=OuterRef("cluster_id")), state=FindingState.OPEN
    )
    if not reads_restricted:
        seen = Cluster.objects.open_or_held_by(person).values("pk")
        rows = rows.filter(Q(counterpart__isnull=True) | Q(counterpart__in=seen), cluster__in=seen)
    return ArraySubquery(
        rows.order_by("-severity", "-pk").values(
            one=JSONObject(
                id="pk", severity="severity", sentence="sentence", cluster="cluster__name", component="component__name"
            )
        )[: SHOWN + 1]
    )


def shown_findings(change: Any) -> Sequence[dict[str, Any]]:
    """The first of those a change was annotated with as `listed_findings`, each with its severity in words.

    Of a change that is over, none: what is wrong on the map since then is no evidence about it.
    """
    if change.state in OVER:
        return []
    return [one | {"word": Severity(one["severity"]).label} for one in change.listed_findings[:SHOWN]]
