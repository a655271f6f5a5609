"""Templates of standard changes: proposed from a closed change, published by another person, suspended, retired."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab import events
from apps.cab.actions.moves import locked_change, move_template
from apps.cab.models import Change, ChangeType, StandardTemplate, TemplateVersion
from apps.cab.queries import standards as queries
from apps.cab.queries.changes import content_of
from apps.cab.rules import standards as rules
from apps.cab.states import ChangeState, TemplateState
from apps.journal import actions as journal
from apps.journal.events import Event
from apps.kernel.refusals import (
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    StaleRevision,
    WrongState,
    refusal_from_constraint,
)

USUAL_FAILURES = 2


def fields_from(change: Change) -> dict[str, dict[str, Any]]:
    """What a template of this change fills in, with the usual modes."""
    said = content_of(change)
    found = {}
    for name in rules.FIELDS:
        mode = rules.USUAL_MODES[name]
        value = said.get(name, "")
        is_empty = value in ("", [])
        found[name] = {"value": value, "mode": rules.Mode.DEFAULT if is_empty else mode}
    return found


@transaction.atomic
def propose_template(
    *,
    change_id: int,
    proposer: Person,
    name: str,
    at: datetime,
    fields: Mapping[str, Any] | None = None,
    most_failures: int = USUAL_FAILURES,
) -> StandardTemplate:
    """Propose a template from a closed change that went well; `fields` default to what the change says.

    It authorizes nothing until somebody else publishes it. `most_failures` (0–10) among its last twenty finished
    changes are borne; one more suspends it.
    """
    change = locked_change(change_id)
    proposer.require(Capability.PROPOSE_CHANGE, to="propose a template")
    _require_model_case(change)
    template = StandardTemplate(
        name=_named(name),
        cluster=change.cluster,
        owner=proposer,
        source_change=change,
        most_failures=_borne(most_failures),
        created_at=at,
    )
    whole = rules.require_fields(fields_from(change) if fields is None else fields)
    _save(template)
    TemplateVersion.objects.create(template=template, number=1, fields=whole, author=proposer, at=at)
    _record(events.TemplateProposed(template_id=template.pk, change_id=change.pk), template, proposer, at)
    return template


@transaction.atomic
def revise_template(*, template_id: int, editor: Person, version: int, changes: Mapping[str, Any], at: datetime) -> Any:
    """Write its next version; the one in force stays so until somebody else publishes this one.

    `changes` holds any of `name`, `most_failures` and `fields` (those left out stay); `version` is the one seen.
    """
    template = _locked(template_id, editor, version)
    if editor.pk != template.owner_id and not queries.may_decide(editor, template):
        raise NotAllowed("You may not revise this template.", next_step=f"Ask {template.owner}, who proposed it.")
    if template.state == TemplateState.RETIRED:
        raise WrongState("A retired template is not revised.", next_step="Propose another one from a closed change.")
    last = latest(template)
    fields = rules.require_fields({**last.fields, **changes.get("fields", {})})
    template.name = _named(changes.get("name", template.name))
    template.most_failures = _borne(changes.get("most_failures", template.most_failures))
    template.version += 1
    _save(template)
    TemplateVersion.objects.create(template=template, number=last.number + 1, fields=fields, author=editor, at=at)
    _record(events.TemplateRevised(template_id=template.pk, number=last.number + 1), template, editor, at)
    return template


@transaction.atomic
def publish_template(*, template_id: int, publisher: Person, version: int, at: datetime) -> StandardTemplate:
    """Put its latest version in force: changes from it are authorized beforehand. Its failures count from now.

    By an owner of the cluster or a chair; never by who proposed the template or wrote the version.
    """
    template = _locked(template_id, publisher, version)
    _require_decider(template, publisher, to="publish it")
    last = latest(template)
    if publisher.pk in {template.owner_id, last.author_id}:
        raise NotAllowed(
            "You wrote this template, so somebody else publishes it.",
            next_step="Ask an owner of the cluster or the chair of a board.",
            code="own_template",
        )
    if template.state != TemplateState.PUBLISHED:
        move_template(template, TemplateState.PUBLISHED)
    elif template.in_force_id == last.pk:
        raise WrongState("This version is in force already.", next_step="Revise the template first.")
    template.in_force, template.published_by, template.published_at = last, publisher, at
    template.state_reason = ""
    template.version += 1
    _save(template)
    _record(events.TemplatePublished(template_id=template.pk, number=last.number), template, publisher, at)
    return template


@transaction.atomic
def suspend_template(
    *, template_id: int, suspender: Person, version: int, reason: str, at: datetime
) -> StandardTemplate:
    """Let boards decide again, with a reason; its changes that have not begun go to a board."""
    template = _locked(template_id, suspender, version)
    _require_decider(template, suspender, to="suspend it")
    _suspend(template, _why(reason), actor=suspender, at=at)
    return template


@transaction.atomic
def retire_template(*, template_id: int, person: Person, version: int, reason: str, at: datetime) -> StandardTemplate:
    """End it: nothing more is proposed from it. What it authorized stays authorized."""
    template = _locked(template_id, person, version)
    if person.pk != template.owner_id:
        _require_decider(template, person, to="retire it")
    person.require(Capability.PROPOSE_CHANGE, to="retire templates")
    move_template(template, TemplateState.RETIRED)
    template.state_reason = _why(reason)
    template.version += 1
    _save(template)
    _record(events.TemplateRetired(template_id=template.pk, reason=template.state_reason), template, person, at)
    return template


@transaction.atomic
def weigh_template(*, template_id: int, at: datetime) -> StandardTemplate:
    """Suspend the template when more of its last twenty changes failed than it bears. Safe to run twice."""
    template = StandardTemplate.objects.select_for_update(of=("self",)).select_related("cluster").get(pk=template_id)
    if template.state != TemplateState.PUBLISHED:
        return template
    record = queries.record_of(queries.last_uses(template, until=at))
    if record.failed > template.most_failures:
        many = f"{record.failed} of its last {record.finished} changes failed"
        _suspend(template, f"{many}; it bears {template.most_failures}.", actor=None, at=at)
    return template


def latest(template: StandardTemplate) -> TemplateVersion:
    """Its newest version, in force or not."""
    return template.versions.select_related("author").order_by("-number")[0]


def _suspend(template: StandardTemplate, reason: str, *, actor: Person | None, at: datetime) -> None:
    move_template(template, TemplateState.SUSPENDED)
    template.state_reason = reason
    template.version += 1
    template.save()
    event = events.TemplateSuspended(template_id=template.pk, reason=reason, is_by_record=actor is None)
    _record(event, template, actor, at)


def _locked(template_id: int, person: Person, version: int) -> StandardTemplate:
    rows = StandardTemplate.objects.visible_to(person).select_for_update(of=("self",))
    template = rows.select_related("cluster", "owner").filter(pk=template_id).first()
    if template is None:
        raise NotFound("There is no such template that you may see.", next_step="Open the list of templates.")
    person.require(Capability.PROPOSE_CHANGE, to="work on templates")
    if version != template.version:
        raise StaleRevision("Someone else changed this template meanwhile.", next_step="Look at it again, then decide.")
    return template


def _require_decider(template: StandardTemplate, person: Person, *, to: str) -> None:
    if not queries.may_decide(person, template):
        raise NotAllowed(
            f"You may not {to}: you neither own {template.cluster} nor chair a board.",
            next_step="Ask one of the owners named on the cluster's page.",
        )


def _require_model_case(change: Change) -> None:
    """Only what was seen through and went well is an example for others."""
    if change.type == ChangeType.EMERGENCY:
        raise WrongState("An emergency is no example of routine.", next_step="Choose a normal or standard change.")
    went_well = Change.objects.filter(queries.WENT_WELL, pk=change.pk, state=ChangeState.CLOSED).exists()
    if not went_well:
        raise WrongState(
            f"{change.reference} is not a closed change that went well.",
            next_step="Propose the template from one that was reviewed, succeeded and was not undone.",
            code="no_example",
        )
    if change.template_version_id is not None:
        raise Conflict("This change came from a template already.", next_step="Revise that template instead.")


def _named(name: str) -> str:
    if not name.strip():
        raise Invalid("Give the template a name.", next_step="Name the work.", fields={"name": ["Missing."]})
    return name.strip()[:120]


def _borne(many: int) -> int:
    if not 0 <= many <= rules.MOST_BORNE:
        raise Invalid(
            f"A template bears 0 to {rules.MOST_BORNE} failures among its last {rules.LAST_USES} changes.",
            next_step="Choose a number in that range.",
            fields={"most_failures": ["Out of range."]},
        )
    return many


def _why(reason: str) -> str:
    if not reason.strip():
        raise Invalid("Say why.", next_step="Write a sentence.", fields={"reason": ["Missing."]})
    return reason.strip()


def _save(template: StandardTemplate) -> None:
    try:
        with transaction.atomic():
            template.save()
    except IntegrityError as error:
        raise refusal_from_constraint(error, StandardTemplate) from error


def _record(event: Event, template: StandardTemplate, actor: Person | None, at: datetime) -> None:
    journal.record(event, subject=template, actor=actor, at=at)
