"""What the exported lists of the board's area hold, column by column."""

from operator import attrgetter

from apps.cab.models import Change, Conflict, FreezeException
from apps.clusters.web.exports import Table
from apps.windows.models import Freeze


def _cluster(change: Change) -> str:
    return change.cluster.name


CHANGES = Table(
    "changes",
    {
        "reference": attrgetter("reference"),
        "title": attrgetter("title"),
        "type": attrgetter("type"),
        "state": attrgetter("state"),
        "outcome": attrgetter("outcome"),
        "on_hold": attrgetter("on_hold"),
        "risk": attrgetter("risk"),
        "cluster": _cluster,
        "requester": attrgetter("requester.handle"),
        "window_start": attrgetter("window_start_at"),
        "window_end": attrgetter("window_end_at"),
        "deadline": attrgetter("deadline_at"),
        "submitted": attrgetter("submitted_at"),
        "decided": attrgetter("decided_at"),
        "implemented": attrgetter("implemented_at"),
    },
)


def _other(conflict: Conflict) -> str:
    return conflict.other.reference if conflict.other else ""


def _accepted_by(conflict: Conflict) -> str:
    return conflict.accepted_by.handle if conflict.accepted_by else ""


CONFLICTS = Table(
    "conflicts",
    {
        "change": attrgetter("change.reference"),
        "title": attrgetter("change.title"),
        "cluster": lambda one: _cluster(one.change),
        "other": _other,
        "kind": attrgetter("kind"),
        "state": attrgetter("state"),
        "stops": attrgetter("is_stopping"),
        "sentence": attrgetter("sentence"),
        "found": attrgetter("found_at"),
        "accepted_by": _accepted_by,
        "accepted": attrgetter("accepted_at"),
        "reason": attrgetter("accepted_reason"),
        "resolved": attrgetter("resolved_at"),
    },
)

BOARDS = Table(
    "boards",
    {
        "name": attrgetter("name"),
        "kind": attrgetter("kind"),
        "cluster": lambda one: one.cluster.name if one.cluster else "",
        "seats": attrgetter("filled"),
        "open_rounds": attrgetter("open_rounds"),
        "quorum_count": attrgetter("quorum_count"),
        "quorum_share": attrgetter("quorum_share"),
        "quorum_roles": lambda one: ", ".join(one.quorum_roles),
        "majority": attrgetter("majority"),
        "decision_hours": attrgetter("decision_hours"),
    },
)


def _holds_for(freeze: Freeze) -> str:
    known = getattr(freeze, "known", [])  # the clusters that the viewer may know of
    return ", ".join(sorted(one.name for one in known)) or "the whole federation"


FREEZES = Table(
    "freezes",
    {
        "name": attrgetter("name"),
        "state": attrgetter("state"),
        "strength": attrgetter("strength"),
        "holds_for": _holds_for,
        "start": attrgetter("start_at"),
        "end": attrgetter("end_at"),
        "zone": attrgetter("zone"),
        "reason": attrgetter("reason"),
        "enforced": attrgetter("enforced_at"),
        "lifted": attrgetter("lifted_at"),
    },
)


def _decided_by(exception: FreezeException) -> str:
    return exception.decided_by.handle if exception.decided_by else ""


EXCEPTIONS = Table(
    "freeze-exceptions",
    {
        "change": attrgetter("change.reference"),
        "title": attrgetter("change.title"),
        "freeze": attrgetter("freeze.name"),
        "state": attrgetter("state"),
        "reason": attrgetter("reason"),
        "requested_by": attrgetter("requested_by.handle"),
        "requested": attrgetter("requested_at"),
        "decide_by": attrgetter("decide_by"),
        "decided_by": _decided_by,
        "decided": attrgetter("decided_at"),
        "decision_reason": attrgetter("decision_reason"),
    },
)
