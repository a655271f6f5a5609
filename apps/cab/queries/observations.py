"""Questions about observed drift: which changes might cover it, and what is still to be explained."""

from apps.cab.models import Change, Observation
from apps.cab.rules.observations import Candidate
from apps.cab.states import ChangeState, ObservationState

# Planned to run, running, or done: what is still being decided covers nothing.
_COVERING = (
    ChangeState.SCHEDULED,
    ChangeState.IMPLEMENTING,
    ChangeState.IMPLEMENTED,
    ChangeState.IN_REVIEW,
    ChangeState.CLOSED,
)


def candidates_on(component_id: int) -> list[Candidate]:
    """Changes on the component whose work was allowed or has begun, the latest five hundred."""
    rows = (
        Change.objects.filter(touched__component=component_id, state__in=_COVERING)
        .exclude(observations__opened_change=True)
        .order_by("-number")
        .values_list("pk", "window_start_at", "window_end_at", "started_at", "implemented_at")[:500]
    )
    return [Candidate(*row) for row in rows]


def unexplained_on(component_id: int) -> int | None:
    """The id of the change that was opened for drift on the component and waits to be explained."""
    rows = Observation.objects.filter(component=component_id, state=ObservationState.OPEN).order_by("-pk")
    return rows.values_list("change_id", flat=True).first()
