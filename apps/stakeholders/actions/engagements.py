"""Planning conversations, logging them, and reminding who is to hold them."""

from datetime import date, datetime

from django.db import transaction

from apps.accounts.models import Person
from apps.clusters.actions.clusters import save_new
from apps.kernel.refusals import Invalid, NotFound, WrongState
from apps.stakeholders import events
from apps.stakeholders.actions.initiatives import locked, tell
from apps.stakeholders.models import Conversation, Engagement, Initiative, Stakeholder
from apps.stakeholders.queries.engagements import due_reminders
from apps.stakeholders.rules import initiatives as rules


@transaction.atomic
def plan_engagement(
    *,
    initiative_id: int,
    stakeholder: Stakeholder,
    what: str,
    due_on: date,
    owner: Person,
    planner: Person,
    at: datetime,
) -> Engagement:
    """Plan that `owner` speaks to a stakeholder until a day; they are reminded three days ahead, and once it is past.

    Refuses others than keepers of the map, a past day, and an owner who may not see the initiative.
    """
    initiative = locked(initiative_id, planner)
    if not owner.is_active or not Initiative.objects.visible_to(owner).filter(pk=initiative.pk).exists():
        raise Invalid(
            f"{owner} may not see this initiative.",
            next_step="Choose somebody who may.",
            fields={"owner": ["May not see it."]},
        )
    row = Engagement(
        initiative=initiative,
        stakeholder=stakeholder,
        what=rules.require_text(what, field="what", most=rules.LONGEST_LINE, what="What it is about"),
        due_on=rules.require_due(due_on, today=at.date()),
        owner=owner,
        planned_by=planner,
        planned_at=at,
    )
    save_new(row)
    event = events.EngagementPlanned(initiative_id=initiative.pk, engagement_id=row.pk, owner_id=owner.pk)
    tell(initiative, event, actor=planner, at=at)
    return row


@transaction.atomic
def drop_engagement(*, initiative_id: int, engagement_id: int, keeper: Person, reason: str, at: datetime) -> Engagement:
    """Drop an entry of the plan, with the reason."""
    initiative = locked(initiative_id, keeper)
    row = _entry(initiative, engagement_id)
    row.dropped_because = rules.require_text(reason, field="reason", most=rules.LONGEST_LINE, what="The reason")
    row.settled_at, row.version = at, row.version + 1
    row.save(update_fields=["dropped_because", "settled_at", "version"])
    event = events.EngagementDropped(initiative_id=initiative.pk, engagement_id=row.pk)
    tell(initiative, event, actor=keeper, at=at)
    return row


@transaction.atomic
def log_conversation(
    *,
    initiative_id: int,
    stakeholder: Stakeholder,
    held_on: date,
    summary: str,
    keeper: Person,
    at: datetime,
    engagement_id: int | None = None,
) -> Conversation:
    """Write down what was said; with `engagement_id` it settles that entry of the plan.

    An entry's owner may log it without keeping the map. Refuses a day that has not come where the keeper is.
    """
    if engagement_id is not None:
        initiative = _locked_for_owner(initiative_id, engagement_id, keeper)
        entry = _entry(initiative, engagement_id)
        if entry.stakeholder_id != stakeholder.pk:
            raise Invalid("The plan names somebody else.", next_step="Log it with whom it was held.")
        entry.settled_at, entry.version = at, entry.version + 1
        entry.save(update_fields=["settled_at", "version"])
    else:
        initiative, entry = locked(initiative_id, keeper), None
    row = Conversation(
        initiative=initiative,
        stakeholder=stakeholder,
        engagement=entry,
        held_by=keeper,
        held_on=rules.require_held(held_on, today=at.astimezone(keeper.tzinfo).date()),
        summary=rules.require_text(summary, field="summary", most=rules.LONGEST_SUMMARY, what="What was said"),
        recorded_at=at,
    )
    save_new(row)
    event = events.ConversationHeld(
        initiative_id=initiative.pk,
        conversation_id=row.pk,
        stakeholder_id=stakeholder.pk,
        engagement_id=entry.pk if entry else None,
    )
    tell(initiative, event, actor=keeper, at=at)
    return row


def remind_of_engagements(*, at: datetime, limit: int = 200) -> int:
    """Say that planned conversations are due or overdue; returns how many. Safe beside another, and to run twice."""
    reminded = 0
    for pk in due_reminders(at).values_list("pk", flat=True)[:limit]:
        reminded += _remind(pk, at)
    return reminded


@transaction.atomic
def _remind(engagement_id: int, at: datetime) -> bool:
    rows = due_reminders(at).select_for_update(of=("self",), skip_locked=True).select_related("initiative")
    row = rows.filter(pk=engagement_id).first()
    if row is None:
        return False
    row.reminded_at = at
    row.save(update_fields=["reminded_at"])
    event = events.EngagementDue(
        initiative_id=row.initiative_id, engagement_id=row.pk, is_overdue=row.due_on < at.date()
    )
    tell(row.initiative, event, actor=None, at=at)
    return True


def _entry(initiative: Initiative, engagement_id: int) -> Engagement:
    row = Engagement.objects.select_for_update().filter(initiative=initiative, pk=engagement_id).first()
    if row is None:
        raise NotFound("There is no such entry in the plan.", next_step="Reload the page.")
    if row.settled_at is not None:
        raise WrongState("This entry is settled already.", next_step="Reload the page.")
    return row


def _locked_for_owner(initiative_id: int, engagement_id: int, person: Person) -> Initiative:
    """The initiative for the owner of the entry, else for its keepers."""
    rows = Initiative.objects.visible_to(person).select_for_update(of=("self",))
    is_owner = Engagement.objects.filter(pk=engagement_id, initiative=initiative_id, owner=person).exists()
    row = rows.filter(pk=initiative_id, closed_at__isnull=True).first()
    return row if row is not None and is_owner else locked(initiative_id, person)
