"""Keeping conventions, and exempting components from one for a while."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.clusters import events
from apps.clusters.actions.clusters import redescribe, require_version, save_new
from apps.clusters.models import CheckRun, Convention, ConventionExemption
from apps.clusters.queries import conventions as queries
from apps.clusters.queries.map import standing, visible_component
from apps.clusters.rules import conventions as rules
from apps.clusters.rules.charters import require_reason
from apps.journal import actions as journal
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid, NotFound, TooLarge, WrongState

FIELDS = (
    *("title", "pattern", "passing", "failing", "least_description", "needs_owner", "needs_site", "tag_prefixes"),
    *("mode", "in_force_from", "grandfathered_before"),
)
_DEFAULTS: Mapping[str, Any] = {
    "title": "",
    "mode": rules.Mode.WARN.value,
    "pattern": "",
    "passing": [],
    "failing": [],
    "least_description": 0,
    "needs_owner": False,
    "needs_site": False,
    "tag_prefixes": [],
    "grandfathered_before": None,
}


@transaction.atomic
def make_convention(
    *, keeper: Person, kind: str, field: str, values: Mapping[str, Any], reason: str, at: datetime
) -> Convention:
    """Make a convention of a kind of things; `values` holds the FIELDS, `in_force_from` is now where it is left out.

    Refuses others than chairs and administrators, a pattern that RE2 refuses or its own examples contradict, and one
    that asks for nothing.
    """
    keeper.require(Capability.MANAGE_BOARD, to="keep conventions")
    said = require_reason(reason, for_what="A convention")
    if queries.kept().count() >= rules.MOST_CONVENTIONS:
        raise TooLarge(f"There are {rules.MOST_CONVENTIONS} conventions.", next_step="Retire one first.")
    whole = {**_DEFAULTS, "in_force_from": at, **{name: values[name] for name in FIELDS if name in values}}
    whole["in_force_from"] = whole["in_force_from"] or at
    convention = Convention(
        kind=kind, field=field, reason=said, made_by=keeper, made_at=at, **_checked(kind, field, whole)
    )
    save_new(convention)
    event = events.ConventionMade(convention_id=convention.pk, kind=kind, mode=convention.mode, reason=said)
    journal.record(event, subject=convention, actor=keeper, at=at)
    return convention


@transaction.atomic
def change_convention(
    *, convention_id: int, keeper: Person, version: int, changes: Mapping[str, Any], reason: str, at: datetime
) -> Convention:
    """Change some of the FIELDS, with a reason; the journal keeps what each said before. The same writes nothing."""
    convention = _locked(convention_id, keeper)
    require_version(version, convention.version)
    said = require_reason(reason, for_what="A change of a convention")
    before = {name: getattr(convention, name) for name in FIELDS}
    after = _checked(convention.kind, convention.field, {**before, **changes})
    changed = redescribe(convention, after, allowed=FIELDS)
    if changed:
        convention.reason = said
        convention.save(update_fields=["reason"])
        event = events.ConventionChanged(
            convention_id=convention.pk,
            version=convention.version,
            fields=changed,
            before={name: _text(before[name]) for name in changed},
            after={name: _text(getattr(convention, name)) for name in changed},
            reason=said,
        )
        journal.record(event, subject=convention, actor=keeper, at=at)
    return convention


@transaction.atomic
def retire_convention(*, convention_id: int, keeper: Person, reason: str, at: datetime) -> Convention:
    """End a convention: nothing is judged by it from now on, and what it found is resolved."""
    convention = _locked(convention_id, keeper)
    said = require_reason(reason, for_what="Retiring a convention")
    convention.retired_at, convention.version = at, convention.version + 1
    convention.save(update_fields=["retired_at", "version"])
    convention.exemptions.open().update(ended_at=at)
    event = events.ConventionRetired(convention_id=convention.pk, reason=said)
    journal.record(event, subject=convention, actor=keeper, at=at)
    return convention


@transaction.atomic
def ask_for_scan(*, person: Person, at: datetime) -> None:
    """Have the whole catalogue judged again; it begins within seconds, and goes cluster by cluster."""
    person.require(Capability.MANAGE_BOARD, to="ask for a scan")
    run, _ = CheckRun.objects.get_or_create(checker=queries.CHECKER)
    journal.record(events.ScanAsked(), subject=run, actor=person, at=at)


@transaction.atomic
def exempt_component(
    *, convention_id: int, component_id: int, giver: Person, reason: str, until: datetime, at: datetime
) -> ConventionExemption:
    """Let a component off one convention until an instant, at most 180 days; given again, it has the new end.

    Refuses others than chairs and administrators, and whoever owns the component.
    """
    convention = _locked(convention_id, giver)
    component = visible_component(component_id, giver)
    if convention.kind != queries.COMPONENT:
        raise Invalid(
            "This convention is not about components.",
            next_step="Waive the finding instead.",
            fields={"component": ["Not of this convention."]},
        )
    rules.require_may_exempt(standing(giver, component), name=component.name)
    said = rules.require_exemption(reason=reason, until=until, at=at)
    exemption = convention.exemptions.open().select_for_update().filter(component=component).first()
    if exemption is None:
        exemption = ConventionExemption(
            convention=convention, component=component, until=until, reason=said, given_by=giver, given_at=at
        )
        save_new(exemption)
    else:
        exemption.until, exemption.reason, exemption.given_by, exemption.given_at = until, said, giver, at
        exemption.save()
    event = events.ExemptionGiven(
        exemption_id=exemption.pk, convention_id=convention.pk, until=until.isoformat(), reason=said
    )
    journal.record(event, subject=component, actor=giver, at=at)
    return exemption


@transaction.atomic
def end_exemption(*, exemption_id: int, person: Person, at: datetime) -> ConventionExemption:
    """Take an exemption back before its day."""
    person.require(Capability.MANAGE_BOARD, to="end exemptions")
    rows = ConventionExemption.objects.visible_to(person).select_for_update(of=("self",))
    exemption = rows.select_related("component").filter(pk=exemption_id).first()
    if exemption is None:
        raise NotFound("There is no such exemption.", next_step="Go back to the convention.")
    if exemption.ended_at:
        raise WrongState("This exemption has ended.", next_step="Reload the page.")
    _end(exemption, person, at)
    return exemption


@transaction.atomic
def warn_of_end(*, exemption_id: int, at: datetime) -> bool:
    """Say a week ahead that an exemption ends, once for each end it is given; False where that was said."""
    rows = ConventionExemption.objects.ending(at).select_for_update(of=("self",), skip_locked=True)
    exemption = rows.select_related("component").filter(pk=exemption_id).first()
    if exemption is None:
        return False
    event = events.ExemptionEnding(
        exemption_id=exemption.pk, convention_id=exemption.convention_id, until=exemption.until.isoformat()
    )
    told = Entry.objects.about(exemption.component).filter(event=event.name(), data=event.data())
    if told.exists():
        return False
    journal.record(event, subject=exemption.component, actor=None, at=at)
    return True


@transaction.atomic
def end_lapsed_exemption(*, exemption_id: int, at: datetime) -> bool:
    """End an exemption whose time is over; False where somebody was quicker."""
    rows = ConventionExemption.objects.lapsed(at).select_for_update(of=("self",), skip_locked=True)
    exemption = rows.select_related("component").filter(pk=exemption_id).first()
    if exemption is None:
        return False
    _end(exemption, None, at)
    return True


def _end(exemption: ConventionExemption, person: Person | None, at: datetime) -> None:
    exemption.ended_at = at
    exemption.save(update_fields=["ended_at"])
    event = events.ExemptionEnded(exemption_id=exemption.pk, convention_id=exemption.convention_id)
    journal.record(event, subject=exemption.component, actor=person, at=at)


def _locked(convention_id: int, keeper: Person) -> Convention:
    keeper.require(Capability.MANAGE_BOARD, to="keep conventions")
    convention = Convention.objects.select_for_update().filter(pk=convention_id).first()
    if convention is None:
        raise NotFound("There is no such convention.", next_step="Go back to the list of conventions.")
    if convention.retired_at:
        raise WrongState("This convention is retired.", next_step="Make a new one.")
    return convention


def _checked(kind: str, field: str, values: dict[str, Any]) -> dict[str, Any]:
    """The values as they are kept: trimmed, without repetitions; refuses what does not fit together."""
    known = queries.kind_named(kind)
    if field not in known.fields:
        raise Invalid(
            f"A {known.word} has no field “{field[:40]}” that a convention may judge.",
            next_step=f"Its fields are {', '.join(known.fields)}.",
            fields={"field": ["Unknown."]},
        )
    said = dict(values, title=str(values["title"]).strip())
    if not said["title"]:
        raise Invalid("A convention has a title.", next_step="Write it.", fields={"title": ["Missing."]})
    for name in ("passing", "failing"):
        said[name] = list(dict.fromkeys(said[name]))
    said["tag_prefixes"] = list(dict.fromkeys(one.strip() for one in said["tag_prefixes"] if one.strip()))
    rules.require_convention(said, sayings=known.sayings)
    if said["pattern"]:
        rules.require_pattern(said["pattern"], passing=said["passing"], failing=said["failing"])
    return said


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
