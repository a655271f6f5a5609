"""Change models: drafted, published by another person, and running changes taken to a new version on purpose."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab import events
from apps.cab.actions.moves import locked_change
from apps.cab.models import Change, ChangeCategory, ChangeType, ModelVersion
from apps.cab.queries import change_models as queries
from apps.cab.rules import change_models as rules
from apps.journal import actions as journal
from apps.kernel.refusals import (
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    StaleRevision,
    WrongState,
    refusal_from_constraint,
)


@transaction.atomic
def draft_model(
    *,
    type: str,  # noqa: A002  # the field's own name
    category: str = "",
    author: Person,
    moves: Mapping[str, Any],
    note: str,
    at: datetime,
) -> ModelVersion:
    """Draft the next version of the model of a type, or of one category of it.

    Refused while another draft of the same waits, or where the moves do not hold.
    """
    author.require(Capability.MANAGE_BOARD, to="write change models")
    if type not in ChangeType.values:
        raise Invalid(
            "There is no such type of change.",
            next_step=f"Choose from {', '.join(ChangeType.values)}.",
            fields={"type": ["Unknown."]},
        )
    if category and category not in ChangeCategory.values:
        raise Invalid(
            "There is no such category of changes.",
            next_step=f"Choose from {', '.join(ChangeCategory.values)}, or none.",
            fields={"category": ["Unknown."]},
        )
    same = ModelVersion.objects.filter(type=type, category=category)
    last = same.order_by("-number").values_list("number", flat=True).first() or 0
    draft = ModelVersion(
        type=type,
        category=category,
        number=last + 1,
        note=note.strip()[:500],
        moves=rules.require_moves(moves),
        author=author,
        at=at,
    )
    try:
        with transaction.atomic():
            draft.save()
    except IntegrityError as error:
        raise refusal_from_constraint(error, ModelVersion) from error
    _record(events.ModelDrafted(model_id=draft.pk, number=draft.number), draft, author, at)
    return draft


@transaction.atomic
def change_draft(
    *, model_id: int, author: Person, version: int, moves: Mapping[str, Any], note: str, at: datetime
) -> ModelVersion:
    """Write the draft anew; who writes it last is its author. What is published stays as it is."""
    draft = _locked(model_id, author)
    if draft.published_at is not None:
        raise WrongState("A published model is not edited.", next_step="Draft its next version.")
    _require_seen(draft, version)
    draft.moves, draft.note = rules.require_moves(moves), note.strip()[:500]
    draft.author, draft.at, draft.version = author, at, draft.version + 1
    draft.save()
    _record(events.ModelDrafted(model_id=draft.pk, number=draft.number), draft, author, at)
    return draft


@transaction.atomic
def publish_model(*, model_id: int, publisher: Person, version: int, at: datetime) -> ModelVersion:
    """Put the draft in force for what is proposed from now on; never by who wrote it. Running changes keep theirs."""
    draft = _locked(model_id, publisher)
    _require_seen(draft, version)
    if draft.published_at is not None:
        raise Conflict("This version is published already.", next_step="Draft the next one.")
    if publisher.pk == draft.author_id:
        raise NotAllowed(
            "You wrote this model, so somebody else publishes it.",
            next_step="Ask the chair of a board or an administrator.",
            code="own_model",
        )
    draft.published_by, draft.published_at = publisher, at
    draft.version += 1
    draft.save()
    _record(events.ModelPublished(model_id=draft.pk, number=draft.number), draft, publisher, at)
    return draft


@transaction.atomic
def migrate_changes(*, model_id: int, person: Person, changes: Iterable[int], at: datetime) -> list[Change]:
    """Take these running changes to the version in force, whole or not at all; safe to run twice.

    Refused where one is not an open change of the type, or stands in a state that the version does not have. What it
    lacks is asked for at its next move.
    """
    version = _locked(model_id, person)
    if version != queries.in_force(version.type, version.category):
        raise WrongState("This version is not in force.", next_step="Migrate to the one that is.")
    wanted = sorted(set(changes))
    if not 0 < len(wanted) <= queries.MOST_LISTED:
        raise Invalid(
            f"Choose 1 to {queries.MOST_LISTED} changes.", next_step="Tick them.", fields={"changes": ["Choose some."]}
        )
    if Change.objects.visible_to(person).filter(pk__in=wanted).count() != len(wanted):
        raise NotFound("There is no such change that you may see.", next_step="Look at the list again.")
    return [one for pk in wanted if (one := _migrate(pk, version, person, at=at)) is not None]


def _migrate(pk: int, version: ModelVersion, person: Person, *, at: datetime) -> Change | None:
    change = locked_change(pk)
    if change.model_version_id == version.pk:
        return None
    found = queries.migration(change, version)
    if queries.in_force(change.type, change.category) != version or not found.fits:
        kind = f"{change.type} {change.category}".strip()
        raise WrongState(
            f"{change.reference} cannot follow {version}: it is {kind}, {change.state.replace('_', ' ')}.",
            next_step="Look at the list again.",
        )
    before, change.model_version = change.model_version_id, version
    change.save()
    event = events.ChangeMigrated(change_id=change.pk, from_model_id=before or 0, to_model_id=version.pk)
    journal.record(event, subject=change, actor=person, at=at)
    return change


def _locked(model_id: int, person: Person) -> ModelVersion:
    person.require(Capability.MANAGE_BOARD, to="work on change models")
    found = ModelVersion.objects.select_for_update().filter(pk=model_id).first()
    if found is None:
        raise NotFound("There is no such model.", next_step="Open the list of models.")
    return found


def _require_seen(draft: ModelVersion, version: int) -> None:
    if draft.version != version:
        raise StaleRevision("Someone else saved this model first.", next_step="Look at it again, then go on.")


def _record(event: Any, version: ModelVersion, actor: Person, at: datetime) -> None:
    journal.record(event, subject=version, actor=actor, at=at)
