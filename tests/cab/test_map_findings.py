"""What checks of the map found stands in the dossier of a change that touches it."""

from django.urls import reverse

from apps.cab.actions import proposing
from apps.cab.models import Change
from apps.clusters import actions
from apps.clusters.models import Cluster, Finding
from apps.clusters.rules.findings import Found
from tests.cab.conftest import content
from tests.conftest import NOON, signed_in


def settle(noon, *rows):
    found = [
        Found(code="sample", key=key, severity=severity, sentence=f"Wrong: {key}.", next_step="", **about)
        for key, severity, about in rows
    ]
    actions.settle_findings(checker="sample", version=1, found=found, cluster_ids=None, at=noon)


def change_on(component, ada, *, state: str = "draft") -> Change:
    change = proposing.propose_change(requester=ada, content=content(component.cluster, component), at=NOON)
    Change.objects.filter(pk=change.pk).update(state=state)
    return change


def page(change, person) -> str:
    return signed_in(person).get(reverse("cab:change", args=[change.reference])).content.decode()


def test_open_findings_on_what_it_touches_and_on_its_cluster_are_shown_worst_first(
    ada, ledger, dispatch, payments, noon
):
    change = change_on(ledger, ada)
    settle(
        noon,
        ("note", 1, {"cluster_id": payments.pk}),
        ("blocker", 3, {"cluster_id": payments.pk, "component_id": ledger.pk}),
        ("elsewhere", 3, {"cluster_id": dispatch.cluster_id, "component_id": dispatch.pk}),
    )
    text = page(change, ada)
    assert text.index("Wrong: blocker.") < text.index("Wrong: note.")
    assert "Wrong: elsewhere." not in text


def test_waived_ones_and_those_of_a_change_that_is_over_are_not(ada, ledger, payments, noon):
    open_change, over = change_on(ledger, ada), change_on(ledger, ada, state="cancelled")
    settle(noon, ("a", 2, {"cluster_id": payments.pk, "component_id": ledger.pk}))
    assert "Wrong: a." in page(open_change, ada)
    assert "Wrong: a." not in page(over, ada)
    Finding.objects.update(state="resolved", resolved_at=noon)
    assert "Wrong: a." not in page(open_change, ada)


def test_what_tells_of_a_restricted_cluster_is_not_told(ada, auditor, ledger, payments, noon):
    vault = Cluster.objects.create(slug="vault", name="Vault", visibility="restricted")
    change = change_on(ledger, ada, state="submitted")
    settle(noon, ("far", 3, {"cluster_id": payments.pk, "component_id": ledger.pk, "counterpart_id": vault.pk}))
    assert "Wrong: far." not in page(change, ada)
    assert "Wrong: far." in page(change, auditor)
