"""The enterprise floor of thresholds: its versions, writing the next, adopting it."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters.rules.parts import Standing
from apps.journal.queries import timeline
from apps.kernel.answers import went
from apps.kernel.refusals import Refusal
from apps.stakeholders.actions import thresholds as actions
from apps.stakeholders.models import ThresholdFloor
from apps.stakeholders.queries import thresholds as queries
from apps.stakeholders.rules.negotiating import require_may_write_floor
from apps.stakeholders.rules.thresholds import difference
from apps.stakeholders.states import FloorState
from apps.stakeholders.web.margin import lines
from apps.stakeholders.web.threshold_forms import LEVELS, DigestForm, FloorForm, sheet_from, sheet_of


@require_GET
@signed_in
def page(request: PersonRequest, number: int) -> HttpResponse:
    """One version of the floor: what it says, and what it changes."""
    return _page(request, queries.floor_numbered(number))


@require_http_methods(["GET", "POST"])
@signed_in
def write(request: PersonRequest) -> HttpResponse:
    """Write the draft of the next floor, from the one in force, or go on with the draft."""
    require_may_write_floor(Standing(request.user.capabilities))
    draft = queries.floors().filter(state=FloorState.DRAFT).first()
    first = draft or queries.floor_in_force()
    sheet = sheet_of(queries.columns(), queries.thresholds_of(first))
    form = FloorForm(
        request.POST or None,
        initial={"note": draft.note if draft else "", "based_on": draft.version if draft else 0},
    )
    if request.method == "POST":
        sheet = sheet_from(request.POST)
    if request.method == "POST" and form.is_valid():
        try:
            floor = actions.write_floor(
                author=request.user,
                thresholds=sheet.as_data(queries.columns()),
                at=timezone.now(),
                **form.cleaned_data,
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:threshold_floor", floor.number)
    context = {
        "form": form,
        "title": "Draft of the enterprise floor",
        "rows": sheet.drawn(),
        "levels": LEVELS,
        "columns": queries.columns(),
        "back": reverse("stakeholders:thresholds"),
        "crumbs": _crumbs("Draft of the floor"),
    }
    return render(request, "stakeholders/threshold_form.html", context, status=form.answer_status())


@require_POST
@signed_in
def adopt(request: PersonRequest, number: int) -> HttpResponse:
    """Put a draft of the floor in force."""
    floor, form = queries.floor_numbered(number), DigestForm(request.POST)
    if form.is_valid():
        try:
            actions.adopt_floor(floor_id=floor.pk, adopter=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:threshold_floor", number)
    return _page(request, floor, form)


@require_POST
@signed_in
def discard(request: PersonRequest, number: int) -> HttpResponse:
    """Give up a draft of the floor."""
    actions.discard_floor(floor_id=queries.floor_numbered(number).pk, person=request.user, at=timezone.now())
    return went(request, "stakeholders:threshold_floor", number)


def _page(request: PersonRequest, floor: ThresholdFloor, refused: DigestForm | None = None) -> HttpResponse:
    earlier = queries.floors().exclude(state=FloorState.DISCARDED).filter(number__lt=floor.number)
    before = earlier.order_by("-number").first()
    said = queries.thresholds_of(floor)
    may_write = request.user.may(Capability.MANAGE_BOARD)
    context = {
        "floor": floor,
        "lines": queries.lines_of(floor),
        "before": before,
        "difference": difference(queries.columns(), queries.thresholds_of(before), said) if before else [],
        "idle": queries.proof_of(said, None).idle,
        "may_write": may_write,
        "may_adopt": may_write and floor.state == FloorState.DRAFT and floor.written_by_id != request.user.pk,
        "versions": queries.floors().order_by("-number")[:50],
        "form": refused or DigestForm(initial={"digest": floor.digest}),
        "refused": refused,
        "entries": lines(timeline(floor, limit=30)),
        "crumbs": _crumbs(f"Version {floor.number} of the floor"),
    }
    status = refused.answer_status() if refused else 200
    return render(request, "stakeholders/threshold_floor.html", context, status=status)


def _crumbs(label: str) -> list[dict[str, str]]:
    return [{"label": "Thresholds", "url": reverse("stakeholders:thresholds")}, {"label": label}]
