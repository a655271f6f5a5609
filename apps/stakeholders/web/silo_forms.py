"""Forms of silos. They check shape; what is allowed is decided by the actions."""

from collections.abc import Sequence
from typing import Any

from django import forms

from apps.accounts.models import Person
from apps.clusters.models import Cluster
from apps.clusters.web.forms import RefusableForm
from apps.stakeholders.rules.required_links import MOST_VOLUME, REASON_WORDS
from apps.stakeholders.rules.silo_survey import (
    LONGEST_LINE,
    LONGEST_REASON,
    MARKS,
    MOST_COUNT,
    MOST_HOURS,
    QUESTIONS,
    WAY_WORDS,
    Period,
)
from apps.stakeholders.rules.silos import WEIGHTS, WORDS, Indicator
from apps.stakeholders.web.forms import HandleField

_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class RoundForm(RefusableForm):
    closes_on = forms.DateField(widget=_DAY, label="Last day to answer")


def _weighed(indicator: Indicator) -> str:
    return "Percent." if WEIGHTS[indicator] else "Percent; 0 leaves it beside the score."


class WeightsForm(RefusableForm):
    """One weight an indicator."""

    reason = forms.CharField(max_length=LONGEST_LINE, label="Why")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = {
            one.value: forms.IntegerField(min_value=0, max_value=100, label=WORDS[one], help_text=_weighed(one))
            for one in Indicator
        }
        self.fields = {**fields, **self.fields}

    @property
    def weights(self) -> dict[str, int]:
        """What was written."""
        return {one.value: self.cleaned_data[one.value] for one in Indicator}


class AnswerForm(RefusableForm):
    """Every question with its mark and its reason; `sides` names those one may answer for, where it is both."""

    def __init__(self, *args: Any, sides: Sequence[Cluster], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(sides) > 1:
            self.fields["side"] = forms.ChoiceField(
                choices=[(one.slug, one.name) for one in sides], label="You answer for"
            )
        for name, text in QUESTIONS.items():
            self.fields[name] = forms.TypedChoiceField(
                choices=[(mark, f"{mark} {word}") for mark, word in MARKS.items()],
                coerce=int,
                widget=forms.RadioSelect,
                label=text,
            )
            self.fields[f"why_{name}"] = forms.CharField(
                max_length=LONGEST_REASON,
                required=False,
                label="Why",
                help_text="Needed with 0 and 1.",
                widget=forms.TextInput(attrs={"aria-label": f"Why: {text}"}),
            )

    @property
    def marks(self) -> dict[str, int]:
        """A mark each question."""
        return {name: self.cleaned_data[name] for name in QUESTIONS}

    @property
    def reasons(self) -> dict[str, str]:
        """A reason each question, or none."""
        return {name: self.cleaned_data[f"why_{name}"] for name in QUESTIONS}


class HandOffForm(RefusableForm):
    source = forms.ModelChoiceField(
        queryset=Cluster.objects.none(), label="From", to_field_name="slug", empty_label=None
    )
    what = forms.CharField(max_length=LONGEST_LINE, help_text="What is passed, such as “Refund list”.")
    way = forms.ChoiceField(choices=list(WAY_WORDS.items()), label="How")
    count = forms.IntegerField(min_value=1, max_value=MOST_COUNT, label="How many")
    period = forms.ChoiceField(choices=[(one.value, f"a {one.value}") for one in Period], label="How often")
    delay_hours = forms.FloatField(
        min_value=0,
        max_value=MOST_HOURS,
        required=False,
        label="Waits",
        help_text="Hours until the other side takes it up, usually; may stay empty.",
    )
    evidence = forms.CharField(max_length=LONGEST_LINE, help_text="Who counted, or where it was read.")

    def __init__(self, *args: Any, clusters: tuple[Cluster, Cluster], **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "handoff_%s", **kwargs})  # beside another form with the same fields
        rows = Cluster.objects.filter(pk__in=[one.pk for one in clusters]).order_by("name")
        self.fields["source"].queryset = rows  # type: ignore[attr-defined]


class LinkForm(RefusableForm):
    """What is said of a required link."""

    reason = forms.ChoiceField(choices=list(REASON_WORDS.items()), label="Because")
    why = forms.CharField(max_length=LONGEST_LINE, label="Why", help_text="Which workflow, data or aim.")
    owner = HandleField(label="Who answers for it", help_text="A handle.")
    volume = forms.IntegerField(
        min_value=1,
        max_value=MOST_VOLUME,
        required=False,
        label="Would pass a month",
        help_text="About; may stay empty.",
    )


class RequiredLinkForm(LinkForm):
    source = forms.ModelChoiceField(queryset=Cluster.objects.none(), label="From", to_field_name="slug")
    target = forms.ModelChoiceField(queryset=Cluster.objects.none(), label="To", to_field_name="slug")
    field_order = ["source", "target"]

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Cluster.objects.visible_to(person).order_by("name")
        for end in ("source", "target"):
            self.fields[end].queryset = rows  # type: ignore[attr-defined]


class EditLinkForm(LinkForm):
    version = forms.IntegerField(widget=forms.HiddenInput)


class ReasonForm(RefusableForm):
    reason = forms.CharField(max_length=LONGEST_LINE, label="Why")


class SiloActionForm(RefusableForm):
    what = forms.CharField(max_length=LONGEST_LINE, label="What is to be done")
    owner = HandleField(label="Who does it", help_text="A handle; they are reminded.")
    due_on = forms.DateField(widget=_DAY, label="By when")
    indicator = forms.ChoiceField(
        choices=[("", "none in particular"), *((one.value, WORDS[one]) for one in Indicator)],
        required=False,
        label="It should move",
    )
    advice_key = forms.CharField(max_length=120, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "action_%s", **kwargs})  # beside another form with the same fields


class MoveActionForm(RefusableForm):
    state = forms.ChoiceField(choices=[(one, one) for one in ("started", "done", "dropped")])
    outcome = forms.CharField(max_length=LONGEST_LINE, required=False, label="What came of it")
