"""What a finding of a review must say before it is kept. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta

from apps.kernel.refusals import Invalid

LONGEST_QUESTION = 300
LONGEST_ANSWER = 4_000
MOST_INCIDENTS, LONGEST_INCIDENT = 20, 200
LATEST_DUE = timedelta(days=730)  # a promise for later is none


def required_text(text: str, *, name: str, prompt: str, most: int) -> str:
    """The text without blanks around it; refuses none at all and more than `most` characters."""
    told = text.strip()
    if not told:
        raise Invalid(prompt, next_step="A sentence is enough.", fields={name: ["Missing."]})
    if len(told) > most:
        raise Invalid(
            f"That has {len(told):,} characters.",
            next_step=f"Say it in at most {most:,}.",
            fields={name: ["Too long."]},
        )
    return told


def require_scope(*, type: str, component: object, component_kind: str) -> None:  # noqa: A002  # the field's own name
    """Refuse a check that would come up on everything."""
    if not (type or component or component_kind):
        raise Invalid(
            "Say on which changes it comes up.",
            next_step="Choose a type of change, a component, or a kind of component.",
            fields={"type": ["Choose at least one of the three."]},
        )


def require_references(incidents: Sequence[str]) -> list[str]:
    """The references without blanks and repetitions; refuses more than twenty, and one of over 200 characters."""
    told = list(dict.fromkeys(one.strip() for one in incidents if one.strip()))
    if len(told) > MOST_INCIDENTS or any(len(one) > LONGEST_INCIDENT for one in told):
        sentence = f"At most {MOST_INCIDENTS} incidents, each named in {LONGEST_INCIDENT} characters."
        raise Invalid(sentence, next_step="Name the gravest.", fields={"incidents": [sentence]})
    return told


def require_due(due_on: date, *, today: date) -> None:
    """Refuse a day that has passed, and one more than two years ahead."""
    if not today <= due_on <= today + LATEST_DUE:
        sentence = "The day lies between today and two years from now."
        raise Invalid(sentence, next_step="Choose another day.", fields={"due_on": [sentence]})
