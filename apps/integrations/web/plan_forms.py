"""Forms of isolation plans, rehearsals and the cut-off. They check shape; what is allowed is decided by the actions."""

from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from apps.accounts.models import Person
from apps.clusters.models import Cluster
from apps.clusters.web.forms import RefusableForm
from apps.integrations.models.plans import MODES, WRITERS
from apps.integrations.queries.cutoff import Question, places_of
from apps.integrations.rules.isolation import MOST_BACKLOG, Rehearsed
from apps.integrations.rules.needs import LONGEST_TEXT, MOST_S

_AREA = forms.Textarea(attrs={"rows": 3})
_HOW_LONG = [
    (600, "10 minutes"),
    (3_600, "1 hour"),
    (4 * 3_600, "4 hours"),
    (8 * 3_600, "8 hours"),
    (86_400, "1 day"),
    (3 * 86_400, "3 days"),
    (7 * 86_400, "a week"),
]
USUAL_S = 8 * 3_600


class PlanForm(RefusableForm):
    mode = forms.ChoiceField(choices=MODES, label="While it is cut off")
    holds_s = forms.IntegerField(
        min_value=1,
        max_value=MOST_S,
        required=False,
        label="For at most",
        help_text="Seconds. Serve stale: how old an answer may become. Static answer, degrade: empty is without end.",
    )
    backlog = forms.IntegerField(
        min_value=1, max_value=MOST_BACKLOG, required=False, label="Backlog", help_text="Queue: how many may wait."
    )
    drain_per_s = forms.FloatField(
        required=False,
        min_value=0,
        label="Sent afterwards",
        help_text="Queue: how many a second, once both are back.",
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    conflict = forms.ChoiceField(
        choices=[("", "not a queue"), *WRITERS],
        required=False,
        label="Whose word counts",
        help_text="Queue: where both sides wrote while they were apart.",
    )
    reconciliation = forms.CharField(
        widget=_AREA,
        required=False,
        max_length=LONGEST_TEXT,
        label="When both are back",
        help_text="How both sides come to the same again.",
    )
    steps = forms.CharField(
        widget=_AREA,
        required=False,
        max_length=LONGEST_TEXT,
        label="At the cut",
        help_text="What people do, a step a line. Empty: it goes by itself.",
    )
    owner = forms.CharField(
        max_length=150, required=False, label="Who answers for it", help_text="A handle. Empty: you, or who does now."
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def clean_owner(self) -> Person | None:
        """The person of that handle; None where nobody is named."""
        handle = self.cleaned_data["owner"].lstrip("@").lower()
        found = Person.objects.filter(handle=handle).first() if handle else None
        if handle and found is None:
            raise forms.ValidationError("There is nobody of that handle.")
        return found


class PlanEndForm(RefusableForm):
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), max_length=LONGEST_TEXT)


class RehearsalForm(RefusableForm):
    outcome = forms.ChoiceField(choices=[(Rehearsed.HELD, "it held"), (Rehearsed.FAILED, "it failed")])
    held_s = forms.IntegerField(min_value=0, max_value=MOST_S, label="It went on for", help_text="Seconds.")
    rehearsed_at = forms.DateTimeField(
        label="When", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    notes = forms.CharField(widget=_AREA, max_length=LONGEST_TEXT, help_text="What was done and seen.")
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rehearsed_at"].help_text = f"By the clocks of {zone.key}."


class CutOffForm(RefusableForm):
    clusters = forms.MultipleChoiceField(required=False, label="Clusters")
    places = forms.MultipleChoiceField(required=False, label="Or places")
    apart = forms.BooleanField(required=False, label="Each of them alone, also from each other")
    lasts_s = forms.TypedChoiceField(
        choices=_HOW_LONG, coerce=int, empty_value=str(USUAL_S), required=False, label="For"
    )

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seen = Cluster.objects.visible_to(person).order_by("name", "pk").values_list("slug", "name")
        self.fields["clusters"].choices = list(seen)  # type: ignore[attr-defined]
        self.fields["places"].choices = places_of(person)  # type: ignore[attr-defined]

    def question(self) -> Question:
        """What was asked; only of a valid form."""
        asked = self.cleaned_data
        return Question(
            tuple(asked["clusters"]), tuple(asked["places"]), asked["apart"], int(asked["lasts_s"] or USUAL_S)
        )
