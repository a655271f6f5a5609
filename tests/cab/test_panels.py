"""The pages of a cluster and a component show the changes on their way there, as far as the reader may see them."""

from apps.cab.actions import flow, proposing
from apps.clusters.models import Cluster, Visibility
from tests.cab.conftest import content
from tests.conftest import NOON, make_person, signed_in

NOTHING = "No change is on its way here."


def read(person, subject) -> str:
    return signed_in(person).get(subject.get_absolute_url()).content.decode()


def test_the_governing_cluster_the_touched_one_and_the_component_show_it(ada, cleo, payments, ledger, dispatch):
    change = proposing.propose_change(requester=ada, content=content(payments, ledger, dispatch), at=NOON)
    for subject in (payments, dispatch.cluster, ledger, dispatch):
        assert NOTHING in read(cleo, subject)  # a draft is its author's
    flow.submit_change(change_id=change.pk, submitter=ada, at=NOON)
    for subject in (payments, dispatch.cluster, ledger, dispatch):
        assert change.reference in read(cleo, subject)


def test_what_is_over_is_left_to_the_list(submitted, ada, cleo, payments):
    flow.cancel_change(change_id=submitted.pk, person=ada, reason="No longer needed.", at=NOON)
    page = read(cleo, payments)
    assert NOTHING in page
    assert "/changes/?cluster=payments" in page


def test_a_change_of_a_hidden_cluster_stays_hidden_on_the_open_one_it_touches(ada, cleo, auditor, payments, dispatch):
    nils = make_person("nils", "requester")
    change = proposing.propose_change(requester=nils, content=content(payments, dispatch), at=NOON)
    flow.submit_change(change_id=change.pk, submitter=nils, at=NOON)
    Cluster.objects.filter(pk=payments.pk).update(visibility=Visibility.RESTRICTED)
    assert change.reference not in read(cleo, dispatch)
    assert change.reference in read(auditor, dispatch)
