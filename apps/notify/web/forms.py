"""What people type about webhooks."""

from django import forms

from apps.journal.events import REGISTRY, words_for
from apps.kernel.refusals import Refusal


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
