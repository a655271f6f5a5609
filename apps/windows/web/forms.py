"""Forms of the windows pages. They check shape; what is allowed is decided by the actions."""

from typing import Any

from django import forms

from apps.accounts.models import Person
from apps.clusters.models import Cluster, Tier
from apps.clusters.web.forms import RefusableForm
from apps.windows.models import WindowKind
from apps.windows.web import comes_back
from apps.windows.web.comes_back import ComesBackForm
from apps.windows.web.fields import WallClock

LONGEST_REASON = 2_000
# What the rule field suggests; anything else RFC 5545 knows from a day upwards may be written instead.
SUGGESTIONS = (
    ("FREQ=DAILY", "every day"),
    ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "every working day"),
    ("FREQ=WEEKLY;BYDAY=SU", "every Sunday"),
    ("FREQ=MONTHLY;BYDAY=2SA", "the second Saturday of the month"),
    ("FREQ=MONTHLY;BYMONTHDAY=-1", "the last day of the month"),
    ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24", "every 24 December"),
)


class WindowForm(ComesBackForm):
    name = forms.CharField(max_length=120)
    start_local = WallClock(label="First starts", help_text="Wall clock of the zone below.")
    duration_minutes = forms.IntegerField(label="Lasts (minutes)", min_value=5, max_value=60 * 24 * 92, initial=240)
    zone = forms.CharField(max_length=64, help_text="An IANA name such as Europe/Berlin.")
    tiers = forms.TypedMultipleChoiceField(
        choices=Tier.choices, coerce=int, required=False, label="Only components of tier", empty_value=[]
    )
    reason = forms.CharField(
        max_length=LONGEST_REASON, required=False, widget=forms.Textarea(attrs={"rows": 3}), label="What it is for"
    )
    field_order = ["name", "start_local", "duration_minutes", "zone", *comes_back.FIELDS]


class PlanWindowForm(WindowForm):
    """A new window; whose it is and of which kind stays as it was planned."""

    kind = forms.ChoiceField(choices=WindowKind.choices)
    cluster = forms.ModelChoiceField(
        queryset=Cluster.objects.none(), to_field_name="slug", required=False, empty_label="the whole federation"
    )
    field_order = ["name", "kind", "cluster", *WindowForm.field_order[1:]]

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["cluster"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Cluster.objects.visible_to(person).order_by("name")


class ChangeWindowForm(WindowForm):
    version = forms.IntegerField(widget=forms.HiddenInput)


class ReasonForm(RefusableForm):
    reason = forms.CharField(max_length=LONGEST_REASON, label="Why", widget=forms.Textarea(attrs={"rows": 2}))


class WindowFilterForm(forms.Form):
    """The filters of the list; they live in the address."""

    kind = forms.ChoiceField(required=False, choices=[("", "every kind"), *WindowKind.choices])
    cluster = forms.SlugField(required=False, max_length=80, widget=forms.TextInput(attrs={"list": "clusters"}))
    retired = forms.BooleanField(required=False, label="Show retired ones")
