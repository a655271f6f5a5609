"""Appointing and dismissing owners and operators, on the page of what they answer for."""

from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters import actions, queries
from apps.clusters.models import Cluster, Component
from apps.clusters.rules import Part
from apps.clusters.web.forms import PartForm
from apps.kernel.answers import is_fragment
from apps.kernel.refusals import Refusal


@require_POST
@signed_in
def appoint_to_cluster(request: PersonRequest, slug: str) -> HttpResponse:
    """Appoint someone to a cluster."""
    return _taken(request, queries.visible_cluster(slug, request.user), _appoint)


@require_POST
@signed_in
def dismiss_from_cluster(request: PersonRequest, slug: str) -> HttpResponse:
    """Dismiss someone from a cluster."""
    return _taken(request, queries.visible_cluster(slug, request.user), _dismiss)


@require_POST
@signed_in
def appoint_to_component(request: PersonRequest, pk: int) -> HttpResponse:
    """Appoint someone to a component."""
    return _taken(request, queries.visible_component(pk, request.user), _appoint)


@require_POST
@signed_in
def dismiss_from_component(request: PersonRequest, pk: int) -> HttpResponse:
    """Dismiss someone from a component."""
    return _taken(request, queries.visible_component(pk, request.user), _dismiss)


Act = Callable[[PersonRequest, Cluster | Component, PartForm], None]


def _taken(request: PersonRequest, subject: Cluster | Component, act: Act) -> HttpResponse:
    form = PartForm(request.POST)
    if form.is_valid():
        try:
            act(request, subject, form)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return _back_to(request, subject)
    return render(request, "clusters/part.html", {"form": form, "subject": subject}, status=form.answer_status())


def _appoint(request: PersonRequest, subject: Cluster | Component, form: PartForm) -> None:
    named = form.cleaned_data
    actions.appoint(
        subject=subject,
        part=Part(named["part"]),
        holder=named["holder"],
        appointer=request.user,
        at=timezone.now(),
    )


def _dismiss(request: PersonRequest, subject: Cluster | Component, form: PartForm) -> None:
    named = form.cleaned_data
    actions.dismiss(
        subject=subject,
        part=Part(named["part"]),
        holder=named["holder"],
        dismisser=request.user,
        at=timezone.now(),
    )


def _back_to(request: PersonRequest, subject: Cluster | Component) -> HttpResponse:
    if is_fragment(request):
        return HttpResponse(status=204, headers={"HX-Redirect": subject.get_absolute_url()})
    return redirect(subject)
