"""Forms of the trust pages. They check shape; what is allowed is decided by the actions."""

from typing import Any

from django import forms

from apps.clusters.web.forms import RefusableForm, WordsField
from apps.trust.formats.bundles import MOST_BYTES
from apps.trust.models import TokenFormat, TrustDomain
from apps.trust.rules.domains import LONGEST_REASON, LONGEST_S, SHORTEST_S
from apps.trust.rules.tokens import ASYMMETRIC
from apps.trust.rules.tokens import MOST_BYTES as MOST_OF_TOKEN

_REASON = forms.Textarea(attrs={"rows": 2})


class DomainForm(RefusableForm):
    name = forms.CharField(max_length=255, label="Trust domain", help_text="As in SPIFFE IDs: payments.example.")
    issuer = forms.CharField(max_length=300, help_text="What its tokens say in “iss”: an https address.")
    token_format = forms.ChoiceField(choices=TokenFormat.choices, label="Its tokens are")
    audience = forms.CharField(max_length=200, help_text="What tokens for this cluster say in “aud”.")
    algorithms = forms.MultipleChoiceField(
        choices=[(one, one) for one in ASYMMETRIC], widget=forms.CheckboxSelectMultiple, label="It signs with"
    )
    lifetime_s = forms.IntegerField(
        min_value=SHORTEST_S, max_value=LONGEST_S, initial=3_600, label="Tokens live", help_text="Seconds, at most."
    )
    claims = WordsField(required=False, max_length=3_000, help_text="What they carry beside “sub”, commas between.")
    jwks_url = forms.CharField(
        max_length=300, required=False, label="Keys are fetched from", help_text="Empty: the bundle is uploaded."
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class BundleForm(RefusableForm):
    file = forms.FileField(
        max_length=200,
        label="Bundle",
        help_text=f"A JWK Set or a SPIFFE bundle, public keys only; {MOST_BYTES >> 10} KB.",
    )

    def clean_file(self) -> Any:
        """Refuse what is over the bound before reading it."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(f"A bundle has at most {MOST_BYTES >> 10} KB.")
        return file


class RotationForm(RefusableForm):
    kid = forms.CharField(max_length=200, widget=forms.HiddenInput)
    on = forms.DateField(label="Replace it on", widget=forms.DateInput(attrs={"type": "date"}))


class LinkForm(RefusableForm):
    target = forms.CharField(max_length=255, label="Who is to believe it", help_text="The name of a trust domain.")
    claims = WordsField(required=False, max_length=3_000, help_text="What survives the step, commas between.")
    most_steps = forms.IntegerField(min_value=1, max_value=10, initial=1, help_text="Of a whole chain over it.")
    ends_on = forms.DateField(required=False, label="Ends on", widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(widget=_REASON, max_length=LONGEST_REASON)


class EndForm(RefusableForm):
    reason = forms.CharField(widget=_REASON, max_length=LONGEST_REASON)


class TokenForm(RefusableForm):
    """A token to check. Its text is never drawn again: a page that is kept would keep it."""

    token = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
        max_length=MOST_OF_TOKEN,
        help_text="A compact JWT. It is read once and kept nowhere.",
    )
    issuer = forms.ModelChoiceField(queryset=TrustDomain.objects.none(), label="Who issued it")
    callee = forms.ModelChoiceField(queryset=TrustDomain.objects.none(), label="Who is to believe it")
