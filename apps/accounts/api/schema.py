"""How views become OpenAPI: what every operation of the house has in common is added here, once."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from apps.accounts.api import idempotency
from apps.kernel.problems import PROBLEM_TYPE

MEANINGS = {
    400: "The body is not JSON.",
    401: "No valid API key or session.",
    403: "The caller may not do this.",
    404: "Nothing here, or the caller may not see it.",
    409: "Its state, or something that exists, does not allow this.",
    412: "The object changed since it was read.",
    413: "The body is too large.",
    415: "Not a content type this takes.",
    422: "The input does not fit.",
    428: "The edit carries no If-Match.",
    429: "Too many calls; see Retry-After.",
}

# Fields of bodies that say what the caller had read: an older sight of it is refused.
SEEN = {"version", "revision", "based_on", "digest", "seen", "inputs_sha256"}


class Problem(serializers.Serializer[Any]):
    """A refusal as problem details (RFC 9457)."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable, for programs.")
    detail = serializers.CharField(help_text="A sentence for a person.")
    next_step = serializers.CharField(required=False, help_text="What the reader can do.")
    errors = serializers.DictField(  # type: ignore[assignment]  # a field here; the base has a property of that name
        child=serializers.ListField(child=serializers.CharField()), required=False, help_text="Sentences by field."
    )


class Schema(AutoSchema):
    """drf-spectacular's schema, reading `takes` and `gives` from handlers and adding headers and refusals."""

    def get_request_serializer(self) -> Any:
        if self._fact("gives", missing=True) is not True:
            return self._fact("takes")
        return super().get_request_serializer()

    def get_response_serializers(self) -> Any:
        gives = self._fact("gives", missing=True)
        if gives is True:
            return super().get_response_serializers()
        if gives is None:
            return {204: None}
        if self._fact("many"):
            return gives(many=True)
        return {self._fact("status") or 200: gives}

    def get_summary(self) -> str | None:
        """The first sentence of what the handler says of itself."""
        said = " ".join((self.get_description() or "").split())
        return said.split(". ")[0].rstrip(".")[:120] or None

    def get_filter_backends(self) -> list[Any]:
        """Filters are those of the viewset's own rows: they say nothing about its further lists."""
        further = getattr(self.view, "action", "list") not in ("list", None)
        return [] if further else list(super().get_filter_backends())

    def get_override_parameters(self) -> list[Any]:
        parameters = []
        if self.method == "POST" and self._has_caller():
            parameters.append(
                OpenApiParameter(
                    idempotency.HEADER,
                    {"type": "string", "minLength": 1, "maxLength": idempotency.LONGEST, "pattern": "^[!-~]+$"},
                    OpenApiParameter.HEADER,
                    description="Repeating the call with this key returns the first answer instead of a second effect.",
                )
            )
        if self._fact("edits"):
            parameters.append(
                OpenApiParameter(
                    "If-Match", str, OpenApiParameter.HEADER, required=True, description="The ETag of what was read."
                )
            )
        return parameters

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        if not self._has_caller():
            return bodies
        problem = self.resolve_serializer(Problem, "response").ref
        for status in self._refusals():
            bodies.setdefault(
                str(status), {"description": MEANINGS[status], "content": {PROBLEM_TYPE: {"schema": problem}}}
            )
        return dict(sorted(bodies.items()))

    def _refusals(self) -> list[int]:
        """Which refusals this operation can answer with."""
        statuses = {401, 403, 422, 429}
        if "{" in self.path or self._fact("looks_up") or getattr(self.view, "looks_up", False):
            statuses.add(404)
        if self.method in ("POST", "PUT", "PATCH", "DELETE"):
            statuses |= {404, 409, 413}
        if self._fact("takes") or (self.method == "POST" and getattr(self.view, "takes_body", False)):
            statuses |= {400, 415}
        if SEEN & set(getattr(self._fact("takes"), "_declared_fields", ())):
            statuses.add(412)
        if self._fact("edits"):
            statuses |= {412, 428}
        return sorted(statuses)

    def _has_caller(self) -> bool:
        return bool(self.view.get_authenticators())

    def _fact(self, name: str, *, missing: Any = None) -> Any:
        """What `read` or `write` left on the handler of this operation."""
        handler = getattr(self.view, getattr(self.view, "action", None) or "", None)
        return getattr(handler, name, missing)
