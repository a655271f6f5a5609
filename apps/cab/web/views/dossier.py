"""The dossier of one change, and every act on it."""

from collections.abc import Callable
from typing import Any

from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import Person
from apps.accounts.web.people import PersonRequest, signed_in
from apps.accounts.web.undo import offer_undo
from apps.cab.actions import (
    checks,
    conditions,
    desk,
    emergencies,
    exceptions,
    flow,
    freezing,
    handing,
    observations,
    proposing,
    reviews,
    rounds,
)
from apps.cab.models import Attachment, Change, Condition, Revision
from apps.cab.panels import panels_for
from apps.cab.queries import changes, waiting
from apps.cab.queries.boards import conditions_shown_to
from apps.cab.queries.dossier import Dossier, dossier
from apps.cab.queries.named import components_named, people_named
from apps.cab.queries.whole import find
from apps.cab.rules import revisions
from apps.cab.states import ChangeState
from apps.cab.web import forms
from apps.kernel.answers import is_fragment, went
from apps.kernel.refusals import NotFound, Refusal

FORMS: dict[str, type[forms.RefusableForm]] = {
    "vote": forms.VoteForm,
    "request_changes": forms.ReasonForm,
    "raise_risk": forms.RiskForm,
    "finish": forms.OutcomeForm,
    "complete_review": forms.ReviewForm,
    "hold": forms.ReasonForm,
    "cancel": forms.ReasonForm,
    "implement_first": forms.ReasonForm,
    "acknowledge_freeze": forms.AcknowledgementForm,
    "request_exception": forms.ExceptionForm,
    "decide_exception": forms.ExceptionDecisionForm,
    "add_check": forms.CheckForm,
    "answer_check": forms.AnswerForm,
    "propose_standard_change": forms.StandardProposalForm,
    "explain_drift": forms.ExplanationForm,
    "withdraw_exception": forms.ExceptionNamedForm,
}


# Acts that ask for a reason, with their words on the decision bar.
ACT_FORMS = [
    ("request_changes", "Ask for changes"),
    ("raise_risk", "Raise the risk"),
    ("implement_first", "Begin before the decision"),
    ("hold", "Put on hold"),
    ("cancel", "Cancel the change"),
]


@require_GET
@signed_in
def show(request: PersonRequest, reference: str) -> HttpResponse:
    """The dossier."""
    found = dossier(reference, request.user, at=timezone.now())
    if found.seen != found.change.revision:
        desk.note_look(person=request.user, change=found.change, at=timezone.now())
    return page(request, found)


@require_POST
@signed_in
def vote(request: PersonRequest, reference: str) -> HttpResponse:
    """Cast a ballot. Votes are never optimistic: the page shows what the database holds."""
    change = find(reference, request.user)
    form = forms.VoteForm(request.POST)
    try:
        if form.is_valid():
            data = dict(form.cleaned_data)
            handle = data.pop("seat_of")
            seat_of = people_named([handle], field="seat_of")[0] if handle else None
            rounds.cast_vote(change_id=change.pk, voter=request.user, at=timezone.now(), seat_of=seat_of, **data)
            return went(request, change.get_absolute_url())
    except Refusal as refusal:
        form.refuse(refusal)
    return page(request, dossier(reference, request.user, at=timezone.now()), refused={"vote": form})


def _act(name: str, act: Callable[[Change, Person, dict[str, Any]], object]) -> Callable[..., HttpResponseBase]:
    """A POST of one act: its form, one action, back to the dossier; refused, the dossier with the errors."""

    @require_POST
    @signed_in
    def view(request: PersonRequest, reference: str) -> HttpResponse:
        change = find(reference, request.user)
        form = FORMS.get(name, forms.RefusableForm)(request.POST)
        try:
            if form.is_valid():
                act(change, request.user, {**form.cleaned_data, "at": timezone.now()})
                if name == "hold":
                    undoing = reverse("cab:release", args=[change.reference])
                    offer_undo(request, f"{change.reference} is on hold.", url=undoing)
                return went(request, change.get_absolute_url())
        except Refusal as refusal:
            form.refuse(refusal)
        return page(request, dossier(reference, request.user, at=timezone.now()), refused={name: form})

    return view


submit = _act("submit", lambda change, person, data: flow.submit_change(change_id=change.pk, submitter=person, **data))
begin_assessment = _act(
    "begin_assessment", lambda change, person, data: flow.begin_assessment(change_id=change.pk, assessor=person, **data)
)
hand_to_board = _act(
    "hand_to_board", lambda change, person, data: flow.hand_to_board(change_id=change.pk, assessor=person, **data)
)
request_changes = _act(
    "request_changes", lambda change, person, data: flow.request_changes(change_id=change.pk, assessor=person, **data)
)
raise_risk = _act(
    "raise_risk",
    lambda change, person, data: flow.raise_risk(change_id=change.pk, assessor=person, to=data.pop("risk"), **data),
)
schedule = _act(
    "schedule", lambda change, person, data: flow.schedule_change(change_id=change.pk, scheduler=person, **data)
)
start = _act(
    "start", lambda change, person, data: flow.start_implementation(change_id=change.pk, implementer=person, **data)
)


def _add_check(change: Change, person: Person, data: dict[str, Any]) -> object:
    name = data.pop("component")
    component = components_named([name], person)[0] if name else None
    return checks.add_check(change_id=change.pk, author=person, component=component, **data)


def _propose_standard_change(change: Change, person: Person, data: dict[str, Any]) -> object:
    owner = people_named([data.pop("owner")], field="owner")[0]
    return checks.propose_standard_change(change_id=change.pk, author=person, owner=owner, **data)


add_check = _act("add_check", _add_check)
propose_standard_change = _act("propose_standard_change", _propose_standard_change)
answer_check = _act(
    "answer_check", lambda change, person, data: checks.answer_check(change_id=change.pk, person=person, **data)
)
explain_drift = _act(
    "explain_drift",
    lambda change, person, data: observations.explain_drift(change_id=change.pk, person=person, **data),
)
implement_first = _act(
    "implement_first",
    lambda change, person, data: emergencies.implement_first(change_id=change.pk, implementer=person, **data),
)
finish = _act(
    "finish", lambda change, person, data: flow.finish_implementation(change_id=change.pk, implementer=person, **data)
)
acknowledge_freeze = _act(
    "acknowledge_freeze",
    lambda change, person, data: freezing.acknowledge_freeze(change_id=change.pk, person=person, **data),
)
request_exception = _act(
    "request_exception",
    lambda change, person, data: exceptions.request_exception(change_id=change.pk, requester=person, **data),
)
decide_exception = _act("decide_exception", lambda _, person, data: exceptions.decide_exception(decider=person, **data))
withdraw_exception = _act(
    "withdraw_exception", lambda _, person, data: exceptions.withdraw_exception(person=person, **data)
)
hold = _act("hold", lambda change, person, data: flow.hold_change(change_id=change.pk, person=person, **data))
release = _act("release", lambda change, person, data: flow.release_change(change_id=change.pk, person=person, **data))
cancel = _act("cancel", lambda change, person, data: flow.cancel_change(change_id=change.pk, person=person, **data))
complete_review = _act(
    "complete_review",
    lambda change, person, data: reviews.complete_review(change_id=change.pk, reviewer=person, **data),
)


def _open_round(change: Change, person: Person, data: dict[str, Any]) -> object:
    last = change.rounds.select_related("board").order_by("-number").first()
    if last is None:
        raise NotFound("No board has had this change yet.", next_step="Hand it to a board first.")
    return handing.open_round(change_id=change.pk, board=last.board, opener=person, **data)


open_round = _act("open_round", _open_round)


@require_POST
@signed_in
def offer_evidence(request: PersonRequest, reference: str, condition_id: int) -> HttpResponse:
    """Say how a condition has been met."""
    change, condition = _condition(request, reference, condition_id)
    conditions.offer_evidence(
        condition_id=condition.pk,
        author=request.user,
        evidence=request.POST.get("evidence", "")[:4000],
        at=timezone.now(),
    )
    return went(request, change.get_absolute_url())


@require_POST
@signed_in
def confirm_condition(request: PersonRequest, reference: str, condition_id: int) -> HttpResponse:
    """Close a condition as met."""
    change, condition = _condition(request, reference, condition_id)
    conditions.confirm_condition(condition_id=condition.pk, member=request.user, at=timezone.now())
    return went(request, change.get_absolute_url())


@require_POST
@signed_in
def waive_condition(request: PersonRequest, reference: str, condition_id: int) -> HttpResponse:
    """Close a condition without it being met."""
    change, condition = _condition(request, reference, condition_id)
    conditions.waive_condition(
        condition_id=condition.pk, chair=request.user, reason=request.POST.get("reason", "")[:4000], at=timezone.now()
    )
    return went(request, change.get_absolute_url())


@require_POST
@signed_in
def attach(request: PersonRequest, reference: str) -> HttpResponse:
    """Keep a file beside the change."""
    change = find(reference, request.user)
    form = forms.AttachmentForm(request.POST, request.FILES)
    try:
        if form.is_valid():
            upload = form.cleaned_data["file"]
            proposing.attach_file(
                change_id=change.pk, person=request.user, upload=upload, name=upload.name, at=timezone.now()
            )
            return went(request, change.get_absolute_url())
    except Refusal as refusal:
        form.refuse(refusal)
    return page(request, dossier(reference, request.user, at=timezone.now()), refused={"attach": form})


@require_GET
@signed_in
def file(request: PersonRequest, reference: str, attachment_id: int) -> HttpResponseBase:
    """A file to save, never to run in the browser."""
    attachment = Attachment.objects.filter(change=find(reference, request.user), pk=attachment_id).first()
    if attachment is None:
        raise NotFound("There is no such file on this change.", next_step="Open the change to see its files.")
    return FileResponse(
        attachment.file.open("rb"),
        as_attachment=True,
        filename=attachment.name,
        content_type="application/octet-stream",
    )


@require_POST
@signed_in
def remove_file(request: PersonRequest, reference: str, attachment_id: int) -> HttpResponse:
    """Take a file away; one button brings it back."""
    change = find(reference, request.user)
    gone = proposing.remove_file(
        change_id=change.pk, attachment_id=attachment_id, person=request.user, at=timezone.now()
    )
    was_before_a_board = change.state == ChangeState.AWAITING_AUTHORIZATION
    fell = " Ballots cast so far fell with it and do not come back." if was_before_a_board else ""
    undoing = reverse("cab:restore-file", args=[change.reference, gone.pk])
    offer_undo(request, f"{gone.name} is removed.{fell}", url=undoing)
    return went(request, change.get_absolute_url())


@require_POST
@signed_in
def restore_file(request: PersonRequest, reference: str, attachment_id: int) -> HttpResponse:
    """Bring a removed file back."""
    change = find(reference, request.user)
    proposing.restore_file(change_id=change.pk, attachment_id=attachment_id, person=request.user, at=timezone.now())
    return went(request, change.get_absolute_url())


@require_GET
@signed_in
def revision(request: PersonRequest, reference: str, number: int) -> HttpResponse:
    """One revision as it read, and what it changed against another (`?against=`; the one before when not given)."""
    change = find(reference, request.user)
    rows = list(Revision.objects.filter(change=change).select_related("author").order_by("number"))
    shown = next((one for one in rows if one.number == number), None)
    if shown is None:
        raise NotFound(
            f"{change.reference} has no revision {number}.", next_step="Open the change to see its revisions."
        )
    asked = request.GET.get("against", "")
    against = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 9 else number - 1  # noqa: PLR2004  # an int's length
    verdict = changes.diff(change, against, number) if against else revisions.EditVerdict(())
    fields = [
        (revisions.label_of(name), revisions.told(name, shown.content[name]))
        for name in revisions.FIELDS
        if name in shown.content
    ]
    context = {"change": change, "revisions": rows, "shown": shown, "fields": fields}
    context |= {"against": against, "verdict": verdict}
    return render(request, "cab/revision.html", context)


def _condition(request: PersonRequest, reference: str, condition_id: int) -> tuple[Change, Condition]:
    change = find(reference, request.user)
    condition = conditions_shown_to(change, request.user).filter(pk=condition_id).first()
    if condition is None:
        raise NotFound("There is no such condition on this change.", next_step="Open the change to see its conditions.")
    return change, condition


# Where on the form that edits a change a blocker is mended; the others are mended on the dossier.
_FIELD = {
    "components": "components",
    "implementation_plan": "implementation_plan",
    "backout_plan": "backout_plan",
    "window": "window_start",
    "people": "implementer",
}


def _mendable(found: Dossier) -> list[dict[str, str]]:
    """The blockers, each leading to where this person can mend it."""
    edit = reverse("cab:edit", args=[found.change.reference]) if "edit" in found.acts else ""
    return [
        vars(one) | {"href": f"{edit}#id_{_FIELD[one.anchor]}" if edit and one.anchor in _FIELD else ""}
        for one in found.blockers
    ]


def page(request: PersonRequest, found: Dossier, refused: dict[str, forms.RefusableForm] | None = None) -> HttpResponse:
    """The dossier's page; with forms that were refused it answers 422."""
    shown = {name: form() for name, form in FORMS.items() if name in found.acts}
    if "keep_finding" in found.acts:
        shown |= {name: FORMS[name]() for name in ("add_check", "propose_standard_change")}
    context = {
        "dossier": found,
        "change": found.change,
        "forms": {**shown, "attach": forms.AttachmentForm(), **(refused or {})},
        "sections": [
            (name, revisions.label_of(name), getattr(found.change, name))
            for name in ("purpose", "implementation_plan", "test_plan", "communication_plan", "backout_plan")
        ],
        "refused": refused,
        "act_forms": ACT_FORMS,
        "may_acknowledge": found.change.state in {ChangeState.AUTHORIZED, ChangeState.SCHEDULED},
        "blockers": _mendable(found),
        "why_no_ballot": waiting.why_no_ballot(found, request.user),
        "digest": found.change.digest or "",
        "panels": panels_for(found.change, request.user),
        "votes_here": any(seat.person_id == request.user.pk for seat in found.seats) and not found.is_barred,
    }
    template = "cab/_dossier.html" if is_fragment(request) and refused is None else "cab/dossier.html"
    return render(request, template, context, status=422 if refused else 200)
