"""Forms of the freezes pages. They check shape; what is allowed is decided by the actions."""

from typing import Any

from django import forms

from apps.accounts.models import Person
from apps.accounts.rules import Role
from apps.cab.models import ChangeType
from apps.clusters.models import Cluster, Tier
from apps.clusters.web.forms import RefusableForm
from apps.windows.models import Freeze, Strength
from apps.windows.rules.exemptions import HIGHEST_RISK, LONGEST_REASON, MOST_EXEMPTIONS
from apps.windows.web.fields import WallClock

_ROLES = [(role.value, role.replace("_", " ")) for role in Role]
_RISKS = [("", "any risk"), *((str(n), f"risk {n} at most") for n in range(1, HIGHEST_RISK + 1))]
_EXEMPTS = ("roles", "types", "risk", "why")


class FreezeForm(RefusableForm):
    """A freeze, with room for as many exemptions as it may have; an exemption that names nothing is left out."""

    name = forms.CharField(max_length=120)
    strength = forms.ChoiceField(choices=Strength.choices, initial=Strength.HARD)
    start_local = WallClock(label="Starts", help_text="Wall clock of the zone below.")
    end_local = WallClock(label="Ends")
    zone = forms.CharField(max_length=64, help_text="An IANA name such as Europe/Berlin.")
    reason = forms.CharField(max_length=2_000, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    tiers = forms.TypedMultipleChoiceField(
        choices=Tier.choices, coerce=int, required=False, label="Only components of tier", empty_value=[]
    )
    types = forms.MultipleChoiceField(choices=ChangeType.choices, required=False, label="Only changes of type")

    def __init__(self, *args: Any, freeze: Freeze | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).update(_initial(freeze) if freeze else {})
        super().__init__(*args, **kwargs)
        for n in range(1, MOST_EXEMPTIONS + 1):
            several = forms.MultipleChoiceField
            self.fields[f"roles_{n}"] = several(choices=_ROLES, required=False, label="Implementer is")
            self.fields[f"types_{n}"] = several(choices=ChangeType.choices, required=False, label="Type is")
            self.fields[f"risk_{n}"] = forms.ChoiceField(choices=_RISKS, required=False, label="Risk")
            self.fields[f"why_{n}"] = forms.CharField(max_length=LONGEST_REASON, required=False, label="Because")

    def exemptions(self) -> list[tuple[int, list[forms.BoundField], bool]]:
        """Each exemption's number and fields, and whether it is shown open: something stands in it."""
        slots = []
        for n in range(1, MOST_EXEMPTIONS + 1):
            fields = [self[f"{name}_{n}"] for name in _EXEMPTS]
            slots.append((n, fields, n == 1 or any(field.value() or field.errors for field in fields)))
        return slots

    def values(self) -> dict[str, Any]:
        """What the actions take."""
        data = self.cleaned_data
        names = ("name", "strength", "start_local", "end_local", "zone", "reason", "tiers", "types")
        slots = [
            {
                "roles": data[f"roles_{n}"],
                "types": data[f"types_{n}"],
                "risk_at_most": int(data[f"risk_{n}"]) if data[f"risk_{n}"] else None,
                "reason": data[f"why_{n}"],
            }
            for n in range(1, MOST_EXEMPTIONS + 1)
        ]
        return {name: data[name] for name in names} | {"exemptions": [one for one in slots if any(one.values())]}


class DraftFreezeForm(FreezeForm):
    """A new freeze; the clusters it is limited to stay as they were drafted."""

    clusters = forms.ModelMultipleChoiceField(
        queryset=Cluster.objects.none(),
        to_field_name="slug",
        required=False,
        label="Only clusters",
        help_text="None: the whole federation.",
    )
    field_order = ["name", "strength", "clusters"]

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["clusters"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = Cluster.objects.visible_to(person).order_by("name")


class ChangeFreezeForm(FreezeForm):
    version = forms.IntegerField(widget=forms.HiddenInput)


class VersionForm(RefusableForm):
    """Which version was on the page."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)


def _initial(freeze: Freeze) -> dict[str, Any]:
    slots: dict[str, Any] = {}
    for n, one in enumerate(freeze.exemptions, 1):
        slots |= {f"roles_{n}": one["roles"], f"types_{n}": one["types"], f"why_{n}": one["reason"]}
        slots[f"risk_{n}"] = str(one["risk_at_most"] or "")
    return {**vars(freeze), **slots}
