"""Adding stakeholders, and recording who sways whom."""

from datetime import datetime
from decimal import Decimal

from django.db import connection, transaction

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.clusters.actions.clusters import save_new
from apps.journal import actions as journal
from apps.kernel.refusals import NotAllowed, NotFound
from apps.stakeholders import events
from apps.stakeholders.models import Influence, Kind, Stakeholder
from apps.stakeholders.queries import people as queries
from apps.stakeholders.rules import influence as rules
from apps.stakeholders.rules.initiatives import require_may_open, require_text
from apps.stakeholders.rules.resources import require_not_own

LONGEST_NAME = 150
_REPORTING = 0x7265_706F  # the advisory lock under which lines of reporting take turns


@transaction.atomic
def add_stakeholder(
    *, kind: str, adder: Person, at: datetime, handle: str = "", team: str = "", name: str = "", organisation: str = ""
) -> Stakeholder:
    """Put somebody on record: an account by its handle, a team by its name, or an outsider by name and organisation.

    Who is on record already is answered as they are. Refuses adding by those who only read.
    """
    if not adder.may(Capability.PROPOSE_CHANGE):
        raise NotAllowed("Your roles let you read only.", next_step="Ask somebody who may propose changes.")
    row = Stakeholder(kind=kind, added_at=at)
    if kind == Kind.ACCOUNT:
        row.person = queries.person_named(handle)
        row.name = str(row.person)
        known = Stakeholder.objects.filter(person=row.person).first()
    elif kind == Kind.TEAM:
        row.team = queries.team_named(team)
        row.name = row.team.name
        known = Stakeholder.objects.filter(team=row.team).first()
    else:
        row.name = require_text(name, field="name", most=LONGEST_NAME, what="A name")
        row.organisation = organisation.strip()[:120]
        outside = Stakeholder.objects.filter(kind=Kind.OUTSIDER, name=row.name, organisation=row.organisation)
        known = outside.first()
    if known:
        return known
    save_new(row)
    journal.record(events.StakeholderAdded(stakeholder_id=row.pk), subject=row, actor=adder, at=at)
    return row


@transaction.atomic
def record_influence(
    *, source: Stakeholder, target: Stakeholder, kind: str, recorder: Person, at: datetime, weight: Decimal = Decimal(1)
) -> Influence:
    """Record that `source` reports to, advises, sponsors or may veto `target`; `weight` is above 0, at most 1.

    Refuses a circle of reporting, a second superior, and what would raise the recorder's own standing.
    """
    require_may_open(recorder.capabilities)
    if kind != rules.Sway.REPORTS_TO:
        require_not_own(
            recorder=recorder.pk,
            holder_people=queries.people_of(source),
            what="an influence",
        )
    with connection.cursor() as cursor:  # two lines at once could close a circle that neither sees
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_REPORTING])
    if kind == rules.Sway.REPORTS_TO and source.pk != target.pk:
        reports = queries.reports()
        names = dict(Stakeholder.objects.filter(pk__in=[*reports, source.pk, target.pk]).values_list("pk", "name"))
        rules.require_no_circle(reports, source=source.pk, target=target.pk, names=names)
    row = Influence(source=source, target=target, kind=kind, weight=weight, recorded_by=recorder, recorded_at=at)
    save_new(row)
    event = events.InfluenceRecorded(source_id=source.pk, target_id=target.pk, kind=kind)
    journal.record(event, subject=source, actor=recorder, at=at)
    return row


@transaction.atomic
def end_influence(*, influence_id: int, recorder: Person, at: datetime) -> None:
    """Take a line of influence away; the journal keeps that it was."""
    require_may_open(recorder.capabilities)
    row = Influence.objects.select_for_update(of=("self",)).select_related("source").filter(pk=influence_id).first()
    if row is None:
        raise NotFound("There is no such line.", next_step="Reload the page.")
    event = events.InfluenceEnded(source_id=row.source_id, target_id=row.target_id, kind=row.kind)
    journal.record(event, subject=row.source, actor=recorder, at=at)
    row.delete()
