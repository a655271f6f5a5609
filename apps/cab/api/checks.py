"""What `GET /freezes/check` takes and gives."""

from datetime import datetime, timedelta
from typing import Any

from rest_framework import serializers

from apps.accounts.api.bodies import Strict
from apps.accounts.models import Person
from apps.cab.models import Change, ChangeType
from apps.cab.queries.freezes import MOMENT, facts_of
from apps.cab.queries.named import components_named
from apps.cab.queries.verdicts import CLEAR, STOPPED, WARNED, Reason, Verdict, verdict_on
from apps.cab.queries.whole import find
from apps.clusters.queries import visible_cluster
from apps.kernel.refusals import Invalid
from apps.windows.rules.freezing import FreezeFacts

LONGEST = timedelta(days=92)
FIRST_YEAR, LAST_YEAR = 1970, 9000  # what instants can be reckoned with
EFFECTS = ((CLEAR, CLEAR), (WARNED, WARNED), (STOPPED, STOPPED))


class CheckIn(Strict):
    """A change, or what is to be done: the more is told, the less has to be assumed against it."""

    change = serializers.CharField(max_length=24, required=False, help_text="CHG-1042; the rest is read from it.")
    cluster = serializers.CharField(max_length=80, required=False, help_text="Short name.")
    component = serializers.CharField(max_length=300, required=False, help_text="cluster/component.")
    type = serializers.ChoiceField(choices=ChangeType.choices, required=False, help_text="normal, where left out.")
    risk = serializers.IntegerField(min_value=1, max_value=5, required=False)
    start = serializers.DateTimeField(required=False, help_text="With its offset; now, where left out.")
    end = serializers.DateTimeField(required=False, help_text="At most 92 days later; a minute, where left out.")


class ReasonOut(serializers.Serializer[Reason]):
    """One freeze or blackout over the time, and what it does."""

    sentence = serializers.CharField()
    effect = serializers.ChoiceField(choices=EFFECTS)
    until = serializers.DateTimeField()
    freeze = serializers.IntegerField(allow_null=True)
    window = serializers.IntegerField(allow_null=True)
    exemption = serializers.CharField(allow_blank=True)
    exception = serializers.IntegerField(allow_null=True, help_text="The granted exception that lets the change pass.")


class CheckOut(serializers.Serializer[Verdict]):
    """Stopped: do not deploy. Warned: a soft freeze holds that nobody has acknowledged. Clear: go."""

    verdict = serializers.ChoiceField(choices=EFFECTS)
    start_at = serializers.DateTimeField()
    end_at = serializers.DateTimeField()
    reasons = ReasonOut(many=True)
    in_maintenance_window = serializers.BooleanField(allow_null=True, help_text="Null: none lies near the time.")


def checked(person: Person, asked: dict[str, Any], *, at: datetime) -> Verdict:
    """The verdict on what was asked; refuses unknown things and a time that is none."""
    start_at = asked.get("start", at)
    if not FIRST_YEAR < start_at.year < LAST_YEAR:
        sentence = f"The year {start_at.year} is out of range."
        raise Invalid(sentence, next_step="Ask about a nearer time.", fields={"start": [sentence]})
    end_at = asked.get("end", start_at + MOMENT)
    if not start_at < end_at <= start_at + LONGEST:
        sentence = f"The time ends after it starts and lasts at most {LONGEST.days} days."
        raise Invalid(sentence, next_step="Ask for a shorter time.", fields={"end": [sentence]})
    if "change" in asked:
        rows = Change.objects.visible_to(person).select_related("cluster", "implementer")
        change = find(asked["change"], person, rows)
        return verdict_on(person, facts_of(change, start_at, end_at), change=change)
    return verdict_on(person, _facts(person, asked, start_at, end_at))


def _facts(person: Person, asked: dict[str, Any], start_at: datetime, end_at: datetime) -> FreezeFacts:
    parts = components_named([asked["component"]], person) if "component" in asked else []
    clusters = {one.cluster_id for one in parts}
    if "cluster" in asked:
        clusters.add(visible_cluster(asked["cluster"], person).pk)
    return FreezeFacts(
        window_start_at=start_at,
        window_end_at=end_at,
        cluster_ids=frozenset(clusters),
        tiers=frozenset(one.tier for one in parts),
        type=asked.get("type", ChangeType.NORMAL.value),
        risk=asked.get("risk"),
        roles=frozenset(str(role) for role in person.roles),
    )
