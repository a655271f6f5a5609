"""Who decides when work may happen: owners for their cluster, administrators and chairs for the federation."""

from apps.accounts.rules import Capability
from apps.clusters.rules import Standing
from apps.kernel.refusals import NotAllowed


def is_keeper(standing: Standing, *, of_federation: bool) -> bool:
    """Whether they keep the windows and freezes of the cluster they stand in, or of the whole federation."""
    if of_federation:
        return standing.administers or Capability.MANAGE_BOARD in standing.capabilities
    return standing.administers or standing.may_own


def require_keeper(standing: Standing, *, cluster: str, what: str) -> None:
    """Refuse anyone else; `cluster` is its name ("" for the federation), `what` completes "… may …"."""
    if is_keeper(standing, of_federation=not cluster):
        return
    if cluster:
        raise NotAllowed(
            f"Only an owner of {cluster} or an administrator may {what}.",
            next_step="Ask one of the owners named on its page.",
        )
    raise NotAllowed(
        f"Only the chair of a board or an administrator may {what} for the whole federation.",
        next_step="Ask one of them, or choose a cluster that you own.",
    )
