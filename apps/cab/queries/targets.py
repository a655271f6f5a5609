"""Which targets hold where."""

from apps.accounts.models import Person
from apps.cab.models import MetricTarget
from apps.cab.queries.figures import Figure
from apps.cab.queries.programme import Scope


class Targets:
    """The targets a person may know of, found by metric and by whose they are."""

    def __init__(self, targets: list[MetricTarget]) -> None:
        self.all = targets
        self._found = {(one.metric, _slug(one.cluster), _slug(one.board)): one for one in targets}

    def of(self, figure: Figure, scope: Scope) -> MetricTarget | None:
        """The target of exactly this scope: a cluster's for the cluster, the federation's for the whole."""
        if scope.type or scope.category or scope.model or (scope.cluster and scope.board):
            return None
        return self._found.get((figure.metric.name, scope.cluster, scope.board))


def targets_of(person: Person) -> Targets:
    """All targets that this person may know of."""
    rows = MetricTarget.objects.visible_to(person).select_related("cluster", "board__cluster", "owner")
    return Targets(list(rows.order_by("metric", "cluster__name", "board__name")))


def _slug(of: object) -> str:
    return str(getattr(of, "slug", ""))
