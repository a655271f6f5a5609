"""Forms of thresholds: rows of conditions, level and reason, with the days and words of an offer beside them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import QueryDict

from apps.clusters.web.forms import RefusableForm
from apps.kernel.refusals import Invalid
from apps.policies.rules.columns import Column
from apps.stakeholders.rules.levels import Level, Threshold, conditions_told
from apps.stakeholders.rules.negotiating import LONGEST_NOTE
from apps.stakeholders.rules.thresholds import MOST_THRESHOLDS
from apps.stakeholders.rules.writing import conditions_written

BLANK = 3  # empty rows at the end
LEVELS = [(one.value, one.words) for one in Level if one != Level.AUTONOMOUS]
_AREA = forms.Textarea(attrs={"rows": 3})
_DAY = {"type": "date"}


@dataclass(frozen=True)
class Row:
    """One threshold as typed; without conditions and reason it is an empty row."""

    when: str = ""
    level: str = Level.NOTIFY.value
    why: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nobody wrote into it."""
        return not self.when.strip() and not self.why.strip()


@dataclass(frozen=True)
class Sheet:
    """The rows of a form, and the act on them."""

    rows: Sequence[Row] = field(default_factory=tuple)

    def as_data(self, columns: Sequence[Column]) -> list[dict[str, Any]]:
        """The rows as `thresholds_from` reads them; refuses, naming the threshold, what cannot be read."""
        data: list[dict[str, Any]] = []
        for row in self.rows:
            if row.is_empty:
                continue
            try:
                data.append({"when": _when(columns, row), "level": row.level, "why": row.why})
            except Invalid as refusal:
                sentence = f"Threshold {len(data) + 1}: {refusal.sentence}"
                raise Invalid(sentence, next_step=refusal.next_step, code=refusal.code) from refusal
        return data

    def drawn(self) -> list[Row]:
        """The rows for the template: those that hold something, and some empty ones."""
        kept = [row for row in self.rows if not row.is_empty]
        return [*kept, *[Row()] * min(BLANK, MOST_THRESHOLDS - len(kept))]


def sheet_of(columns: Sequence[Column], thresholds: Iterable[Threshold]) -> Sheet:
    """The form that shows these thresholds."""
    return Sheet([Row(conditions_told(columns, one), one.level.value, one.why) for one in thresholds])


def sheet_from(post: QueryDict) -> Sheet:
    """The form as it came; at most as many rows as a text has thresholds, and some empty ones."""
    columns = (post.getlist(name)[: MOST_THRESHOLDS + BLANK] for name in ("when", "level", "why"))
    return Sheet([Row(*row) for row in zip(*columns, strict=False)])


def _when(columns: Sequence[Column], row: Row) -> list[dict[str, Any]]:
    if not row.when.strip():
        raise Invalid(
            "A threshold names its conditions.", next_step="Write them, such as risk ≥ 4, or write “every change”."
        )
    return conditions_written(columns, row.when)


class OfferForm(RefusableForm):
    effective_on = forms.DateField(label="First day", widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"))
    review_on = forms.DateField(label="To be reviewed by", widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"))
    note = forms.CharField(widget=_AREA, max_length=LONGEST_NOTE, label="Why", help_text="To the other side.")
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)


class FloorForm(RefusableForm):
    note = forms.CharField(
        max_length=500, required=False, label="What is new", help_text="For whoever reads and adopts it."
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput, initial=0)


class DigestForm(RefusableForm):
    """The hash of the text that was read: what a signature or an adoption binds to."""

    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)


class BreakOffForm(RefusableForm):
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), max_length=LONGEST_NOTE, label="Why")
