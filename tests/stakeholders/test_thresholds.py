"""The floor and the agreements on thresholds: offers, signatures, the proof at signing, and what is in force."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from guardian.shortcuts import assign_perm

from apps.accounts.rules import Role
from apps.clusters import checks
from apps.clusters.actions.checks import ask_for_check
from apps.clusters.models import Finding
from apps.journal.actions import deliver_due
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal, StaleRevision, WrongState
from apps.notify.models import Notice
from apps.stakeholders.actions import thresholds as actions
from apps.stakeholders.models import ThresholdAgreement, ThresholdFloor, ThresholdOffer, ThresholdSignature
from apps.stakeholders.queries import thresholds as queries
from apps.stakeholders.states import MACHINES
from apps.stakeholders.tasks import begin_agreements
from tests.conftest import make_person
from tests.stakeholders.negotiating import (
    FLOOR_TEXT,
    REVIEW,
    TEXT,
    WEAK,
    adopt,
    agree,
    at_least,
    counter,
    propose,
    sign,
)

DAY = timedelta(days=1)
FACTS = {
    "type": "normal", "category": "software", "risk": 2, "cluster": "payments", "clusters_touched": 1, "tier": 2,
    "data_class": "public", "downtime": 0, "day": "weekday", "working_hours": "no", "notice": 48,
    "backout_plan": "yes", "test_plan": "yes",
}  # fmt: skip


def level(cluster, **facts):
    found = queries.judged(cluster.pk, FACTS | facts)
    return found and found.level.value


# The floor


def test_the_floor_is_written_by_one_and_adopted_by_another(ben, admin, ada, noon):
    with pytest.raises(NotAllowed, match="chair or an administrator writes"):
        actions.write_floor(author=ada, thresholds=FLOOR_TEXT, note="", at=noon)
    draft = actions.write_floor(author=ben, thresholds=FLOOR_TEXT, note="The first.", at=noon)
    with pytest.raises(NotAllowed, match="Nobody adopts a floor they wrote"):
        actions.adopt_floor(floor_id=draft.pk, adopter=ben, digest=draft.digest, at=noon)
    with pytest.raises(StaleRevision):
        actions.adopt_floor(floor_id=draft.pk, adopter=admin, digest="0" * 64, at=noon)
    floor = actions.adopt_floor(floor_id=draft.pk, adopter=admin, digest=draft.digest, at=noon)
    assert (floor.state, floor.number, floor.adopted_by) == ("in_force", 1, admin)
    with pytest.raises(IntegrityError), transaction.atomic():
        ThresholdFloor.objects.filter(pk=floor.pk).update(adopted_by=ben)


def test_a_draft_of_the_floor_is_written_anew_only_from_the_one_that_was_seen(ben, admin, noon):
    draft = actions.write_floor(author=ben, thresholds=FLOOR_TEXT, note="", at=noon)
    with pytest.raises(StaleRevision):
        actions.write_floor(author=admin, thresholds=TEXT, note="", at=noon)
    again = actions.write_floor(author=admin, thresholds=TEXT, note="", at=noon, based_on=draft.version)
    assert (again.pk, again.written_by, again.version) == (draft.pk, admin, 2)
    assert actions.discard_floor(floor_id=again.pk, person=ben, at=noon).state == "discarded"
    assert actions.write_floor(author=ben, thresholds=TEXT, note="", at=noon).number == 2


def test_the_text_of_an_adopted_floor_never_changes(floor, ben, admin, noon):
    second = adopt(ben, admin, noon, TEXT)
    floor.refresh_from_db()
    assert (floor.state, second.number) == ("superseded", 2)
    for row in (floor, second):
        with pytest.raises(IntegrityError), transaction.atomic():
            ThresholdFloor.objects.filter(pk=row.pk).update(thresholds=[])
    with pytest.raises(IntegrityError), transaction.atomic():
        floor.delete()


# The negotiation


def test_either_side_proposes_the_other_counters_and_both_sign(floor, payments, omar, ben, noon):
    offer = propose(payments, omar, noon)
    assert (offer.number, offer.side, offer.agreement.state) == (1, "cluster", "negotiating")
    second = counter(offer, ben, noon, [*TEXT, at_least("tier", 2, "notify")])
    assert (second.number, second.side) == (2, "board")
    assert sign(second, ben, noon).state == "negotiating"
    agreement = sign(second, omar, noon)
    assert (agreement.state, agreement.offer, agreement.floor) == ("in_force", second, floor)
    assert agreement.proof["floor"] == floor.digest
    assert agreement.proof["compared"] > 0
    words = list(Entry.objects.filter(event__startswith="stakeholders.").order_by("pk").values_list("event", flat=True))
    assert words[2:] == [
        "stakeholders.ThresholdsOffered",
        "stakeholders.ThresholdsOffered",
        "stakeholders.ThresholdsSigned",
        "stakeholders.ThresholdsSigned",
        "stakeholders.ThresholdsAgreed",
        "stakeholders.ThresholdsInForce",
    ]


def test_who_speaks_for_neither_side_does_not_negotiate(floor, payments, omar, ada, ben, auditor, noon):
    for person in (ada, auditor):
        with pytest.raises(NotAllowed, match="Only the owners of Payments"):
            propose(payments, person, noon)
    offer = propose(payments, omar, noon)
    for person in (ada, auditor):
        with pytest.raises(NotAllowed):
            counter(offer, person, noon)
        with pytest.raises(NotAllowed):
            sign(offer, person, noon)
        with pytest.raises(NotAllowed):
            actions.break_off(agreement_id=offer.agreement_id, person=person, reason="No.", at=noon)


def test_a_chair_who_owns_the_cluster_speaks_for_it_and_never_for_the_board(floor, payments, omar, ben, admin, noon):
    assign_perm("own_cluster", ben, payments)
    offer = propose(payments, omar, noon)
    assert sign(offer, ben, noon).state == "negotiating"
    with pytest.raises(Conflict, match="signed already"):
        sign(offer, omar, noon)
    assert sign(offer, admin, noon).state == "in_force"
    assert {one.side for one in offer.signatures.all()} == {"cluster", "board"}


def test_nobody_signs_for_both_sides_nor_accepts_their_own_offer(floor, payments, omar, ben, admin, noon):
    offer = propose(payments, ben, noon)
    sign(offer, ben, noon)
    assign_perm("own_cluster", ben, payments)
    with pytest.raises(NotAllowed, match="nobody signs for both sides"):
        sign(offer, ben, noon)
    second = counter(offer, admin, noon, [*TEXT, at_least("tier", 3, "notify")])
    assign_perm("own_cluster", admin, payments)
    with pytest.raises(NotAllowed, match="nobody accepts their own"):
        sign(second, admin, noon)
    with pytest.raises(IntegrityError), transaction.atomic():
        ThresholdSignature.objects.create(offer=offer, side="cluster", signer=ben, digest=offer.digest, signed_at=noon)


def test_a_signature_binds_to_the_text_that_was_seen(floor, payments, omar, ben, noon):
    offer = propose(payments, omar, noon)
    sign(offer, omar, noon)
    second = counter(offer, ben, noon, [*TEXT, at_least("tier", 3, "notify")])
    with pytest.raises(StaleRevision, match="not the offer that stands"):
        sign(offer, ben, noon)
    assert sign(second, ben, noon).state == "negotiating", "the signature under the first offer binds nobody"
    assert sign(second, omar, noon).state == "in_force"


def test_the_hash_covers_the_days_and_the_cluster(floor, payments, logistics, ben, noon):
    offer = propose(payments, ben, noon)
    others = [
        counter(offer, ben, noon, review_on=REVIEW + DAY),
        propose(logistics, ben, noon),
    ]
    assert len({offer.digest, *(one.digest for one in others)}) == 3


def test_an_offer_under_a_newer_one_or_saying_the_same_is_refused(floor, payments, omar, ben, noon):
    offer = propose(payments, omar, noon)
    with pytest.raises(Conflict, match="the same as offer 1"):
        counter(offer, ben, noon)
    counter(offer, ben, noon, FLOOR_TEXT)
    with pytest.raises(StaleRevision, match="Another offer was made"):
        counter(offer, omar, noon, WEAK)
    assert offer.agreement.offers.count() == 2


@pytest.mark.parametrize(
    ("days", "field"),
    [
        ({"effective_on": date(2026, 3, 1)}, "effective_on"),
        ({"effective_on": date(2027, 6, 1)}, "effective_on"),
        ({"review_on": date(2026, 3, 2)}, "review_on"),
        ({"review_on": date(2028, 6, 1)}, "review_on"),
    ],
)
def test_days_that_do_not_fit_are_refused(payments, omar, noon, days, field):
    with pytest.raises(Invalid) as refused:
        propose(payments, omar, noon, **days)
    assert list(refused.value.fields) == [field]
    assert not ThresholdAgreement.objects.exists()


def test_an_offer_says_why(payments, omar, noon):
    with pytest.raises(Invalid, match="An offer says why"):
        propose(payments, omar, noon, note="  ")


def test_of_one_cluster_one_negotiation_is_open(payments, omar, ben, noon):
    offer = propose(payments, omar, noon)
    with pytest.raises(Conflict, match="negotiated already"):
        propose(payments, ben, noon)
    actions.break_off(agreement_id=offer.agreement_id, person=ben, reason="Next year.", at=noon)
    assert propose(payments, ben, noon).agreement.number == 2


def test_what_was_broken_off_is_not_signed_any_more(floor, payments, omar, ben, noon):
    offer = propose(payments, omar, noon)
    actions.break_off(agreement_id=offer.agreement_id, person=ben, reason="Next year.", at=noon)
    with pytest.raises(WrongState, match="is broken off"):
        sign(offer, omar, noon)


def test_offers_and_signatures_are_never_rewritten(floor, payments, omar, noon):
    offer = propose(payments, omar, noon)
    sign(offer, omar, noon)
    for rows in (ThresholdOffer.objects.all(), ThresholdSignature.objects.all()):
        for act in (lambda rows=rows: rows.update(side="board"), lambda rows=rows: rows._raw_delete(rows.db)):
            with pytest.raises(IntegrityError), transaction.atomic():
                act()


# The floor at signing


def test_what_asks_less_than_the_floor_may_be_offered_but_not_signed(floor, payments, omar, ben, noon):
    offer = propose(payments, omar, noon, WEAK)
    for person in (omar, ben):
        with pytest.raises(WrongState, match="Risk 4: threshold 1 of the floor says enterprise decides") as refused:
            sign(offer, person, noon)
        assert refused.value.code == "below_floor"
    assert not ThresholdSignature.objects.exists()


def test_a_floor_raised_between_the_signatures_stops_the_second(floor, payments, omar, ben, admin, noon):
    offer = propose(payments, omar, noon)
    sign(offer, omar, noon)
    adopt(ben, admin, noon, [*FLOOR_TEXT, at_least("tier", 1, "consult")])
    with pytest.raises(WrongState, match="Risk 1, tier 1, downtime 0 minutes: threshold 3 of the floor"):
        sign(offer, ben, noon)


@pytest.mark.django_db(transaction=True)
def test_a_signature_and_a_higher_floor_take_turns(payments, omar, ben, admin, noon):
    adopt(ben, admin, noon)
    offer = propose(payments, omar, noon)
    sign(offer, omar, noon)
    draft = actions.write_floor(author=ben, thresholds=[at_least("risk", 1, "prohibited")], note="", at=noon)

    def raise_floor():
        with connection.cursor() as cursor, transaction.atomic():
            actions.adopt_floor(floor_id=draft.pk, adopter=admin, digest=draft.digest, at=noon)
            cursor.execute("SELECT pg_sleep(0.4)")
        connection.close()

    def sign_it():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.15)")
        try:
            return sign(offer, ben, noon).state
        except WrongState as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        rising, signing = pool.submit(raise_floor), pool.submit(sign_it)
        rising.result()
        assert signing.result() == "below_floor", "it waits for the new floor and is proven against that one"


@pytest.mark.django_db(transaction=True)
def test_two_signatures_of_one_side_at_once_leave_one(floor, payments, omar, noon):
    otto = make_person("otto", Role.CLUSTER_OWNER)
    assign_perm("own_cluster", otto, payments)
    offer = propose(payments, omar, noon)

    def act(person):
        try:
            return sign(offer, person, noon).state
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(act, [omar, otto]))
    assert said == ["conflict", "negotiating"]
    assert offer.signatures.count() == 1


# In force


def test_the_floor_and_the_agreement_in_force_say_the_level(floor, payments, logistics, omar, ben, noon):
    assert level(payments, clusters_touched=3) == "autonomous"
    agree(payments, omar, ben, noon)
    assert level(payments, clusters_touched=3) == "notify"
    assert level(payments, risk=4) == "enterprise_decides"
    assert level(logistics, clusters_touched=3) == "autonomous", "it is another cluster's agreement"
    assert level(logistics, risk=5) == "enterprise_decides", "the floor holds for every cluster"


def test_without_a_floor_and_an_agreement_there_is_no_level(payments):
    assert level(payments) is None


def test_a_new_floor_counts_at_once_beside_an_older_agreement(floor, payments, omar, ben, admin, noon):
    agree(payments, omar, ben, noon)
    adopt(ben, admin, noon, [*FLOOR_TEXT, at_least("tier", 2, "prohibited")])
    assert level(payments) == "prohibited"


def test_an_agreement_of_a_later_day_begins_on_it_in_the_clusters_zone(floor, payments, omar, ben, noon):
    first = agree(payments, omar, ben, noon)
    later = agree(payments, omar, ben, noon, FLOOR_TEXT, effective_on=date(2026, 3, 4), review_on=REVIEW)
    assert later.state == "agreed"
    midnight = noon.replace(day=3, hour=23)  # in Berlin, the 4th
    assert not actions.bring_into_force(agreement_id=later.pk, at=midnight - timedelta(seconds=1))
    assert actions.bring_into_force(agreement_id=later.pk, at=midnight)
    assert not actions.bring_into_force(agreement_id=later.pk, at=midnight), "once is enough"
    first.refresh_from_db()
    assert (first.state, first.ended_at) == ("superseded", midnight)


def test_the_schedule_begins_what_is_due(floor, payments, omar, ben, noon):
    agreement = agree(payments, omar, ben, noon, effective_on=date(2026, 3, 3))
    assert agreement.state == "agreed"
    assert begin_agreements() == 1  # its day is long over by now
    assert begin_agreements() == 0
    agreement.refresh_from_db()
    assert agreement.state == "in_force"


def test_an_agreement_that_has_not_begun_may_be_broken_off_and_one_in_force_may_not(floor, payments, omar, ben, noon):
    agreement = agree(payments, omar, ben, noon, effective_on=date(2026, 3, 9))
    actions.break_off(agreement_id=agreement.pk, person=omar, reason="We learnt more.", at=noon)
    begun = agree(payments, omar, ben, noon)
    with pytest.raises(WrongState, match="in force cannot become broken off"):
        actions.break_off(agreement_id=begun.pk, person=omar, reason="No more.", at=noon)


@pytest.mark.parametrize("name", ["threshold floor", "threshold agreement"])
def test_only_the_moves_of_the_machine_are_allowed(name):
    machine = MACHINES[name]
    allowed = {(str(a), str(b)) for a, b in itertools.product(machine.states(), repeat=2) if machine.allows(a, b)}
    assert (
        allowed
        == {
            "threshold floor": {("draft", "in_force"), ("draft", "discarded"), ("in_force", "superseded")},
            "threshold agreement": {
                ("negotiating", "agreed"),
                ("negotiating", "in_force"),
                ("negotiating", "broken_off"),
                ("agreed", "in_force"),
                ("agreed", "broken_off"),
                ("in_force", "superseded"),
            },
        }[name]
    )


# Who may see it, who hears of it, what the check finds


def test_the_agreement_of_a_restricted_cluster_is_nobody_elses(floor, vault, omar, ben, admin, ada, noon):
    assign_perm("own_cluster", omar, vault)
    offer = propose(vault, omar, noon)
    for person in (ada, ben):
        assert not queries.agreements_seen_by(person).exists()
        with pytest.raises(NotFound):
            sign(offer, person, noon)
    sign(offer, admin, noon)
    assert queries.agreements_seen_by(omar).count() == 1


def test_the_other_side_hears_of_offers_and_both_of_what_is_agreed(floor, payments, omar, ben, noon):
    offer = propose(payments, omar, noon)
    deliver_due(at=noon)
    assert [str(one.person) for one in Notice.objects.filter(kind="agreement")] == ["Ben"]
    second = counter(offer, ben, noon, FLOOR_TEXT)
    sign(second, ben, noon)
    deliver_due(at=noon)
    titles = list(Notice.objects.filter(person=omar, kind="agreement").order_by("pk").values_list("title", flat=True))
    assert titles == [
        "Ben makes a counter-proposal on the thresholds for Payments",
        "Offer 2 on the thresholds of Payments waits for your side's signature",
    ]
    sign(second, omar, noon)
    deliver_due(at=noon)
    assert Notice.objects.filter(person=ben, title="Thresholds of Payments are agreed").count() == 1


def test_a_restricted_negotiation_is_told_to_those_who_may_know_of_it(floor, vault, omar, ben, admin, noon):
    assign_perm("own_cluster", omar, vault)
    propose(vault, omar, noon)
    deliver_due(at=noon)
    assert [one.person for one in Notice.objects.filter(kind="agreement")] == [admin]


def check(at):
    one = checks.registered()["thresholds"]
    ask_for_check(checker=one.name)
    checks.run(one, at=at)
    rows = Finding.objects.filter(checker="thresholds", state="open").order_by("code", "cluster__slug")
    return list(rows.values_list("code", "cluster__slug", "severity"))


def test_the_check_finds_an_overdue_review_a_raised_floor_and_no_agreement(
    floor, payments, logistics, omar, ben, admin, noon
):
    agree(payments, omar, ben, noon)
    assert check(noon) == [("thresholds-not-agreed", "logistics", 1)]
    assert check(noon.replace(month=9, day=1)) == [("thresholds-not-agreed", "logistics", 1)], "the day itself counts"
    adopt(ben, admin, noon, [*FLOOR_TEXT, at_least("tier", 1, "consult")])
    assert check(noon.replace(month=9, day=2)) == [
        ("thresholds-below-floor", "payments", 2),
        ("thresholds-not-agreed", "logistics", 1),
        ("thresholds-review-overdue", "payments", 2),
    ]
    sentence = Finding.objects.get(code="thresholds-below-floor").sentence
    assert "tier 1, downtime 0 minutes: threshold 3 of the floor says consult" in sentence
    later = noon.replace(month=9, day=2)
    text = [*TEXT, at_least("tier", 1, "consult")]
    agree(payments, omar, ben, later, text, effective_on=later.date(), review_on=date(2027, 9, 1))
    assert check(later) == [("thresholds-not-agreed", "logistics", 1)]


def test_a_new_floor_has_the_check_run_again(floor, payments, ben, admin, noon):
    deliver_due(at=noon)
    checks.run(checks.registered()["thresholds"], at=noon)
    assert Finding.objects.filter(checker="thresholds").count() == 1
