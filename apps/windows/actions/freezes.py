"""A freeze's way: drafted, previewed, enforced, lifted. Editing leads back to the draft."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from apps.accounts.models import Person
from apps.clusters.actions.clusters import redescribe, require_version, save_new
from apps.clusters.models import Cluster, Tier
from apps.journal import actions as journal
from apps.journal.events import Event
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid, NotAllowed, NotFound, WrongState
from apps.kernel.windows import require_window
from apps.windows import events
from apps.windows.models import Freeze, FreezeCluster, Strength
from apps.windows.queries import standing_for
from apps.windows.rules.authority import require_keeper
from apps.windows.rules.exemptions import require_exemptions
from apps.windows.states import FREEZE, FreezeState

FIELDS = ("name", "reason", "strength", "start_local", "end_local", "zone", "tiers", "types", "exemptions")
WRITTEN = (*FIELDS, "start_at", "end_at")
TYPES = ("standard", "normal", "emergency")
_STANDING = 0x7769_6E66  # the advisory lock of which freezes are in force: shared by who relies on it
_RENAMED = {"window_start": "start_local", "window_end": "end_local", "window_zone": "zone"}


@transaction.atomic
def draft_freeze(*, author: Person, clusters: Sequence[Cluster], values: Mapping[str, Any], at: datetime) -> Freeze:
    """Draft a freeze of the clusters, or of the federation where none is named; `values` holds the FIELDS.

    Refuses who does not keep every one of them, and what makes no sense.
    """
    _require_keeper(author, clusters, what="announce freezes")
    freeze = Freeze(created_by=author, created_at=at, **_checked(dict(values)))
    save_new(freeze)
    FreezeCluster.objects.bulk_create(FreezeCluster(freeze=freeze, cluster=one) for one in clusters)
    _record(events.FreezeDrafted(freeze_id=freeze.pk), freeze, author, at)
    return freeze


@transaction.atomic
def change_freeze(*, freeze_id: int, editor: Person, version: int, changes: Mapping[str, Any], at: datetime) -> Freeze:
    """Change some of the FIELDS before it is enforced; it is a draft again then. The same values change nothing."""
    freeze = _locked(freeze_id, editor, version)
    if freeze.state not in {FreezeState.DRAFT, FreezeState.PREVIEWED}:
        raise WrongState("A freeze in force is not edited.", next_step="Lift it and draft another one.")
    now = {name: getattr(freeze, name) for name in FIELDS}
    changed = redescribe(freeze, _checked(now | dict(changes)), allowed=WRITTEN)
    if changed:
        if freeze.state == FreezeState.PREVIEWED:
            _move(freeze, FreezeState.DRAFT)
            freeze.previewed_by = freeze.previewed_at = None
            freeze.save(update_fields=["state", "previewed_by", "previewed_at"])
        _record(events.FreezeChanged(freeze_id=freeze.pk, version=freeze.version, fields=changed), freeze, editor, at)
    return freeze


@transaction.atomic
def preview_freeze(*, freeze_id: int, viewer: Person, version: int, at: datetime) -> Freeze:
    """Note that a keeper saw which changes this version hits; only then may it be enforced."""
    freeze = _locked(freeze_id, viewer, version)
    _move(freeze, FreezeState.PREVIEWED)
    freeze.previewed_by, freeze.previewed_at = viewer, at
    freeze.save(update_fields=["state", "previewed_by", "previewed_at"])
    _record(events.FreezePreviewed(freeze_id=freeze.pk, version=version), freeze, viewer, at)
    return freeze


@transaction.atomic
def enforce_freeze(*, freeze_id: int, enforcer: Person, version: int, at: datetime) -> Freeze:
    """Put the previewed version in force. A hard freeze stops other people's work: none of its authors enforces it."""
    _take_lock("pg_advisory_xact_lock")
    freeze = _locked(freeze_id, enforcer, version)
    FREEZE.require(freeze.state, FreezeState.ENFORCED)
    if freeze.end_at <= at:
        raise WrongState("This freeze is over before it is enforced.", next_step="Give it a later end.")
    require_no_author(freeze, enforcer)
    _move(freeze, FreezeState.ENFORCED)
    freeze.enforced_at = at
    freeze.save(update_fields=["state", "enforced_at"])
    _record(events.FreezeEnforced(freeze_id=freeze.pk, strength=freeze.strength), freeze, enforcer, at)
    return freeze


@transaction.atomic
def lift_freeze(*, freeze_id: int, lifter: Person, reason: str, at: datetime) -> Freeze:
    """End a freeze that is in force, with a reason; nothing is stopped by it from now on."""
    freeze = _locked(freeze_id, lifter, None)
    if not reason.strip():
        raise Invalid("Say why it is lifted.", next_step="Write a sentence.", fields={"reason": ["Missing."]})
    _move(freeze, FreezeState.LIFTED)
    freeze.lifted_at = at
    freeze.save(update_fields=["state", "lifted_at"])
    _record(events.FreezeLifted(freeze_id=freeze.pk, reason=reason.strip()), freeze, lifter, at)
    return freeze


def keep_freezes_as_they_are() -> None:
    """Let no freeze come into force until the transaction ends: for actions that go on because none stands before them.

    A freeze that is just coming into force is waited for, and found by the next query. Take row locks before it.
    """
    _take_lock("pg_advisory_xact_lock_shared")


def require_freeze_keeper(freeze: Freeze, person: Person) -> None:
    """Refuse who does not keep every cluster the freeze is limited to (or the federation)."""
    _require_keeper(person, list(freeze.clusters.all()), what="decide about its freezes")


def _take_lock(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_STANDING])


def _require_keeper(person: Person, clusters: Sequence[Cluster], *, what: str) -> None:
    if not clusters:
        require_keeper(standing_for(person, None), cluster="", what=what)
    for cluster in clusters:
        require_keeper(standing_for(person, cluster), cluster=str(cluster), what=what)


def _locked(freeze_id: int, person: Person, version: int | None) -> Freeze:
    freeze = Freeze.objects.visible_to(person).select_for_update(of=("self",)).filter(pk=freeze_id).first()
    if freeze is None:
        raise NotFound("There is no such freeze.", next_step="Go back to the list of freezes.")
    require_freeze_keeper(freeze, person)
    if version is not None:
        require_version(version, freeze.version)
    return freeze


def require_no_author(freeze: Freeze, enforcer: Person) -> None:
    """Refuse whoever wrote it, if it is a hard one."""
    if freeze.strength == Strength.HARD and enforcer.pk in _authors(freeze):
        raise NotAllowed(
            "Who wrote a hard freeze does not enforce it.",
            next_step="Ask another owner, a chair or an administrator to enforce it.",
            code="own_freeze",
        )


def _authors(freeze: Freeze) -> set[int | None]:
    wrote = (events.FreezeDrafted.name(), events.FreezeChanged.name())
    entries = Entry.objects.about(freeze).filter(event__in=wrote)
    return {freeze.created_by_id, *entries.values_list("actor_id", flat=True)}


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    if set(values["tiers"]) - set(Tier.values) or set(values["types"]) - set(TYPES):
        raise Invalid("There is no such tier or type.", next_step="Choose among those offered.")
    try:
        window = require_window(start_local=values["start_local"], end_local=values["end_local"], zone=values["zone"])
    except Invalid as refusal:
        renamed = {_RENAMED.get(name, name): told for name, told in refusal.fields.items()}
        raise Invalid(refusal.sentence, next_step=refusal.next_step, fields=renamed) from None
    values["exemptions"] = require_exemptions(values["exemptions"], types=TYPES)
    values["tiers"], values["types"] = sorted(set(values["tiers"])), sorted(set(values["types"]))
    # PostgreSQL keeps no fold: the two clocks are written, the instants decide.
    return values | {"start_at": window.start_at, "end_at": window.end_at}


def _record(event: Event, freeze: Freeze, actor: Person, at: datetime) -> None:
    """In the journal of the one cluster it is limited to; what concerns several belongs to the federation."""
    named = list(freeze.scope.values_list("cluster_id", flat=True))
    journal.record(event, subject=freeze, actor=actor, at=at, cluster_id=named[0] if len(named) == 1 else None)


def _move(freeze: Freeze, target: FreezeState) -> None:
    FREEZE.require(freeze.state, target)
    freeze.state = target
