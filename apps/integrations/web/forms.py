"""Forms of the pages of integrations. They check shape; what is allowed is decided by the actions."""

from typing import Any

from django import forms

from apps.clusters.models import DataClass
from apps.clusters.web.forms import RefusableForm
from apps.integrations.models.edges import (
    CONSISTENCIES,
    COUPLINGS,
    KINDS,
    ORDERINGS,
    PROTOCOL_CHOICES,
)
from apps.integrations.rules.needs import LONGEST_ADDRESS, LONGEST_NAME, LONGEST_TEXT, RANGES
from apps.integrations.rules.words import Consistency, Coupling, Direction, Ordering

_AREA = forms.Textarea(attrs={"rows": 3})
_DIRECTIONS = [
    (Direction.READS.value, "reads what the provider keeps"),
    (Direction.WRITES.value, "writes, or tells it to"),
]


def _whole(name: str, *, label: str, text: str, required: bool = True) -> forms.IntegerField:
    bounds = RANGES[name]
    return forms.IntegerField(
        min_value=int(bounds.least), max_value=int(bounds.most), label=label, help_text=text, required=required
    )


def _decimal(name: str, *, label: str, text: str, required: bool = True) -> forms.FloatField:
    bounds = RANGES[name]
    return forms.FloatField(
        min_value=bounds.least,
        max_value=bounds.most,
        label=label,
        help_text=text,
        required=required,
        widget=forms.NumberInput(attrs={"step": "any"}),
    )


class InterfaceForm(RefusableForm):
    name = forms.CharField(max_length=LONGEST_NAME, help_text="Such as “Payments API” or “orders.placed”.")
    kind = forms.ChoiceField(choices=KINDS)
    port = forms.IntegerField(
        min_value=1,
        max_value=65_535,
        required=False,
        help_text="An API says it, a topic or table may, a file has none.",
    )
    protocol = forms.ChoiceField(choices=[("", "none"), *PROTOCOL_CHOICES], required=False, label="Spoken at it")
    contract_url = forms.CharField(
        max_length=LONGEST_ADDRESS, required=False, label="Contract", help_text="An https address: OpenAPI, AsyncAPI, …"
    )
    is_data_product = forms.BooleanField(required=False, label="A data product: kept for others, with a promise")
    latency_ms = _whole(
        "latency_ms", label="It answers within", text="Milliseconds, 95th percentile. Empty: unsaid.", required=False
    )
    availability_percent = _decimal(
        "availability_percent", label="It is there", text="Percent of the time. Empty: unsaid.", required=False
    )
    description = forms.CharField(widget=_AREA, required=False, max_length=20_000)


class EditInterfaceForm(InterfaceForm):
    version = forms.IntegerField(widget=forms.HiddenInput)


class NeedsForm(RefusableForm):
    purpose = forms.CharField(widget=_AREA, max_length=LONGEST_TEXT, help_text="What it is for.")
    direction = forms.ChoiceField(choices=_DIRECTIONS, label="The consumer", initial=Direction.READS.value)
    data_class = forms.ChoiceField(
        choices=DataClass.choices, label="Data that flows", initial=DataClass.INTERNAL, help_text="The strictest of it."
    )
    latency_ms = _whole(
        "latency_ms",
        label="An answer within",
        text="Milliseconds, 95th percentile. Empty: nobody waits for an answer.",
        required=False,
    )
    freshness_s = _whole("freshness_s", label="Data may be old", text="Seconds. 0: always the newest.")
    consistency = forms.ChoiceField(choices=CONSISTENCIES, initial=Consistency.EVENTUAL.value)
    ordering = forms.ChoiceField(choices=ORDERINGS, initial=Ordering.NONE.value, label="It arrives")
    rate_per_s = _decimal("rate_per_s", label="How often", text="Calls, events or records a second.")
    payload_kb = _whole("payload_kb", label="How much at once", text="Kilobytes of one call, event or file.")
    replay_days = _whole("replay_days", label="It reads again", text="Days back. 0: never.")
    availability_percent = _decimal(
        "availability_percent", label="It must be there", text="Percent of the time. Empty: unsaid.", required=False
    )
    survives_s = _whole(
        "survives_s",
        label="It goes on alone",
        text="Seconds it must work while the provider is away. 0: it may fail too.",
    )
    coupling = forms.ChoiceField(choices=COUPLINGS, initial=Coupling.MODERATE.value, label="Coupling, at most")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        usual = {"freshness_s": 60, "rate_per_s": 1, "payload_kb": 1, "replay_days": 0, "survives_s": 0}
        kwargs["initial"] = usual | dict(kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)


class IntegrationForm(NeedsForm):
    consumer = forms.CharField(max_length=300, help_text="A component: short-name, or cluster/short-name.")
    interface = forms.CharField(
        max_length=420, label="Uses", help_text="Component and interface: cluster/short-name: name."
    )
    field_order = ["consumer", "interface", "purpose"]


class EditIntegrationForm(NeedsForm):
    version = forms.IntegerField(widget=forms.HiddenInput)


class WithdrawForm(RefusableForm):
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), max_length=LONGEST_TEXT)
