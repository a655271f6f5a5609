"""What people type about webhooks."""

from typing import Any

from django import forms

from apps.journal.events import REGISTRY, words_for
from apps.kernel.refusals import Refusal
from apps.notify.models import DigestPlan

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class DigestForm(forms.Form):
    """When a digest of one's inbox comes by mail."""

    frequency = forms.ChoiceField(
        choices=[("off", "never"), ("daily", "every day"), ("weekly", "every week")], label="A digest comes"
    )
    weekday = forms.TypedChoiceField(coerce=int, choices=list(enumerate(WEEKDAYS)), label="On (weekly ones)")
    hour = forms.TypedChoiceField(coerce=int, choices=[(n, f"{n:02}:00") for n in range(24)], label="At")

    @classmethod
    def initial_of(cls, plan: DigestPlan | None) -> dict[str, Any]:
        """What the form shows: the plan as it is, or off."""
        if plan is None:
            return {"frequency": "off", "weekday": 0, "hour": 7}
        return {"frequency": plan.frequency, "weekday": plan.weekday, "hour": plan.hour}


class EndpointForm(forms.Form):
    """A webhook."""

    url = forms.CharField(max_length=500, label="Address", help_text="https:// and a public host.")
    description = forms.CharField(max_length=200, required=False)
    events = forms.MultipleChoiceField(
        required=False, help_text="None chosen: every event.", widget=forms.SelectMultiple(attrs={"size": 10})
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["events"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = sorted((name, f"{name} · {words_for(name)}") for name in REGISTRY)

    def refuse(self, refusal: Refusal) -> None:
        """Show a refusal above the form, with its next step."""
        self.add_error(None, str(refusal))
