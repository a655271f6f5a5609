"""Pages of the portal: home, search, preferences, the living style page."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.actions.people import set_preferences
from apps.accounts.web.people import PersonRequest, at_home, signed_in
from apps.portal import queries
from apps.portal.web.places import places
from apps.portal.web.specimens import specimens


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Home is where one's work waits."""
    del request
    return redirect("cab:queue")


@require_GET
@signed_in
def search(request: PersonRequest) -> HttpResponse:
    """Everything that matches; a fragment for the command palette."""
    words = request.GET.get("q", "")
    context = {"words": words, "found": [*places(words, request.user), *queries.search(words, request.user)]}
    template = (
        "portal/_found.html" if request.headers.get("HX-Request") or request.GET.get("part") else "portal/search.html"
    )
    return render(request, template, context)


@require_GET
def design(request: HttpRequest) -> HttpResponse:
    """The living style page."""
    return render(request, "portal/design.html", specimens())


@require_POST
@at_home
def preferences(request: PersonRequest) -> HttpResponse:
    """Set theme, density or zone, and go back to where one was."""
    wanted = {name: request.POST[name] for name in ("theme", "density", "zone") if name in request.POST}
    set_preferences(person=request.user, at=timezone.now(), **wanted)
    back = request.POST.get("next", "/")
    is_ours = url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return redirect(back if is_ours else "/")
