"""The targets of metrics: all of them with how they stand, and setting one."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.actions.targets import set_target, withdraw_target
from apps.cab.models import MetricTarget
from apps.cab.queries.targets import targets_of
from apps.cab.web.programme import tabs
from apps.cab.web.tables import TARGETS
from apps.cab.web.target_forms import TargetForm
from apps.kernel.answers import went
from apps.kernel.exports import asked, listed
from apps.kernel.refusals import NotFound, Refusal


@require_http_methods(["GET", "POST"])
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """Every target this person may know of; a POST sets one."""
    if kind := asked(request):
        return listed(TARGETS, kind, targets_of(request.user).all)
    form = TargetForm(request.POST or None, person=request.user, initial={"owner": request.user.handle})
    if request.method == "POST" and form.is_valid():
        try:
            set_target(setter=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "cab:targets")
    context: dict[str, Any] = {
        "targets": targets_of(request.user).all,
        "form": form,
        "may_set": form.is_bound
        or request.user.may(Capability.SET_TARGETS)
        or request.user.may(Capability.MANAGE_CLUSTER),
        "tabs": tabs("cab:targets"),
    }
    return render(request, "cab/targets.html", context, status=422 if form.errors else 200)


@require_POST
@signed_in
def withdraw(request: PersonRequest, target_id: int) -> HttpResponse:
    """Take a target away."""
    target = MetricTarget.objects.visible_to(request.user).filter(pk=target_id).first()
    if target is None:
        raise NotFound("There is no such target that you may see.", next_step="Go back to the list of targets.")
    withdraw_target(target_id=target.pk, person=request.user, at=timezone.now())
    return went(request, "cab:targets")
