"""Writing when people work: a named calendar with its holidays, of the federation or of one cluster."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, time

from django.db import transaction

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.clusters.actions.clusters import require_version, save_checked, save_new
from apps.clusters.models import Cluster
from apps.clusters.queries import standing
from apps.journal import actions as journal
from apps.kernel.refusals import Invalid, NotAllowed, NotFound
from apps.stakeholders import events
from apps.stakeholders.models import Holiday, WorkingCalendar
from apps.stakeholders.rules.business_time import Calendar, require_calendar
from apps.stakeholders.rules.initiatives import require_text
from apps.stakeholders.rules.metrics import require_keeps_metric

MOST_HOLIDAYS = 400
LONGEST_NAME = 80


@transaction.atomic
def write_calendar(
    *,
    name: str,
    cluster: Cluster | None,
    zone: str,
    opens: time,
    closes: time,
    weekdays: Collection[int],
    holidays: Mapping[date, str],
    writer: Person,
    calendar_id: int | None = None,
    version: int = 0,
    at: datetime,
) -> WorkingCalendar:
    """Write a calendar, or (`calendar_id`, `version`) write it anew; its holidays are those said here, no others.

    Owners write that of their cluster, chairs and administrators those of the federation. Clocks that run already keep
    the instant they were given.
    """
    row = _existing(calendar_id, version) if calendar_id else WorkingCalendar(cluster=cluster, version=0)
    _require_writes(writer, row.cluster)
    told = require_calendar(Calendar(zone, opens, closes, tuple(sorted(set(weekdays))), frozenset(holidays)))
    if len(holidays) > MOST_HOLIDAYS:
        raise Invalid(f"More than {MOST_HOLIDAYS} holidays.", next_step="Leave past years out.")
    row.name = require_text(name, field="name", most=LONGEST_NAME, what="The name")
    row.zone, row.opens, row.closes, row.weekdays = told.zone, told.opens, told.closes, list(told.weekdays)
    row.written_by, row.written_at, row.version = writer, at, row.version + 1
    if row.pk:
        save_checked(row)
    else:
        save_new(row)
    row.holidays.all().delete()
    Holiday.objects.bulk_create(
        Holiday(calendar=row, day=day, name=text.strip()[:LONGEST_NAME] or "Holiday")
        for day, text in sorted(holidays.items())
    )
    event = events.WorkingCalendarWritten(calendar_id=row.pk, version=row.version)
    journal.record(event, subject=row, actor=writer, at=at)
    return row


def _existing(calendar_id: int, version: int) -> WorkingCalendar:
    row = WorkingCalendar.objects.select_for_update(of=("self",)).filter(pk=calendar_id).first()
    if row is None:
        raise NotFound("There is no such calendar.", next_step="Go back to the calendars.")
    require_version(version, row.version)
    return row


def _require_writes(writer: Person, cluster: Cluster | None) -> None:
    if cluster is not None:
        require_keeps_metric(standing(writer, cluster), of=cluster.name)
    elif Capability.MANAGE_BOARD not in writer.capabilities:
        raise NotAllowed(
            "Only board chairs and administrators write the federation's calendars.", next_step="Ask one of them."
        )
