"""Planning, changing and retiring maintenance windows and blackouts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from apps.accounts.models import Person
from apps.clusters.actions.clusters import redescribe, require_version, save_new
from apps.clusters.models import Cluster, Tier
from apps.clusters.rules import require_zone
from apps.journal import actions as journal
from apps.kernel.refusals import Invalid, NotFound, WrongState
from apps.windows import events
from apps.windows.models import RecurringWindow
from apps.windows.queries import standing_for
from apps.windows.rules.authority import require_keeper
from apps.windows.rules.recurrence import require_rule

FIELDS = ("name", "reason", "tiers", "start_local", "duration_minutes", "zone", "rrule")
FIRST_YEAR, LAST_YEAR = 2000, 2100  # of the first occurrence: further away is a typing error
SHORTEST, LONGEST = 5, 60 * 24 * 92  # minutes
_STANDING = 0x7769_6E72  # the advisory lock of which windows there are: shared by who relies on them


def drafted_window(
    *, planner: Person, cluster: Cluster | None, kind: str, values: Mapping[str, Any]
) -> RecurringWindow:
    """The window as it would be, checked and not kept: what a preview of its occurrences is drawn from.

    `values` holds the FIELDS. Refuses who may not plan it, and rules and times that make no sense.
    """
    require_keeper(standing_for(planner, cluster), cluster=str(cluster or ""), what="plan windows")
    window = RecurringWindow(cluster=cluster, kind=kind, **_checked(dict(values)))
    window.created_by = planner
    return window


@transaction.atomic
def plan_window(
    *, planner: Person, cluster: Cluster | None, kind: str, values: Mapping[str, Any], at: datetime
) -> RecurringWindow:
    """Keep a maintenance window or blackout of a cluster, or of the federation (`cluster` None)."""
    window = drafted_window(planner=planner, cluster=cluster, kind=kind, values=values)
    window.created_at = at
    _take_lock("pg_advisory_xact_lock")
    save_new(window)
    event = events.WindowPlanned(window_id=window.pk, kind=kind)
    journal.record(event, subject=window, actor=planner, at=at)
    return window


@transaction.atomic
def change_window(
    *, window_id: int, editor: Person, version: int, changes: Mapping[str, Any], at: datetime
) -> RecurringWindow:
    """Change some of the FIELDS; the same values again change nothing. Refuses a version that is no longer in force."""
    window = _locked(window_id, editor, what="change its windows")
    require_version(version, window.version)
    now = {name: getattr(window, name) for name in FIELDS}
    if any(now.get(name) != value for name, value in changes.items()):
        changes = {name: value for name, value in _checked(now | dict(changes)).items() if name in changes}
    _take_lock("pg_advisory_xact_lock")  # only now: checking a rule takes its time
    changed = redescribe(window, changes, allowed=FIELDS)
    if changed:
        event = events.WindowChanged(window_id=window.pk, version=window.version, fields=changed)
        journal.record(event, subject=window, actor=editor, at=at)
    return window


@transaction.atomic
def retire_window(*, window_id: int, person: Person, reason: str, at: datetime) -> RecurringWindow:
    """End a window for good: it comes round no more. It stays in the list of retired ones."""
    window = _locked(window_id, person, what="retire its windows")
    if not reason.strip():
        raise Invalid("Say why it is retired.", next_step="Write a sentence.", fields={"reason": ["Missing."]})
    _take_lock("pg_advisory_xact_lock")
    window.retired_at, window.version = at, window.version + 1
    window.save(update_fields=["retired_at", "version"])
    event = events.WindowRetired(window_id=window.pk, reason=reason.strip())
    journal.record(event, subject=window, actor=person, at=at)
    return window


def keep_windows_as_they_are() -> None:
    """Let no window be planned, changed or retired until the transaction ends: for actions that go on because of them.

    What is just being written is waited for, and found by the next query. Take row locks before it.
    """
    _take_lock("pg_advisory_xact_lock_shared")


def _take_lock(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_STANDING])


def _locked(window_id: int, person: Person, *, what: str) -> RecurringWindow:
    rows = RecurringWindow.objects.visible_to(person).select_for_update(of=("self",)).select_related("cluster")
    window = rows.filter(pk=window_id).first()
    if window is None:
        raise NotFound("There is no such window.", next_step="Go back to the list of windows.")
    require_keeper(standing_for(person, window.cluster), cluster=str(window.cluster or ""), what=what)
    if window.retired_at:
        raise WrongState("This window is retired.", next_step="Plan a new one.")
    return window


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    start: datetime = values["start_local"]
    if not FIRST_YEAR <= start.year <= LAST_YEAR:
        raise _wrong("start_local", f"It starts between {FIRST_YEAR} and {LAST_YEAR}, not in {start.year}.")
    if not SHORTEST <= values["duration_minutes"] <= LONGEST:
        raise _wrong("duration_minutes", "A window lasts between 5 minutes and 92 days.")
    if set(values.get("tiers", ())) - set(Tier.values):
        raise _wrong("tiers", f"Tiers go from {min(Tier.values)} to {max(Tier.values)}.")
    require_zone(values["zone"])
    values["rrule"] = require_rule(values.get("rrule", ""), start_local=start)
    values["tiers"] = sorted(set(values.get("tiers", ())))
    return values


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, next_step="Correct it and send it again.", fields={field: [sentence]})
