"""Recording, delegating and ending authority over resources."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from apps.accounts.models import Person
from apps.clusters.actions.clusters import save_new
from apps.clusters.models import Cluster
from apps.journal import actions as journal
from apps.kernel.refusals import Invalid, NotFound, WrongState
from apps.stakeholders import events
from apps.stakeholders.models import Authority, Stakeholder
from apps.stakeholders.queries import people as queries
from apps.stakeholders.rules import resources as rules
from apps.stakeholders.rules.initiatives import LONGEST_LINE, is_recorder, require_may_record, require_text


@transaction.atomic
def record_authority(
    *,
    holder: Stakeholder,
    recorder: Person,
    resource: str,
    amount: Decimal,
    first_day: date,
    evidence: str,
    at: datetime,
    unit: str = "",
    cluster: Cluster | None = None,
    last_day: date | None = None,
    delegated_from: Authority | None = None,
) -> Authority:
    """Record up to what limit somebody may decide on a resource, over a cluster or (None) the enterprise.

    With `delegated_from` it is a part of another's authority, which its holder may give away without a recorder.
    Refuses others than chairs, administrators and owners of the cluster; one's own; a second authority of the same
    holder over the same resource on the same days; and a delegation beyond the limit, days or scope it comes from.
    """
    gives_own = False
    if delegated_from is not None:  # delegations of one authority take turns: two cannot both take the last of it
        delegated_from = Authority.objects.select_for_update(of=("self",)).get(pk=delegated_from.pk)
        gives_own = recorder.pk in queries.people_of(delegated_from.holder)
    if not gives_own:
        require_may_record(recorder.capabilities, owns_cluster=queries.owns(recorder, cluster))
    rules.require_not_own(recorder=recorder.pk, holder_people=queries.people_of(holder))
    ends = last_day + timedelta(days=1) if last_day else None
    rules.require_days(first_day, ends)
    row = Authority(
        holder=holder,
        resource=resource,
        cluster=cluster,
        unit=rules.require_unit(resource, unit),
        amount=rules.require_amount(amount),
        valid=DateRange(first_day, ends),
        delegated_from=delegated_from,
        evidence=require_text(evidence, field="evidence", most=LONGEST_LINE, what="The document that says so"),
        recorded_by=recorder,
        recorded_at=at,
    )
    if delegated_from is not None:
        siblings = delegated_from.delegations.select_related("holder__person")
        rules.require_delegable(
            queries.holding_of(delegated_from), queries.holding_of(row), siblings=map(queries.holding_of, siblings)
        )
    save_new(row)
    event = events.AuthorityRecorded(
        authority_id=row.pk, holder_id=holder.pk, delegated_from_id=delegated_from.pk if delegated_from else None
    )
    journal.record(event, subject=row, actor=recorder, at=at)
    return row


@transaction.atomic
def end_authority(*, authority_id: int, person: Person, last_day: date, at: datetime) -> Authority:
    """End an authority, and what was delegated from it, after a day; its holder may always lay it down.

    Refuses others than those who may record it, a day before it began, and one that is over already.
    """
    rows = Authority.objects.visible_to(person).select_for_update(of=("self",)).select_related("cluster", "holder")
    row = rows.filter(pk=authority_id).first()
    if row is None:
        raise NotFound("There is no such authority.", next_step="Go back to the list of authorities.")
    giver = row.delegated_from.holder if row.delegated_from else None
    lays_down = person.pk in [*queries.people_of(row.holder), *(queries.people_of(giver) if giver else [])]
    if not lays_down or not is_writer(person):
        require_may_record(person.capabilities, owns_cluster=queries.owns(person, row.cluster))
    end = last_day + timedelta(days=1)
    if end <= row.valid.lower:
        raise Invalid(
            "An authority ends after the day it began.",
            next_step="Choose that day or a later one.",
            fields={"last_day": ["Before its first day."]},
        )
    if row.valid.upper is not None and row.valid.upper <= end:
        raise WrongState("It ends by then already.", next_step="Reload the page to see its days.")
    ended = _end_all(row, end)
    event = events.AuthorityEnded(
        authority_id=row.pk,
        holder_id=row.holder_id,
        last_day=last_day.isoformat(),
        with_delegations=tuple(sorted(ended - {row.pk})),
    )
    journal.record(event, subject=row, actor=person, at=at)
    return row


def is_writer(person: Person) -> bool:
    """Whether the person's roles let them write at all."""
    return is_recorder(person.capabilities, owns_cluster=True)


def _end_all(row: Authority, end: date) -> set[int]:
    """Cut it and everything delegated from it off at a day; a delegation that had not begun by then is taken back."""
    tree = [row]
    for one in tree:  # grows while it is walked: the delegations of each, and theirs
        tree += Authority.objects.select_for_update(of=("self",)).filter(delegated_from=one).order_by("pk")
    for one in reversed(tree):
        if one.valid.lower >= end:
            one.delete()
        elif one.valid.upper is None or one.valid.upper > end:
            one.valid = DateRange(one.valid.lower, end)
            one.version += 1
            one.save(update_fields=["valid", "version"])
    return {one.pk for one in tree if one.pk and one.valid.upper == end}
