"""Protocols of escalation, who is away, and when people work."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters.queries import standing, visible_cluster
from apps.journal.queries import timeline
from apps.kernel.answers import went
from apps.kernel.refusals import NotFound, Refusal
from apps.stakeholders.actions import calendars as calendar_actions
from apps.stakeholders.actions import protocols as actions
from apps.stakeholders.models import EscalationProtocol, ProtocolVersion, WorkingCalendar
from apps.stakeholders.queries import escalations as queries
from apps.stakeholders.queries.costs import calendar_of
from apps.stakeholders.rules import escalation as rules
from apps.stakeholders.rules.escalation import TRIGGER_WORDS, Trigger
from apps.stakeholders.rules.metrics import require_keeps_metric
from apps.stakeholders.states import ProtocolState
from apps.stakeholders.web.escalation_forms import (
    ACTS,
    AbsenceForm,
    CalendarForm,
    ProtocolForm,
    SimulationForm,
    StepsForm,
    asked_choices,
    drawn,
    rows_from,
    rows_of,
    steps_said,
)
from apps.stakeholders.web.ladder import act_words, asked_words, span
from apps.stakeholders.web.margin import lines
from apps.stakeholders.web.threshold_forms import DigestForm


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponse:
    """Every protocol with its published steps."""
    return _listing(request)


@require_POST
@signed_in
def make(request: PersonRequest) -> HttpResponse:
    """Make one; its steps are written next."""
    form = ProtocolForm(request.POST)
    if form.is_valid():
        try:
            row = actions.make_protocol(maker=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:write_protocol_steps", row.slug)
    return _listing(request, form)


@require_GET
@signed_in
def page(request: PersonRequest, protocol: str) -> HttpResponse:
    """One protocol: its versions, and what the draft would change."""
    return _page(request, queries.protocol_named(protocol))


@require_http_methods(["GET", "POST"])
@signed_in
def write(request: PersonRequest, protocol: str) -> HttpResponse:
    """Write the steps of the next version."""
    row = queries.protocol_named(protocol)
    rules.require_writes(request.user.capabilities)
    versions = list(queries.versions_of(row).exclude(state=ProtocolState.DISCARDED)[:1])
    draft = next((one for one in versions if one.state == ProtocolState.DRAFT), None)
    form = StepsForm(request.POST or None, initial={"based_on": draft.version if draft else 0})
    rows = rows_from(request.POST) if request.method == "POST" else rows_of(versions[0].steps.all() if versions else [])
    if request.method == "POST" and form.is_valid():
        try:
            said = steps_said(rows)
            actions.write_steps(protocol=row, author=request.user, steps=said, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:protocol", protocol)
    context = {
        "form": form,
        "protocol": row,
        "rows": drawn(rows),
        "asked": asked_choices(),
        "acts": ACTS,
        "crumbs": _crumbs("Steps", row),
    }
    return render(request, "stakeholders/protocol_steps.html", context, status=form.answer_status())


@require_POST
@signed_in
def publish(request: PersonRequest, protocol: str) -> HttpResponse:
    """Let new cases follow the draft."""
    row, form = queries.protocol_named(protocol), DigestForm(request.POST)
    if form.is_valid():
        try:
            actions.publish_protocol(
                version_id=_draft(row).pk, publisher=request.user, at=timezone.now(), **form.cleaned_data
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:protocol", protocol)
    return _page(request, row, form)


@require_POST
@signed_in
def discard(request: PersonRequest, protocol: str) -> HttpResponse:
    """Give the draft up."""
    draft = _draft(queries.protocol_named(protocol))
    actions.discard_steps(version_id=draft.pk, person=request.user, at=timezone.now())
    return went(request, "stakeholders:protocol", protocol)


@require_GET
@signed_in
def simulate(request: PersonRequest, protocol: str) -> HttpResponse:
    """Who would be asked when, if nobody ever answered."""
    row = queries.protocol_named(protocol)
    version = queries.published_version(row) or queries.versions_of(row).first()
    now = timezone.localtime().strftime("%Y-%m-%dT%H:%M")
    sent = {"clusters": request.GET.getlist("clusters"), "start": request.GET.get("start") or now}
    form = SimulationForm(sent if request.GET else None, person=request.user, initial={"start": now})
    rows: list[dict[str, Any]] = []
    if version is not None and form.is_valid():
        start = form.cleaned_data["start"] or timezone.now()
        try:
            rows = _planned(version, list(form.cleaned_data["clusters"]), start)
        except Refusal as refusal:
            form.refuse(refusal)
    context = {
        "protocol": row,
        "version": version,
        "form": form,
        "rows": rows,
        "crumbs": _crumbs("Who would be asked when", row),
    }
    return render(request, "stakeholders/protocol_simulation.html", context, status=200 if not form.errors else 422)


@require_http_methods(["GET", "POST"])
@signed_in
def absences(request: PersonRequest) -> HttpResponse:
    """Who is away: no case asks them then."""
    people = Person.objects.filter(is_active=True).order_by("name")
    if Capability.MANAGE_PEOPLE not in request.user.capabilities:
        people = people.filter(pk=request.user.pk)
    form = AbsenceForm(request.POST or None, people=people, initial={"person": request.user})
    if request.method == "POST" and form.is_valid():
        try:
            actions.record_absence(recorder=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:absences")
    context = {
        "form": form,
        "rows": queries.absences(today=timezone.now().date()),
        "may_end_all": Capability.MANAGE_PEOPLE in request.user.capabilities,
        "crumbs": _crumbs("Who is away"),
    }
    return render(request, "stakeholders/absences.html", context, status=form.answer_status())


@require_POST
@signed_in
def end_absence(request: PersonRequest, pk: int) -> HttpResponse:
    """Say that somebody is back."""
    actions.end_absence(absence_id=pk, person=request.user, at=timezone.now())
    return went(request, "stakeholders:absences")


@require_GET
@signed_in
def calendars(request: PersonRequest) -> HttpResponse:
    """When people work, by calendar."""
    rows = [(one, calendar_of(one).words, list(one.holidays.all())) for one in queries.calendars_seen_by(request.user)]
    context = {
        "rows": rows,
        "may_write": request.user.may(Capability.MANAGE_BOARD),
        "today": timezone.now().date(),
        "crumbs": _crumbs("Calendars"),
    }
    return render(request, "stakeholders/calendars.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def write_calendar(request: PersonRequest, pk: int | None = None) -> HttpResponse:
    """Write a calendar; a new one is the federation's, or (?cluster=) a cluster's own."""
    row = _calendar(pk, request.user) if pk else None
    slug = request.GET.get("cluster", "")
    cluster = row.cluster if row else visible_cluster(slug, request.user) if slug else None
    if cluster is None:
        rules.require_writes(request.user.capabilities)
    else:
        require_keeps_metric(standing(request.user, cluster), of=cluster.name)
    form = CalendarForm(request.POST or None, initial=_initial(row))
    if request.method == "POST" and form.is_valid():
        try:
            said = form.said()
            calendar_actions.write_calendar(
                cluster=cluster, writer=request.user, calendar_id=pk, at=timezone.now(), **said
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:calendars")
    context = {
        "form": form,
        "title": f"Calendar of {cluster or 'the federation'}" if row is None else f"Edit {row}",
        "back": reverse("stakeholders:calendars"),
        "crumbs": _crumbs("Calendar"),
    }
    return render(request, "stakeholders/form.html", context, status=form.answer_status())


def _listing(request: PersonRequest, form: ProtocolForm | None = None) -> HttpResponse:
    rows = [(one, queries.published_version(one)) for one in queries.protocols().order_by("name")]
    may_write = request.user.may(Capability.MANAGE_BOARD)
    context = {
        "rows": [(one, version, _told(version)) for one, version in rows],
        "may_write": may_write,
        "form": form or ProtocolForm(),
        "refused": form,
        "crumbs": _crumbs("Protocols"),
    }
    return render(request, "stakeholders/protocols.html", context, status=form.answer_status() if form else 200)


def _page(request: PersonRequest, protocol: EscalationProtocol, refused: DigestForm | None = None) -> HttpResponse:
    versions = [(one, _told(one)) for one in queries.versions_of(protocol)[:20]]
    draft = next((one for one, _ in versions if one.state == ProtocolState.DRAFT), None)
    may_write = request.user.may(Capability.MANAGE_BOARD)
    context = {
        "protocol": protocol,
        "versions": versions,
        "draft": draft,
        "trigger": TRIGGER_WORDS[Trigger(protocol.trigger)] if protocol.trigger else "",
        "hours": calendar_of(protocol.calendar).words,
        "may_write": may_write,
        "may_publish": may_write and draft is not None and draft.written_by_id != request.user.pk,
        "form": refused or DigestForm(initial={"digest": draft.digest if draft else ""}),
        "refused": refused,
        "entries": lines(timeline(protocol, limit=30)),
        "crumbs": _crumbs(protocol.name, None),
    }
    status = refused.answer_status() if refused else 200
    return render(request, "stakeholders/protocol.html", context, status=status)


def _told(version: ProtocolVersion | None) -> list[tuple[int, str, str, str]]:
    """Its steps as number, whom, what for, how long."""
    if version is None:
        return []
    return [(one.number, asked_words(one), act_words(one), span(one.limit)) for one in version.steps.all()]


def _planned(version: ProtocolVersion, clusters: list[Any], start: datetime) -> list[dict[str, Any]]:
    found = queries.simulated(version, clusters, start)
    ids = {pk for one in found for pk in (*one.on_call.asked, *(who for who, _ in one.on_call.recused))}
    names = {one.pk: one.name for one in Person.objects.filter(pk__in=ids)}
    steps = {one.number: one for one in version.steps.all()}
    return [
        {
            "number": one.step.number,
            "who": asked_words(steps[one.step.number]),
            "asked": [names[pk] for pk in one.on_call.asked],
            "recused": [f"{names[pk]} ({why})" for pk, why in one.on_call.recused],
            "plan": one,
        }
        for one in found
    ]


def _draft(protocol: EscalationProtocol) -> ProtocolVersion:
    found = queries.versions_of(protocol).filter(state=ProtocolState.DRAFT).first()
    if found is None:
        raise NotFound("There is no draft.", next_step="Write the next steps first.")
    return found


def _calendar(pk: int, person: Person) -> WorkingCalendar:
    found = queries.calendars_seen_by(person).filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such calendar.", next_step="Go back to the calendars.")
    return found


def _initial(row: WorkingCalendar | None) -> dict[str, Any]:
    if row is None:
        return {"opens": "09:00", "closes": "17:00"}
    days = sorted(row.holidays.all(), key=lambda one: one.day)
    fields = {name: getattr(row, name) for name in ("name", "zone", "opens", "closes", "weekdays", "version")}
    return fields | {"holidays": "\n".join(f"{one.day.isoformat()} {one.name}" for one in days)}


def _crumbs(label: str, protocol: EscalationProtocol | None = None) -> list[dict[str, str]]:
    first = [{"label": "Escalations", "url": reverse("stakeholders:escalations")}]
    middle = [{"label": str(protocol), "url": protocol.get_absolute_url()}] if protocol else []
    return [*first, *middle, {"label": label}]
