"""The dossier of a change shows how the integrations of what it touches are built, as far as the reader may know."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.cab.actions import flow, proposing
from apps.cab.queries.patterns import SHOWN
from apps.clusters.models import Cluster, Component, Visibility
from apps.integrations import actions
from apps.integrations.models import PatternDecision
from tests.cab.conftest import content
from tests.conftest import NOON, signed_in
from tests.integrations.conftest import API, NEEDS, api, decided, integration, nora  # noqa: F401

HEADING = "Integrations of what it touches"


@pytest.fixture
def change(ada, payments, ledger):
    return proposing.propose_change(requester=ada, content=content(payments, ledger), at=NOON)


def panel(person, change) -> str:
    page = signed_in(person).get(change.get_absolute_url()).content.decode()
    return page.split('<section id="patterns"')[1].split("</section>")[0] if HEADING in page else ""


def test_what_is_touched_without_an_integration_says_so(change, ada):
    assert "Nothing that it touches takes part in an integration" in panel(ada, change)


def test_a_change_that_touches_nothing_shows_no_panel(ada, payments):
    bare = proposing.propose_change(requester=ada, content=content(payments), at=NOON)
    assert panel(ada, bare) == ""


def test_it_says_what_is_open_decided_and_reopened(change, integration, nora, ada):  # noqa: F811
    said = panel(ada, change)
    assert "Nobody has decided on a pattern yet." in said
    assert f'href="/integrations/{integration.pk}/decision/"' in said
    assert "Logistics uses Ledger of Payments" in said
    decided(integration, nora, NOON)
    said = panel(ada, change)
    assert "Event-driven since" in said
    assert "reopened" not in said
    actions.describe_integration(
        integration_id=integration.pk,
        editor=nora,
        version=integration.version,
        changes={"replay_days": 3},
        at=NOON + timedelta(days=1),
    )
    said = panel(ada, change)
    assert "<b>1 decision reopened:</b> what it rested on has changed since." in said
    assert "<b>reopened</b>" in said


def test_it_says_close_calls_and_decisions_by_an_older_profile(change, integration, nora, ada):  # noqa: F811
    one = decided(integration, nora, NOON)
    said = panel(ada, change)
    assert "a close call" not in said
    assert "older profile" not in said
    same = {field.attname: getattr(one, field.attname) for field in one._meta.concrete_fields}
    one.delete()
    PatternDecision.objects.create(**same | {"is_close_call": True, "profile_version": 0})
    said = panel(ada, change)
    assert "a close call" in said
    assert "decided by an older profile of patterns" in said


def test_the_side_that_uses_sees_it_as_well(integration, ada, logistics, dispatch):  # noqa: F811
    change = proposing.propose_change(requester=ada, content=content(logistics, dispatch), at=NOON)
    assert "Dispatch with Postings API" in panel(ada, change)


def test_an_integration_with_a_hidden_end_stays_hidden(change, integration, logistics, ada, auditor):  # noqa: F811
    flow.submit_change(change_id=change.pk, submitter=ada, at=NOON)
    Cluster.objects.filter(pk=logistics.pk).update(visibility=Visibility.RESTRICTED)
    assert "Dispatch" not in panel(ada, change)
    assert "Dispatch" in panel(auditor, change)


def test_many_cost_one_question_and_the_urgent_ones_come_first(change, api, nora, ada, logistics):  # noqa: F811
    client = signed_in(ada)

    def asked() -> int:
        client.get(change.get_absolute_url())
        with CaptureQueriesContext(connection) as questions:
            client.get(change.get_absolute_url())
        return len(questions)

    none, few, made = asked(), 0, []
    for number in range(SHOWN + 3):
        few = few or (asked() if made else 0)
        one = Component.objects.create(cluster=logistics, slug=f"van-{number:02}", name=f"Van {number:02}")
        made.append(
            actions.declare_integration(consumer_id=one.pk, interface=api, declarer=nora, values=NEEDS, at=NOON)
        )
    decided(made[0], nora, NOON)
    decided(made[-1], nora, NOON)
    actions.describe_integration(
        integration_id=made[-1].pk, editor=nora, version=1, changes={"replay_days": 3}, at=NOON
    )
    assert asked() == few == none + 1
    said = panel(ada, change)
    assert said.count("<li>") == SHOWN
    assert said.index(f"Van {SHOWN + 2:02}") < said.index("Van 01")
    assert "Van 00 " not in said  # decided, so the last
    assert "Only the first are listed" in said
