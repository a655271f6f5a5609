"""Templates of standard changes: the list, what could become one, a template with its record, and its acts."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.actions import standards as actions
from apps.cab.models import Change, StandardTemplate
from apps.cab.queries import standards as queries
from apps.cab.queries.whole import find
from apps.cab.rules.revisions import as_text, label_of
from apps.cab.rules.standards import FIELDS, LAST_USES
from apps.cab.states import TemplateState
from apps.cab.web.freeze_forms import VersionForm
from apps.cab.web.standard_forms import StopForm, TemplateForm, initial_of
from apps.cab.web.tables import SUGGESTIONS, TEMPLATES
from apps.clusters.web.forms import RefusableForm
from apps.clusters.web.margin import margin
from apps.journal.queries import timeline
from apps.kernel.exports import asked, export, listed
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Refusal


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """The templates this person may know of, by name; `state` narrows them."""
    rows = StandardTemplate.objects.visible_to(request.user).with_all()
    state = request.GET.get("state", "")
    if state in set(TemplateState):
        rows = rows.filter(state=state)
    if kind := asked(request):
        return export(TEMPLATES, kind, rows.order_by("name", "pk"))
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    context = {
        "page": page_by_key(rows, order=("name", "pk"), after=after, before=before),
        "states": [(one.value, one.value) for one in TemplateState],
        "state": state,
    }
    return render(request, "cab/templates.html", context)


@require_GET
@signed_in
def suggested(request: PersonRequest) -> HttpResponseBase:
    """Kinds of changes that went well often enough to be standard changes."""
    level = settings.STANDARD_CHANGE_LEVEL
    found = queries.suggestions(request.user, level=level, at=timezone.now())
    if kind := asked(request):
        return listed(SUGGESTIONS, kind, found)
    context = {
        "found": found,
        "level": level,
        "crumbs": [{"label": "Templates", "url": reverse("cab:templates")}, {"label": "Suggested"}],
        "may_propose": request.user.may(Capability.PROPOSE_CHANGE),
    }
    return render(request, "cab/template_suggestions.html", context)


@require_GET
@signed_in
def show(request: PersonRequest, pk: int) -> HttpResponse:
    """One template: what it fills in, how its changes went, what may be done with it."""
    return _page(request, queries.visible_template(pk, request.user))


@require_http_methods(["GET", "POST"])
@signed_in
def propose(request: PersonRequest, reference: str) -> HttpResponse:
    """Propose a template from a closed change."""
    change = find(reference, request.user)
    request.user.require(Capability.PROPOSE_CHANGE, to="propose a template")
    initial = {"name": change.title[:120], "most_failures": actions.USUAL_FAILURES}
    form = TemplateForm(request.POST or None, initial=initial | initial_of(actions.fields_from(change)))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = actions.propose_template(
                change_id=change.pk,
                proposer=request.user,
                name=data["name"],
                fields=form.values(),
                most_failures=data["most_failures"],
                at=timezone.now(),
            )
            return redirect(made)
        except Refusal as refusal:
            form.refuse(refusal)
    context = {"form": form, "change": change, "back": change.get_absolute_url()}
    return render(request, "cab/template_form.html", context, status=form.answer_status())


@require_http_methods(["GET", "POST"])
@signed_in
def revise(request: PersonRequest, pk: int) -> HttpResponse:
    """Write a template's next version."""
    template = queries.visible_template(pk, request.user)
    request.user.require(Capability.PROPOSE_CHANGE, to="revise templates")
    initial = {"name": template.name, "most_failures": template.most_failures, "version": template.version}
    form = TemplateForm(request.POST or None, initial=initial | initial_of(actions.latest(template).fields))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        changes = {"name": data["name"], "most_failures": data["most_failures"], "fields": form.values()}
        try:
            seen = data["version"] or 0
            return redirect(
                actions.revise_template(
                    template_id=pk, editor=request.user, version=seen, changes=changes, at=timezone.now()
                )
            )
        except Refusal as refusal:
            form.refuse(refusal)
    context = {"form": form, "template": template, "back": template.get_absolute_url()}
    return render(request, "cab/template_form.html", context, status=form.answer_status())


def _step(form_class: type[RefusableForm], act: Callable[..., object]) -> Callable[..., HttpResponseBase]:
    """A view that takes one form and does one act on the template of the address."""

    @require_POST
    @signed_in
    def view(request: PersonRequest, pk: int) -> HttpResponse:
        template, form = queries.visible_template(pk, request.user), form_class(request.POST)
        if form.is_valid():
            try:
                act(pk, request.user, {**form.cleaned_data, "at": timezone.now()})
            except Refusal as refusal:
                form.refuse(refusal)
            else:
                return redirect(template)
        return _page(request, template, form)

    return view


publish = _step(
    VersionForm, lambda pk, person, data: actions.publish_template(template_id=pk, publisher=person, **data)
)
suspend = _step(StopForm, lambda pk, person, data: actions.suspend_template(template_id=pk, suspender=person, **data))
retire = _step(StopForm, lambda pk, person, data: actions.retire_template(template_id=pk, person=person, **data))


def _page(request: PersonRequest, template: StandardTemplate, refused: RefusableForm | None = None) -> HttpResponse:
    last = queries.last_uses(template)
    newest = actions.latest(template)
    context = {
        "template": template,
        "newest": newest,
        "fields": [(label_of(name), as_text(one["value"]), one["mode"]) for name, one in _in_order(newest.fields)],
        "counts": queries.counts(template, request.user),
        "last": [one for one in last if one.pk in _readable(last, request.user)],
        "record": queries.record_of(last),
        "last_uses": LAST_USES,
        "refused": refused,
        "stop_form": refused if isinstance(refused, StopForm) else StopForm(initial={"version": template.version}),
        "entries": margin(timeline(template, limit=30)),
        "crumbs": [{"label": "Templates", "url": reverse("cab:templates")}, {"label": template.name}],
        **_offers(template, newest, request.user),
    }
    return render(request, "cab/template.html", context, status=refused.answer_status() if refused else 200)


def _in_order(fields: Any) -> list[tuple[str, Any]]:
    """The fields as people read them: the database keeps no order."""
    return [(name, fields[name]) for name in FIELDS]


def _readable(rows: list[Any], person: Person) -> set[int]:
    """Those of the changes that the person may see: a template's changes are its cluster's, a draft its authors'."""
    shown = Change.objects.visible_to(person).filter(pk__in=[one.pk for one in rows])
    return set(shown.values_list("pk", flat=True))


def _offers(template: StandardTemplate, newest: Any, person: Person) -> dict[str, bool]:
    """What the page offers this person; the actions decide again."""
    writes = person.may(Capability.PROPOSE_CHANGE)
    decides = writes and queries.may_decide(person, template)
    is_own = person.pk in {template.owner_id, newest.author_id}
    is_over = template.state == TemplateState.RETIRED
    waits = template.state in {TemplateState.PROPOSED, TemplateState.SUSPENDED} or template.in_force_id != newest.pk
    return {
        "may_use": writes and template.state == TemplateState.PUBLISHED,
        "may_revise": writes and not is_over and (decides or person.pk == template.owner_id),
        "may_publish": decides and not is_own and waits and not is_over,
        "may_suspend": decides and template.state == TemplateState.PUBLISHED,
        "may_retire": writes and not is_over and (decides or person.pk == template.owner_id),
        "waits": waits and not is_over,
    }
