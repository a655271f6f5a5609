"""GET /freezes/check: what a pipeline hears before it deploys."""

from datetime import datetime, timedelta

import pytest

from apps.accounts.actions import make_api_key
from apps.clusters.models import Cluster, Visibility
from apps.windows.actions.freezes import draft_freeze, enforce_freeze, preview_freeze
from apps.windows.actions.recurring import plan_window
from tests.conftest import signed_in

CHECK = "/api/v1/freezes/check/"
TIME = {"start": "2026-03-10T10:00:00Z", "end": "2026-03-10T11:00:00Z"}


def freeze(author, enforcer, clusters, at, **more):
    values = {"name": "Closing", "reason": "", "strength": "hard", "zone": "UTC", "tiers": [], "types": []}
    values |= {"start_local": datetime(2026, 3, 10), "end_local": datetime(2026, 3, 11), "exemptions": []}
    made = draft_freeze(author=author, clusters=clusters, values=values | more, at=at)
    preview_freeze(freeze_id=made.pk, viewer=author, version=1, at=at)
    return enforce_freeze(freeze_id=made.pk, enforcer=enforcer, version=1, at=at)


def test_stopped_with_the_reason_and_until_when(ada, omar, admin, payments, logistics, noon):
    made = freeze(omar, admin, [payments], noon)
    client = signed_in(ada)
    said = client.get(CHECK, TIME | {"cluster": "payments"}).json()
    assert said["verdict"] == "stopped"
    assert [(one["freeze"], one["until"]) for one in said["reasons"]] == [(made.pk, "2026-03-11T00:00:00Z")]
    assert client.get(CHECK, TIME | {"cluster": "logistics"}).json() == {
        "verdict": "clear",
        "start_at": "2026-03-10T10:00:00Z",
        "end_at": "2026-03-10T11:00:00Z",
        "reasons": [],
        "in_maintenance_window": None,
    }
    assert client.get(CHECK, TIME).json()["verdict"] == "stopped"  # nothing told: the stricter outcome


def test_a_soft_one_warns_and_an_exemption_clears(ada, omar, admin, payments, noon):
    spared = [{"types": ["emergency"], "risk_at_most": 2, "reason": "fire"}]
    freeze(omar, omar, [payments], noon, strength="soft", exemptions=spared)
    client, asked = signed_in(ada), TIME | {"cluster": "payments"}
    assert client.get(CHECK, asked).json()["verdict"] == "warned"
    assert client.get(CHECK, asked | {"type": "emergency"}).json()["verdict"] == "warned"  # a risk that is not known
    said = client.get(CHECK, asked | {"type": "emergency", "risk": 2}).json()
    assert (said["verdict"], "fire" in said["reasons"][0]["exemption"]) == ("clear", True)


def test_a_component_brings_its_cluster_and_its_tier(ada, omar, admin, payments, ledger, noon):
    freeze(omar, admin, [payments], noon, tiers=[0])
    assert signed_in(ada).get(CHECK, TIME | {"component": "payments/ledger"}).json()["verdict"] == "clear"


def test_a_change_is_read_from_its_own_facts(waiting, ada, omar, admin, payments, noon):
    freeze(omar, admin, [payments], noon)
    client = signed_in(ada)
    assert client.get(CHECK, TIME | {"change": waiting.reference}).json()["verdict"] == "stopped"
    assert client.get(CHECK, {"change": waiting.reference}).json()["verdict"] == "clear"  # now is not then
    assert client.get(CHECK, {"change": "CHG-9999999"}).status_code == 404


def test_blackouts_stop_and_maintenance_windows_are_told(ada, omar, payments, noon):
    values = {"name": "Quiet", "start_local": datetime(2026, 3, 10, 9), "duration_minutes": 240, "zone": "UTC"}
    plan_window(planner=omar, cluster=payments, kind="maintenance", values=values, at=noon)
    client, asked = signed_in(ada), TIME | {"cluster": "payments"}
    said = client.get(CHECK, asked).json()
    assert (said["verdict"], said["in_maintenance_window"]) == ("clear", True)
    plan_window(planner=omar, cluster=payments, kind="blackout", values=values, at=noon)
    assert client.get(CHECK, asked).json()["verdict"] == "stopped"


def test_what_one_may_not_see_stops_without_its_name(ada, omar, admin, payments, noon):
    freeze(omar, admin, [payments], noon)
    Cluster.objects.filter(pk=payments.pk).update(visibility=Visibility.RESTRICTED)
    said = signed_in(ada).get(CHECK, TIME).json()
    assert (said["verdict"], said["reasons"][0]["freeze"]) == ("stopped", None)
    assert "Closing" not in str(said)
    assert signed_in(ada).get(CHECK, TIME | {"cluster": "payments"}).status_code == 404


def test_a_key_that_only_reads_may_ask(client, ada, payments, noon):
    expires_at = datetime.now(noon.tzinfo) + timedelta(days=1)
    new = make_api_key(
        owner=ada, maker=ada, name="ci", scopes=["read"], expires_at=expires_at, at=datetime.now(noon.tzinfo)
    )
    headers = {"authorization": f"Bearer {new.token}"}
    assert client.get(CHECK, {"cluster": "payments"}, headers=headers).json()["verdict"] == "clear"


@pytest.mark.parametrize(
    "asked",
    [
        {"start": "soon"},
        {"end": "2020-01-01T00:00:00Z"},
        {"start": "2026-01-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"},
        {"start": "9999-12-31T23:59:59Z"},
        {"risk": "9"},
        {"type": "party"},
        {"component": "no/such"},
        {"clutser": "payments"},
    ],
)
def test_what_makes_no_sense_is_refused(ada, asked):
    answer = signed_in(ada).get(CHECK, asked)
    assert answer.status_code == 422
    assert answer.json()["next_step"]
