"""What the caller of the API may do at all. What concerns one object is decided by the action, on top of this."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from apps.accounts import rules
from apps.accounts.models import ApiKey, Person
from apps.accounts.rules import Scope
from apps.kernel.refusals import NotAllowed


class SignedInWithinScope(BasePermission):
    """A person, and where they call by key, a key whose scopes reach this view.

    A view names `scope_for_writes` (a handler may name its own `scope`); without one no key may write there, only a
    person in a browser. Auditors write nothing anywhere.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        """False asks for a sign-in (401); a person who may not is told why (403)."""
        person = request.user
        if not isinstance(person, Person):
            return False
        if getattr(view, "needs_role", True):
            rules.require_reader(person.capabilities)
        writes = request.method not in SAFE_METHODS
        if writes:
            rules.require_writer(person.roles)
        if isinstance(request.auth, ApiKey):
            _require_scope(request.auth, _scope_for(view) if writes else Scope.READ)
        return True


def _scope_for(view: Any) -> Scope | None:
    handler = getattr(view, getattr(view, "action", None) or "", None)
    scope: Scope | None = getattr(handler, "scope", None) or getattr(view, "scope_for_writes", None)
    return scope


def _require_scope(key: ApiKey, scope: Scope | None) -> None:
    if scope is None:
        raise NotAllowed(
            "No API key may do this.", next_step="Sign in with a browser and do it there.", code="not_by_key"
        )
    if scope not in key.scopes:
        raise NotAllowed(
            f"This API key lacks the scope “{scope}”.",
            next_step="Make a key with that scope on the page “API keys”.",
            code="scope_missing",
        )
