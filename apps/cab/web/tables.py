"""What the exported lists of the board's area hold, column by column."""

from operator import attrgetter
from typing import Any

from apps.cab.models import Change, Conflict, ReviewCheck
from apps.kernel.exports import Table
from apps.windows.models import Freeze


def handle(person: Any) -> str:
    """The handle of whoever did it; empty where nobody did."""
    return person.handle if person else ""


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
        "cost": attrgetter("cost_amount"),
        "cost_currency": attrgetter("cost_currency"),
        "cost_converted": lambda one: one.estimate.converted if one.estimate else None,
        "cost_converted_into": attrgetter("cost_into"),
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
        "accepted_by": lambda one: handle(one.accepted_by),
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
        "decided_by": lambda one: handle(one.decided_by),
        "decided": attrgetter("decided_at"),
        "decision_reason": attrgetter("decision_reason"),
    },
)


def _change_seen(one: Any) -> str:
    return one.change.reference if one.is_change_seen else ""


OBSERVATIONS = Table(
    "observed-drift",
    {
        "summary": attrgetter("summary"),
        "state": attrgetter("state"),
        "component": lambda one: f"{one.component.cluster.slug}/{one.component.slug}",
        "source": attrgetter("source"),
        "external_id": attrgetter("external_id"),
        "found_by": attrgetter("found_by"),
        "observed": attrgetter("observed_at"),
        "reported_by": attrgetter("reported_by.handle"),
        "reported": attrgetter("reported_at"),
        "change": _change_seen,
        "opened_change": attrgetter("opened_change"),
        "resolved_by": lambda one: handle(one.resolved_by),
        "resolved": attrgetter("resolved_at"),
        "resolution": attrgetter("resolution"),
    },
)


def _component(check: ReviewCheck) -> str:
    return f"{check.component.cluster.slug}/{check.component.slug}" if check.component else ""


CHECKS = Table(
    "checks",
    {
        "question": attrgetter("question"),
        "state": attrgetter("state"),
        "cluster": lambda one: one.cluster.name if one.cluster else "",
        "type": attrgetter("type"),
        "component": _component,
        "component_kind": attrgetter("component_kind"),
        "hits": attrgetter("hit_count"),
        "added_by": attrgetter("added_by.handle"),
        "added": attrgetter("added_at"),
        "retired_by": lambda one: handle(one.retired_by),
        "retired": attrgetter("retired_at"),
        "retired_because": attrgetter("retired_because"),
    },
)

PROPOSALS = Table(
    "standard-proposals",
    {
        "standard": attrgetter("standard"),
        "state": attrgetter("state"),
        "text": attrgetter("text"),
        "owner": attrgetter("owner.handle"),
        "due": attrgetter("due_on"),
        "change": attrgetter("change.reference"),
        "proposed_by": attrgetter("proposed_by.handle"),
        "proposed": attrgetter("proposed_at"),
        "closed": attrgetter("closed_at"),
        "note": attrgetter("note"),
    },
)

TEMPLATES = Table(
    "templates",
    {
        "name": attrgetter("name"),
        "state": attrgetter("state"),
        "cluster": attrgetter("cluster.name"),
        "owner": attrgetter("owner.handle"),
        "version": lambda one: one.in_force.number if one.in_force else "",
        "published_by": lambda one: handle(one.published_by),
        "published": attrgetter("published_at"),
    },
)

SUGGESTIONS = Table(
    "suggested-templates",
    {
        "change": attrgetter("change.reference"),
        "title": attrgetter("change.title"),
        "cluster": attrgetter("change.cluster.name"),
        "changes": attrgetter("record.finished"),
        "failed": attrgetter("record.failed"),
        "succeeds_at_least": attrgetter("record.at_least"),
    },
)

IMPORTS = Table(
    "imports",
    {
        "file": attrgetter("file_name"),
        "source": attrgetter("source"),
        "state": attrgetter("state"),
        "is_dry": attrgetter("is_dry"),
        "rows": attrgetter("total_rows"),
        "created": attrgetter("created_rows"),
        "updated": attrgetter("updated_rows"),
        "unchanged": attrgetter("unchanged_rows"),
        "rejected": attrgetter("rejected_rows"),
        "failure": attrgetter("failure"),
        "started_by": lambda one: handle(one.started_by),
        "started": attrgetter("started_at"),
        "finished": attrgetter("finished_at"),
    },
)

REPLAYED = Table(
    "replayed-changes",
    {
        "change": attrgetter("change.reference"),
        "title": attrgetter("change.title"),
        "cluster": attrgetter("change.cluster.name"),
        "this_version": attrgetter("drafted"),
        "in_force": attrgetter("governed"),
        "did_happen": attrgetter("happened"),
        "has_failed": attrgetter("has_failed"),
        "is_certain": attrgetter("is_certain"),
    },
)

LEVELLED = Table(  # of pairs: a change, and what a comparison of thresholds says of it
    "compared-levels",
    {
        "change": lambda pair: pair[0].reference,
        "title": lambda pair: pair[0].title,
        "in_force": lambda pair: pair[1].before.words,
        "by_the_offer": lambda pair: pair[1].after.words,
        "not_known": lambda pair: ", ".join(pair[1].missing),
    },
)

MODELS = Table(
    "change-models",
    {
        "type": attrgetter("type"),
        "category": attrgetter("category"),
        "in_force": lambda one: one.published.number if one.published else "",
        "author": lambda one: handle(one.published.author) if one.published else "",
        "published_by": lambda one: handle(one.published.published_by) if one.published else "",
        "published": lambda one: one.published.published_at if one.published else None,
        "note": lambda one: one.published.note if one.published else "",
        "draft": lambda one: one.draft.number if one.draft else "",
        "draft_author": lambda one: handle(one.draft.author) if one.draft else "",
    },
)

TARGETS = Table(
    "targets",
    {
        "metric": attrgetter("measured.title"),
        "for": attrgetter("where"),
        "direction": lambda one: one.get_direction_display(),
        "value": attrgetter("value"),
        "unit": attrgetter("measured.unit"),
        "owner": attrgetter("owner.handle"),
        "set": attrgetter("set_at"),
    },
)

DASHBOARDS = Table(
    "dashboards",
    {
        "name": attrgetter("name"),
        "whose": lambda one: one.board.name if one.board else "mine",
        "cluster": attrgetter("cluster_slug"),
        "model": attrgetter("model"),
        "days": attrgetter("days"),
        "tiles": lambda one: ", ".join(tile.metric for tile in one.placed),
    },
)
