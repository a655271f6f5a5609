from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.clusters import actions, checks
from apps.clusters.actions.checks import ask_for_check, run_check_by_cluster
from apps.clusters.actions.conventions import warn_of_end
from apps.clusters.formats.catalog import Catalog, ComponentRow, Place
from apps.clusters.models import CheckRun, Cluster, Component, Convention, ConventionExemption, Finding
from apps.clusters.queries import conventions as queries
from apps.clusters.tasks import keep_conventions, run_checks
from apps.journal.actions import deliver_due
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, StaleRevision, WrongState
from apps.notify.models import Notice

KEBAB = {
    "title": "Kebab",
    "pattern": "[a-z][a-z0-9]*(-[a-z0-9]+)*",
    "passing": ["card-gateway"],
    "failing": ["Card_Gateway"],
    "mode": "refuse",
}
SPEAKING = {"title": "Speaking", "least_description": 20, "needs_owner": True, "mode": "warn"}


def make(keeper, at, values=KEBAB, *, kind="component", field="slug", **more):
    return actions.make_convention(keeper=keeper, kind=kind, field=field, values=values | more, reason="So.", at=at)


def scan(at):
    for name in (queries.CHECKER, queries.NAMES):
        ask_for_check(checker=name)
        checks.run(checks.registered()[name], at=at)


def standing(checker=queries.CHECKER):
    return Finding.objects.standing().filter(checker=checker).order_by("key")


class TestKeeping:
    def test_a_chair_makes_changes_and_retires_one_and_the_journal_keeps_why(self, ben, noon):
        one = make(ben, noon)
        assert one.in_force_from == noon
        changed = actions.change_convention(
            convention_id=one.pk, keeper=ben, version=1, changes={"mode": "warn"}, reason="Softer.", at=noon
        )
        assert (changed.version, changed.reason) == (2, "Softer.")
        actions.change_convention(
            convention_id=one.pk, keeper=ben, version=2, changes={"mode": "warn"}, reason="Again.", at=noon
        )
        actions.retire_convention(convention_id=one.pk, keeper=ben, reason="Over.", at=noon)
        told = list(Entry.objects.filter(subject_type="clusters.convention").order_by("pk"))
        assert [entry.event.split(".")[1] for entry in told] == [
            "ConventionMade",
            "ConventionChanged",
            "ConventionRetired",
        ]
        assert (told[1].data["before"], told[1].data["after"]) == ({"mode": "refuse"}, {"mode": "warn"})
        with pytest.raises(WrongState):
            actions.retire_convention(convention_id=one.pk, keeper=ben, reason="Over.", at=noon)

    def test_others_may_not(self, omar, ada, ben, noon):
        for person in (omar, ada):
            with pytest.raises(NotAllowed):
                make(person, noon)
        one = make(ben, noon)
        with pytest.raises(NotAllowed):
            actions.change_convention(
                convention_id=one.pk, keeper=omar, version=1, changes={"mode": "warn"}, reason="x", at=noon
            )
        with pytest.raises(NotAllowed):
            actions.ask_for_scan(person=omar, at=noon)

    @pytest.mark.parametrize(
        ("kind", "field", "values", "wrong"),
        [
            ("planet", "name", KEBAB, "kind"),
            ("component", "colour", KEBAB, "field"),
            ("component", "slug", KEBAB | {"pattern": "("}, "pattern"),
            ("component", "slug", KEBAB | {"failing": ["card"]}, "failing"),
            ("component", "slug", {"title": "Nothing"}, "pattern"),
            ("component", "slug", KEBAB | {"title": " "}, "title"),
            ("capability", "name", {"title": "Sites", "needs_site": True}, "needs_site"),
            ("component", "slug", SPEAKING | {"passing": ["a"]}, "pattern"),
            ("component", "slug", SPEAKING | {"least_description": 1_001}, "least_description"),
        ],
    )
    def test_what_does_not_fit_is_refused_at_its_field(self, ben, noon, kind, field, values, wrong):
        with pytest.raises(Invalid) as refusal:
            make(ben, noon, values, kind=kind, field=field)
        assert wrong in refusal.value.fields
        assert refusal.value.next_step
        assert not Convention.objects.exists()

    def test_a_title_stands_once_and_a_stale_edit_is_refused(self, ben, noon):
        one = make(ben, noon)
        with pytest.raises(Conflict, match="of this title"):
            make(ben, noon, title="KEBAB")
        with pytest.raises(StaleRevision):
            actions.change_convention(
                convention_id=one.pk, keeper=ben, version=7, changes={"mode": "warn"}, reason="x", at=noon
            )
        actions.retire_convention(convention_id=one.pk, keeper=ben, reason="Over.", at=noon)
        make(ben, noon)

    def test_the_database_holds_what_must_be_true(self, ben, noon):
        one = make(ben, noon)
        for values in ({"pattern": "", "passing": [], "failing": []}, {"passing": []}, {"mode": "shout"}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Convention.objects.filter(pk=one.pk).update(**values)


class TestRefusing:
    def test_a_component_is_added_and_described_only_as_conventions_ask(self, payments, omar, ben, noon):
        make(ben, noon)
        make(ben, noon, SPEAKING, mode="refuse")
        add = {"cluster_id": payments.pk, "editor": omar, "at": noon}
        good = {"name": "Payouts", "description": "Pays merchants out in time.", "owner_name": "Us"}
        with pytest.raises(Invalid, match=r"“Pay_Outs” of Payouts does not keep to “Kebab”.*Call it “pay-outs”"):
            actions.add_component(slug="Pay_Outs", values=good, **add)
        with pytest.raises(Invalid) as refusal:
            actions.add_component(slug="payouts", values={"name": "Payouts"}, **add)
        assert set(refusal.value.fields) == {"description", "owner_name"}
        one = actions.add_component(slug="payouts", values=good, **add)
        with pytest.raises(Invalid, match="names no team"):
            actions.describe_component(component_id=one.pk, editor=omar, version=1, changes={"owner_name": ""}, at=noon)
        one.refresh_from_db()
        assert (one.owner_name, one.version) == ("Us", 1)

    def test_what_broke_it_before_can_still_be_described(self, ledger, omar, ben, noon):
        make(ben, noon, SPEAKING, mode="refuse")
        one = actions.describe_component(
            component_id=ledger.pk, editor=omar, version=ledger.version, changes={"tier": 0}, at=noon
        )
        assert one.tier == 0

    def test_clusters_capabilities_and_dependencies_are_held_to_theirs(
        self, payments, ledger, dispatch, omar, ben, admin, noon
    ):
        make(ben, noon, title="Clusters", kind="cluster")
        make(ben, noon, title="Ways", kind="dependency", field="name")
        words = {"pattern": "[A-Z].*", "passing": ["Take"], "failing": ["take"], "title": "Capabilities"}
        make(ben, noon, words, kind="capability", field="name", mode="refuse")
        with pytest.raises(Invalid, match="Clusters"):
            actions.found_cluster(founder=admin, slug="New_One", name="New", at=noon)
        with pytest.raises(Invalid, match=r"name “Calls”"):
            actions.declare_dependency(
                consumer_id=ledger.pk, provider_id=dispatch.pk, declarer=omar, kind="Calls", at=noon
            )
        actions.declare_dependency(consumer_id=ledger.pk, provider_id=dispatch.pk, declarer=omar, at=noon)
        with pytest.raises(Invalid, match="Capabilities"):
            actions.draft_charter(
                cluster=payments, author=omar, values={"purpose": "Pays.", "capabilities": ["pay out"]}, at=noon
            )

    def test_an_import_rejects_the_row_with_the_sentence(self, payments, ledger, ben, admin, noon):
        make(ben, noon)
        make(ben, noon, SPEAKING | {"needs_owner": False}, mode="refuse")
        rows = [
            ComponentRow(Place("a.csv", 2), "payments", "Bad_Name", description="Long enough to be said."),
            ComponentRow(Place("a.csv", 3), "payments", "good-name", description="Long enough to be said."),
            ComponentRow(Place("a.csv", 4), "payments", "silent"),
            ComponentRow(Place("a.csv", 5), "payments", "ledger", tier=0),  # broken before: it may stay so
        ]
        plan = actions.import_catalog(catalog=Catalog(components=rows), source="t", importer=admin, at=noon)
        assert [(one.row, one.field) for one in plan.rejections] == [(2, "slug"), (4, "description")]
        assert "Call it “bad-name”" in plan.rejections[0].reason
        assert set(payments.components.values_list("slug", flat=True)) == {"ledger", "good-name"}
        ledger.refresh_from_db()
        assert ledger.tier == 0

    def test_what_a_catalogue_puts_before_a_short_name_is_nobodys_to_change(self, payments, ben, admin, noon):
        """An API of a tree keeps its kind before its name; only the name was chosen."""
        make(ben, noon)
        rows = [
            ComponentRow(Place("a.yaml", 1), "payments", slug, kind="api")
            for slug in ("api:orders", "api:Bad_Orders", "resource:orders-db", "svc:orders")
        ]
        plan = actions.import_catalog(catalog=Catalog(components=rows), source="t", importer=admin, at=noon)
        assert [one.value for one in plan.rejections] == ["Bad_Orders", "svc:orders"]
        assert "Call it “bad-orders”" in plan.rejections[0].reason
        scan(noon)
        assert not standing().exists()


class TestScanning:
    def test_what_breaks_a_convention_is_a_finding_with_a_proposed_name(self, payments, ledger, ben, noon):
        make(ben, noon, mode="warn")
        Component.objects.create(cluster=payments, slug="Pay_Outs", name="Payouts")
        scan(noon)
        (found,) = standing()
        assert (found.code, found.severity, found.cluster) == ("against-convention", 2, payments)
        assert found.evidence["proposed_name"] == "pay-outs"
        scan(noon)
        assert standing().get() == found

    def test_renaming_retiring_and_grandfathering_resolve_it(self, payments, omar, ben, noon):
        one = make(ben, noon, field="name", mode="warn")
        bad = Component.objects.create(cluster=payments, slug="x", name="Bad")
        scan(noon)
        assert standing().count() == 1
        actions.describe_component(component_id=bad.pk, editor=omar, version=1, changes={"name": "good"}, at=noon)
        scan(noon)
        assert not standing()
        Component.objects.filter(pk=bad.pk).update(name="Bad")
        scan(noon)
        assert standing().count() == 1
        later = noon + timedelta(days=9999)
        actions.change_convention(
            convention_id=one.pk,
            keeper=ben,
            version=1,
            changes={"grandfathered_before": later},
            reason="Old names stay.",
            at=noon,
        )
        scan(noon)
        assert not standing()

    def test_it_follows_what_happens_on_the_map(self, payments, omar, ben, noon):
        make(ben, noon, field="name", mode="warn")
        actions.add_component(cluster_id=payments.pk, editor=omar, slug="x", values={"name": "Bad"}, at=noon)
        deliver_due(at=noon)
        run_checks()
        assert standing().count() == 1

    def test_a_scan_that_breaks_off_goes_on_where_it_was(self, payments, logistics, noon):
        ask_for_check(checker="slow")
        asked = []

        def evaluate(cluster_id, at):
            asked.append(cluster_id)
            if len(asked) == 2:
                raise RuntimeError("The worker is gone.")
            return checks.Outcome([], "", {"judged": 1})

        given = {"checker": "slow", "version": 1, "evaluate": evaluate, "at": noon}
        with pytest.raises(RuntimeError):
            run_check_by_cluster(**given)
        run = CheckRun.objects.get(checker="slow")
        assert (run.done, run.total, run.answered) == (1, 2, 0)
        ask_for_check(checker="slow")  # meanwhile: answered by the run after
        assert run_check_by_cluster(**given)
        assert run_check_by_cluster(**given)
        first, second = sorted(Cluster.objects.values_list("pk", flat=True))
        assert asked == [first, second, second, first, second]
        run.refresh_from_db()
        assert (run.asked, run.answered, run.answering, run.done, run.counts["judged"]) == (2, 2, None, 2, 2)
        assert not run_check_by_cluster(**given)

    def test_names_that_read_alike_are_a_finding_of_the_younger(self, payments, logistics, ledger, ada, vault, noon):
        other = Component.objects.create(cluster=logistics, slug="l", name="lеdger")  # a Cyrillic e
        Component.objects.create(cluster=vault, slug="l", name="LEDGER")
        scan(noon)
        found = standing(queries.NAMES)
        assert {one.cluster for one in found} == {logistics, vault}
        seen = Finding.objects.visible_to(ada).filter(checker=queries.NAMES).get()
        assert (seen.component, seen.counterpart) == (other, payments)

    def test_one_that_comes_into_force_later_is_scanned_by_then(self, payments, ben, noon):
        Component.objects.create(cluster=payments, slug="x", name="Bad")
        one = make(ben, noon, field="name", mode="warn", in_force_from=noon + timedelta(days=1))
        scan(noon)
        assert not standing()
        Convention.objects.filter(pk=one.pk).update(in_force_from=noon + timedelta(minutes=1))
        keep_conventions()
        run_checks()
        assert standing().count() == 1


class TestExemptions:
    def test_a_component_is_let_off_until_a_day_and_then_found_again(self, ledger, omar, ben, noon):
        one = make(ben, noon, SPEAKING)
        scan(noon)
        assert standing().count() == 2
        exemption = let_off(one, ledger, ben, noon)
        scan(noon)
        assert not standing()
        assert keep_conventions() == 1  # the day is long over by the clock
        exemption.refresh_from_db()
        assert exemption.ended_at
        deliver_due(at=noon)
        run_checks()
        assert standing().count() == 2
        assert Entry.objects.filter(event="clusters.ExemptionEnded", actor=None).count() == 1

    def test_a_week_before_its_end_owners_and_who_gave_it_hear_once(self, ledger, omar, ben, noon):
        one = make(ben, noon, SPEAKING)
        now = timezone.now()
        exemption = let_off(one, ledger, ben, now, days=30)
        keep_conventions()
        assert not Entry.objects.filter(event="clusters.ExemptionEnding").exists()
        for days, said in ((8, 0), (6, 1), (6, 1), (2, 1)):
            when = exemption.until - timedelta(days=days)
            warn_of_end(exemption_id=exemption.pk, at=when)
            assert Entry.objects.filter(event="clusters.ExemptionEnding").count() == said
        while deliver_due(at=exemption.until):
            pass
        heard = Notice.objects.filter(title__startswith="Ledger must keep to")
        assert {one.person for one in heard} == {omar, ben}
        let_off(one, ledger, ben, now, days=60)
        warn_of_end(exemption_id=exemption.pk, at=now + timedelta(days=55))
        assert Entry.objects.filter(event="clusters.ExemptionEnding").count() == 2, "given anew, it ends anew"
        brief = let_off(make(ben, noon, field="name", mode="warn"), ledger, ben, now, days=3)
        assert not warn_of_end(exemption_id=brief.pk, at=now), "who was let off for days knows"

    def test_it_lifts_a_refusal_too(self, ledger, omar, ben, noon):
        one = make(ben, noon, field="name")
        edit = {"component_id": ledger.pk, "editor": omar, "version": ledger.version, "changes": {"name": "Led Ger"}}
        with pytest.raises(Invalid):
            actions.describe_component(**edit, at=noon)
        let_off(one, ledger, ben, noon)
        with pytest.raises(Invalid):
            actions.describe_component(**edit, at=noon + timedelta(days=11))
        assert actions.describe_component(**edit, at=noon).name == "Led Ger"

    def test_nobody_exempts_their_own(self, ledger, payments, ben, admin, noon):
        one = make(ben, noon)
        actions.appoint(subject=payments, part="own", holder=ben, appointer=admin, at=noon)
        with pytest.raises(NotAllowed, match="nobody exempts their own"):
            let_off(one, ledger, ben, noon)

    def test_too_long_without_reason_or_of_what_is_not_there(self, ledger, safe, ben, omar, noon):
        one = make(ben, noon)
        for wrong, field in (({"days": 181}, "until"), ({"days": 0}, "until"), ({"reason": " "}, "reason")):
            with pytest.raises(Invalid) as refusal:
                let_off(one, ledger, ben, noon, **wrong)
            assert list(refusal.value.fields) == [field]
        with pytest.raises(NotFound):
            let_off(one, safe, ben, noon)
        with pytest.raises(NotAllowed):
            let_off(one, ledger, omar, noon)
        ways = make(ben, noon, title="Ways", kind="dependency", field="name")
        with pytest.raises(Invalid, match="not about components"):
            let_off(ways, ledger, ben, noon)

    def test_given_again_it_has_the_new_end_and_it_can_be_taken_back(self, ledger, ben, noon):
        one = make(ben, noon)
        let_off(one, ledger, ben, noon)
        again = let_off(one, ledger, ben, noon, days=20)
        assert ConventionExemption.objects.get() == again
        actions.end_exemption(exemption_id=again.pk, person=ben, at=noon)
        with pytest.raises(WrongState):
            actions.end_exemption(exemption_id=again.pk, person=ben, at=noon)


def let_off(convention, component, giver, at, *, days=10, reason="It moves."):
    return actions.exempt_component(
        convention_id=convention.pk,
        component_id=component.pk,
        giver=giver,
        reason=reason,
        until=at + timedelta(days=days),
        at=at,
    )
