"""Forms of KPIs and metrics, their values, their weights, and what integrations cost. They check shape only."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms

from apps.accounts.models import Person
from apps.clusters.models import Cluster
from apps.clusters.web.forms import RefusableForm
from apps.integrations.models import Integration
from apps.kernel.refusals import Refusal
from apps.stakeholders import measures
from apps.stakeholders.models import Metric
from apps.stakeholders.rules import metrics as rules
from apps.stakeholders.rules.costs import COST_WORDS, CostKind
from apps.stakeholders.rules.metrics import COURSE_WORDS, Cadence, Course

_AREA = forms.Textarea(attrs={"rows": 3})
_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
_NUMBER: dict[str, Any] = {"max_digits": 15, "decimal_places": 4}


class MetricForm(RefusableForm):
    name = forms.CharField(max_length=rules.LONGEST_NAME)
    meaning = forms.CharField(
        widget=_AREA,
        required=False,
        max_length=rules.LONGEST_MEANING,
        help_text="What it counts, and where values that are sent come from.",
    )
    unit = forms.CharField(max_length=rules.LONGEST_UNIT, help_text="Such as working hours, EUR or %.")
    course = forms.ChoiceField(choices=[(one.value, COURSE_WORDS[one]) for one in Course], label="Direction")
    baseline = forms.DecimalField(**_NUMBER, help_text="Where it stood when you began.")
    target = forms.DecimalField(**_NUMBER)
    owner = forms.ModelChoiceField(Person.objects.none(), label="Who answers for it")
    measure = forms.ChoiceField(required=False, label="What the house computes", help_text="Nothing: see below.")
    formula = forms.CharField(
        required=False,
        max_length=600,
        help_text="Over other metrics, such as 2 × calls + 0.5 × tickets. Without one, the values are sent.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["owner"]
        people.queryset = Person.objects.filter(is_active=True).order_by("name")
        offered = sorted((one.title, name) for name, one in measures.registered().items())
        chooser: Any = self.fields["measure"]
        chooser.choices = [("", "nothing"), *((name, title) for title, name in offered)]

    def said(self) -> tuple[dict[str, Any], dict[str, Decimal]]:
        """The fields of the metric, and its formula; refuses one that cannot be read."""
        data = dict(self.cleaned_data)
        text = data.pop("formula")
        return {name: value for name, value in data.items() if name not in {"code", "cluster", "version"}}, _read(text)

    def refuse(self, refusal: Refusal) -> None:
        """Show what concerns the formula at its field."""
        if "parts" in refusal.fields:
            refusal.fields["formula"] = refusal.fields.pop("parts")
        super().refuse(refusal)


class DefineMetricForm(MetricForm):
    code = forms.CharField(max_length=rules.LONGEST_CODE, help_text="Its address and its name in formulas.")
    cluster = forms.ModelChoiceField(
        Cluster.objects.none(), required=False, empty_label="the enterprise: it is a KPI", label="Of"
    )
    cadence = forms.ChoiceField(choices=[(one.value, f"each {one.value}") for one in Cadence], label="Measured")
    field_order = ["name", "code", "cluster"]

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clusters: Any = self.fields["cluster"]
        clusters.queryset = Cluster.objects.visible_to(person).order_by("name")


class EditMetricForm(MetricForm):
    version = forms.IntegerField(widget=forms.HiddenInput)


class ValueForm(RefusableForm):
    first_on = forms.DateField(widget=_DAY, label="First day of its period")
    value = forms.DecimalField(**_NUMBER)
    note = forms.CharField(max_length=300, required=False, label="Where it comes from")
    supersedes = forms.IntegerField(
        required=False, min_value=1, label="Takes the place of", help_text="The number of a value that was wrong."
    )


class RetireForm(RefusableForm):
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), max_length=300, label="Why")


class WeightsForm(RefusableForm):
    """One number for each metric that can be aligned; an empty one is not."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, metrics: Iterable[Metric], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.codes = [one.code for one in metrics]
        for one in metrics:
            label = f"{one.name}, {one.cluster}"
            self.fields[f"weight_{one.code}"] = forms.DecimalField(
                required=False, max_digits=5, decimal_places=4, label=f"Weight of {label}"
            )
            self.fields[f"why_{one.code}"] = forms.CharField(required=False, max_length=300, label=f"Why {label}")

    def said(self) -> tuple[dict[str, Decimal], dict[str, str]]:
        """The weights and the reasons of what has a weight."""
        data = self.cleaned_data
        given = {code: data[f"weight_{code}"] for code in self.codes if data[f"weight_{code}"]}
        return given, {code: data[f"why_{code}"] for code in given}


class CostForm(RefusableForm):
    cluster = forms.ModelChoiceField(Cluster.objects.none())
    integration = forms.ModelChoiceField(Integration.objects.none(), required=False, empty_label="several, or none")
    about = forms.CharField(max_length=300, required=False, label="Spent on", help_text="Where it is not one of them.")
    kind = forms.ChoiceField(choices=[(one.value, COST_WORDS[one]) for one in CostKind])
    hours = forms.DecimalField(max_digits=8, decimal_places=2, required=False)
    rate = forms.DecimalField(max_digits=12, decimal_places=2, required=False, help_text="An hour.")
    amount = forms.DecimalField(
        max_digits=12, decimal_places=2, required=False, help_text="Of a licence or a running cost."
    )
    currency = forms.CharField(max_length=3, initial="EUR")
    from_on = forms.DateField(widget=_DAY, label="From", help_text="It falls into this month.")
    months = forms.IntegerField(min_value=1, initial=1, label="Spread over months")
    note = forms.CharField(max_length=300, required=False)

    def __init__(self, *args: Any, clusters: Any, integrations: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (("cluster", clusters), ("integration", integrations)):
            chooser: Any = self.fields[name]
            chooser.queryset = rows


class RateForm(RefusableForm):
    currency = forms.CharField(max_length=3, help_text="Three letters, such as USD.")
    rate = forms.DecimalField(
        max_digits=16, decimal_places=8, help_text="How much of the enterprise's currency one of it is worth."
    )
    as_of = forms.DateField(widget=_DAY, label="As of")


class GoingLiveForm(RefusableForm):
    integration = forms.ModelChoiceField(Integration.objects.none())
    live_on = forms.DateField(widget=_DAY, label="Live since")

    def __init__(self, *args: Any, integrations: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chooser: Any = self.fields["integration"]
        chooser.queryset = integrations


def _read(text: str) -> dict[str, Decimal]:
    return rules.formula_written(text) if text.strip() else {}
