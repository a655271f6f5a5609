"""Judging where stakeholders stand; a move on the grid is one more judgement."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from apps.accounts.models import Person
from apps.clusters.actions.clusters import save_new
from apps.stakeholders import events
from apps.stakeholders.actions.initiatives import locked, require_on_map, tell
from apps.stakeholders.models import Assessment, Stakeholder
from apps.stakeholders.queries.people import people_of
from apps.stakeholders.rules import power as rules

MARKS = ("power", "interest", "urgency", "legitimacy", "stance")


@transaction.atomic
def assess(
    *,
    initiative_id: int,
    stakeholder: Stakeholder,
    assessor: Person,
    marks: Mapping[str, int],
    evidence: str,
    at: datetime,
) -> Assessment:
    """Judge a stakeholder anew; marks left out are those of the newest assessment, or 0 where there is none.

    `marks` holds MARKS: power as felt, interest, urgency and legitimacy from 0 to 100, stance from −2 to 2. Nothing is
    overwritten: the newest counts. Refuses who does not keep the map, and who would judge themselves or their team.
    """
    initiative = locked(initiative_id, assessor)
    require_on_map(initiative, stakeholder)
    subjects = people_of(stakeholder)
    rules.require_assessor(assessor=assessor.pk, subjects=subjects)
    rows = Assessment.objects.filter(initiative=initiative, stakeholder=stakeholder)
    last = rows.order_by("-assessed_at", "-pk").first()
    said = {name: marks.get(name, getattr(last, name) if last else 0) for name in MARKS}
    rules.require_marks(said)
    row = Assessment(
        initiative=initiative,
        stakeholder=stakeholder,
        subject_ids=subjects,
        evidence=rules.require_evidence(evidence),
        assessor=assessor,
        assessed_at=at,
        **said,
    )
    save_new(row)
    event = events.StakeholderAssessed(initiative_id=initiative.pk, stakeholder_id=stakeholder.pk, assessment_id=row.pk)
    tell(initiative, event, actor=assessor, at=at)
    return row
