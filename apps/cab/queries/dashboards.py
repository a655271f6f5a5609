"""Who may read which dashboard."""

from apps.accounts.models import Person
from apps.cab.models import Dashboard
from apps.cab.queries.named import boards_visible_to
from apps.clusters.models import Cluster
from apps.kernel.refusals import NotFound


def require_readable(dashboard: Dashboard, person: Person) -> None:
    """Refuse, also by a link, a dashboard that looks at a cluster or a board which this person may not know of."""
    clusters = Cluster.objects.visible_to(person).filter(slug=dashboard.cluster_slug)
    board = dashboard.board
    hidden = (dashboard.cluster_slug and not clusters.exists()) or (
        board is not None and board.cluster_id and not boards_visible_to(person).filter(pk=board.pk).exists()
    )
    if hidden:
        raise NotFound(
            "This dashboard looks at something that you may not see.", next_step="Ask who sent it, or make your own."
        )
