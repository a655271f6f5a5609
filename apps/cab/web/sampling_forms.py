"""The forms of sampling. They check shape; what is allowed is decided by the actions."""

from django import forms

from apps.cab.models import SamplingSetting
from apps.cab.models.sampling import SampleVerdict
from apps.cab.rules.sampling import LONGEST_REASON, MOST_DAYS, MOST_MINIMUM
from apps.cab.web.forms import RefusableForm

USUAL = {"share": 10, "minimum": 3, "days": 14}


def _reason() -> forms.CharField:
    return forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), max_length=LONGEST_REASON)


class SettingForm(RefusableForm):
    """How much is drawn, of how long a time, and why."""

    share = forms.IntegerField(min_value=0, max_value=100, label="Share in percent")
    minimum = forms.IntegerField(
        min_value=0, max_value=MOST_MINIMUM, label="At least", help_text="Drawn in any case, if there are as many."
    )
    days = forms.IntegerField(min_value=1, max_value=MOST_DAYS, label="Days of a period")
    reason = _reason()
    based_on = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 2)

    @classmethod
    def initial_of(cls, setting: SamplingSetting | None, *, board_id: int | None) -> dict[str, int]:
        """What the form begins with: the setting that counts, and the version of the scope's own."""
        if setting is None:
            return USUAL | {"based_on": 0}
        version = setting.version if setting.board_id == board_id else 0
        return {"share": setting.share, "minimum": setting.minimum, "days": setting.days, "based_on": version}


class AdditionForm(RefusableForm):
    """A change that the draw did not choose, and why the board should look back at it."""

    reference = forms.CharField(
        max_length=24, label="Change", help_text="Such as CHG-1042: an emergency, or one that failed."
    )
    reason = _reason()


class VerdictForm(RefusableForm):
    """What the board would have done, and why."""

    verdict = forms.ChoiceField(
        choices=[(one.value, f"It {one.label}") for one in SampleVerdict],
        widget=forms.RadioSelect,
        label="Had the board been asked beforehand",
    )
    reason = _reason()
