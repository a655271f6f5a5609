"""A refusal: a sentence for a person, the next step, and the status both doors answer with."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # children with bounds say refusals too, and start in half the time without Django
    from django.core.exceptions import ValidationError
    from django.db import IntegrityError
    from django.db.models import Model


class Refusal(Exception):  # noqa: N818  # a refusal is an answer, not an error
    """The house says no. Nothing has been written.

    `sentence` says what is wrong and `next_step` what the reader can do, both in plain words. `fields` maps the name of
    an input to its own sentences. `code` is stable for programs; `status` is the HTTP status of both doors.
    """

    status = 409
    code = "refused"

    def __init__(
        self,
        sentence: str,
        *,
        next_step: str = "",
        fields: Mapping[str, Sequence[str]] | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.next_step = next_step
        self.fields = {name: list(sentences) for name, sentences in (fields or {}).items()}
        if code:
            self.code = code

    def __str__(self) -> str:
        return f"{self.sentence} {self.next_step}".strip()


class NotAllowed(Refusal):
    """The person may not do this."""

    status = 403
    code = "not_allowed"


class NotFound(Refusal):
    """There is no such thing, or the person may not know that there is."""

    status = 404
    code = "not_found"


class WrongState(Refusal):
    """The thing exists but its state does not allow this now."""

    code = "wrong_state"


class Conflict(Refusal):
    """Something that already exists stands against this."""

    code = "conflict"


class StaleRevision(Refusal):
    """The caller saw an older revision than the one in force."""

    status = 412
    code = "stale_revision"


class Invalid(Refusal):
    """The input does not fit."""

    status = 422
    code = "invalid"


class TooLarge(Refusal):
    """The input is over its bound."""

    status = 413
    code = "too_large"


def refusal_from_constraint(error: "IntegrityError", *models: "type[Model]") -> Refusal:
    """Turn a violated database constraint into the sentence its model declares for people.

    Looks the constraint's name up in `models`; an unknown constraint is a bug, so the error is raised again.
    """
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    for model in models:
        for constraint in model._meta.constraints:
            if constraint.name == name:
                return Conflict(
                    str(constraint.violation_error_message),
                    next_step="Look at what is there already, and correct what you sent.",
                    code=constraint.violation_error_code or "conflict",
                )
    raise error


def refusal_from_validation(error: "ValidationError") -> Invalid:
    """Turn Django's validation errors into one refusal that names each field."""
    fields = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    first = next((sentence for sentences in fields.values() for sentence in sentences), "The input does not fit.")
    return Invalid(first, next_step="Correct it and send it again.", fields=fields)
