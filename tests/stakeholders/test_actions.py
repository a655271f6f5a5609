"""Every write: who may, what is refused, what the journal says; races on one authority and on one line of reporting."""

from datetime import date, timedelta
from decimal import Decimal
from threading import Thread

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from apps.journal.actions import deliver_due
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal, StaleRevision, WrongState
from apps.notify.models import Notice
from apps.stakeholders import actions
from apps.stakeholders.models import Assessment, Authority, Initiative, Stakeholder
from apps.stakeholders.queries.maps import coalition_for, map_of
from tests.conftest import make_person


def told(name):
    return Entry.objects.filter(event=f"stakeholders.{name}").count()


class TestInitiatives:
    def test_across_two_clusters_by_who_may(self, initiative, payments, logistics, ada, ben, noon):
        assert set(initiative.clusters.all()) == {payments, logistics}
        assert told("InitiativeOpened") == 1
        values = {"name": "X", "purpose": "Y", "sponsor": ada}
        with pytest.raises(NotAllowed):
            actions.open_initiative(opener=ada, clusters=[payments, logistics], values=values, at=noon)
        with pytest.raises(Invalid):
            actions.open_initiative(opener=ben, clusters=[payments], values=values, at=noon)

    def test_of_one_restricted_cluster_at_most(self, vault, payments, admin, noon):
        vault.pk, vault.slug = None, "cellar"
        vault.save()
        from apps.clusters.models import Cluster

        values = {"name": "X", "purpose": "Y", "sponsor": admin}
        with pytest.raises(Invalid) as refused:
            actions.open_initiative(opener=admin, clusters=Cluster.objects.all(), values=values, at=noon)
        assert "one restricted cluster" in refused.value.sentence

    def test_its_sponsor_owners_and_chairs_write_it_and_nobody_else(self, initiative, omar, nora, cleo, ben, noon):
        for keeper in (ben, omar, nora):
            actions.demand_resource(
                initiative_id=initiative.pk, keeper=keeper, resource="data", amount=Decimal(2), at=noon
            )
        with pytest.raises(NotAllowed):
            actions.demand_resource(
                initiative_id=initiative.pk, keeper=cleo, resource="data", amount=Decimal(2), at=noon
            )
        assert told("ResourceDemanded") == 1  # the same again changes nothing

    def test_an_edit_of_an_older_version_is_stale(self, initiative, ben, noon):
        change = {"initiative_id": initiative.pk, "editor": ben, "version": 1, "at": noon}
        assert actions.describe_initiative(**change, changes={"power_cut": 40}).version == 2
        with pytest.raises(StaleRevision):
            actions.describe_initiative(**change, changes={"power_cut": 41})

    def test_a_cluster_of_which_something_is_needed_stays(self, initiative, payments, logistics, vault, admin, noon):
        actions.demand_resource(
            initiative_id=initiative.pk,
            keeper=admin,
            resource="data",
            amount=Decimal(2),
            cluster=logistics,
            at=noon,
        )
        with pytest.raises(Conflict):
            actions.describe_initiative(
                initiative_id=initiative.pk,
                editor=admin,
                version=1,
                changes={},
                clusters=[payments, vault],
                at=noon,
            )
        with pytest.raises(Invalid):
            actions.demand_resource(
                initiative_id=initiative.pk,
                keeper=admin,
                resource="data",
                amount=Decimal(2),
                cluster=vault,
                at=noon,
            )

    def test_who_may_not_know_of_one_cluster_does_not_see_it(self, payments, vault, admin, omar, noon):
        values = {"name": "Quiet", "purpose": "Y", "sponsor": admin}
        row = actions.open_initiative(opener=admin, clusters=[payments, vault], values=values, at=noon)
        assert not Initiative.objects.visible_to(omar).filter(pk=row.pk).exists()
        with pytest.raises(NotFound):
            actions.close_initiative(initiative_id=row.pk, keeper=omar, reason="No.", at=noon)
        assert Entry.objects.get(event="stakeholders.InitiativeOpened").cluster_id == vault.pk

    def test_what_is_closed_is_not_written(self, initiative, ben, noon):
        actions.close_initiative(initiative_id=initiative.pk, keeper=ben, reason="Reached.", at=noon)
        with pytest.raises(WrongState):
            actions.close_initiative(initiative_id=initiative.pk, keeper=ben, reason="Again.", at=noon)


class TestAuthorities:
    def test_recorded_by_others_who_may(self, known, grant, payments, omar, ada, ben, noon):
        holder = known("ada")
        grant(holder, 100, recorder=omar, cluster=payments)
        grant(holder, 100, recorder=ben)
        with pytest.raises(NotAllowed):
            grant(known("Finance", "Bank"), 1, recorder=omar)  # of the enterprise
        with pytest.raises(NotAllowed):
            grant(known("ben"), 1, recorder=ben)
        assert told("AuthorityRecorded") == 2

    def test_not_for_a_team_of_ones_own(self, grant, ben, admin, noon):
        team = Group.objects.create(name="Chairs")
        ben.groups.add(team)
        holder = actions.add_stakeholder(kind="team", team="chairs", adder=admin, at=noon)
        with pytest.raises(NotAllowed):
            grant(holder, 5, recorder=ben)

    def test_two_at_once_over_the_same_are_refused(self, known, grant, payments, ada):
        holder = known("ada")
        grant(holder, 100, last_day=date(2026, 6, 30))
        grant(holder, 100, first_day=date(2026, 7, 1))
        grant(holder, 100, cluster=payments)
        grant(holder, 100, unit="USD")
        with pytest.raises(Conflict) as refused:
            grant(holder, 1, first_day=date(2026, 6, 30), last_day=date(2026, 6, 30))
        assert "in that time" in refused.value.sentence

    def test_its_holder_delegates_within_the_limit(self, known, grant, ada, dan, cleo):
        own = grant(known("ada"), 100)
        grant(known("dan"), 60, recorder=ada, delegated_from=own)
        with pytest.raises(Conflict) as refused:
            grant(known("cleo"), 41, recorder=ada, delegated_from=own)
        assert refused.value.code == "above_limit"
        with pytest.raises(NotAllowed):
            grant(known("ada"), 1, recorder=dan, delegated_from=own)

    def test_its_end_takes_what_was_delegated_with_it(self, known, grant, ada, dan, cleo, admin, noon):
        own = grant(known("ada"), 100)
        second = grant(known("dan"), 60, recorder=ada, delegated_from=own)
        third = grant(known("cleo"), 20, recorder=dan, delegated_from=second)
        later = grant(known("ben2", "Bank"), 5, delegated_from=own, first_day=date(2026, 5, 1))
        actions.end_authority(authority_id=own.pk, person=ada, last_day=date(2026, 4, 1), at=noon)
        for row in (own, second, third):
            row.refresh_from_db()
            assert row.valid.upper == date(2026, 4, 2)
        assert not Authority.objects.filter(pk=later.pk).exists()
        assert set(Entry.objects.get(event="stakeholders.AuthorityEnded").data["with_delegations"]) == {
            second.pk,
            third.pk,
        }
        with pytest.raises(WrongState):
            actions.end_authority(authority_id=own.pk, person=admin, last_day=date(2026, 4, 1), at=noon)

    def test_over_a_restricted_cluster_it_is_nobody_elses(self, known, grant, vault, omar, noon):
        row = grant(known("Finance", "Bank"), 100, cluster=vault)
        assert not Authority.objects.visible_to(omar).exists()
        with pytest.raises(NotFound):
            actions.end_authority(authority_id=row.pk, person=omar, last_day=noon.date(), at=noon)

    @pytest.mark.django_db(transaction=True)
    def test_two_delegations_at_once_do_not_exceed_the_limit(self, known, grant, ada, noon):
        own, takers, outcomes = grant(known("ada"), 100), [known(f"T{one}", "Bank") for one in range(4)], []

        def give(taker):
            try:
                grant(taker, 40, recorder=ada, delegated_from=own)
                outcomes.append("given")
            except Refusal as refusal:
                outcomes.append(refusal.code)
            finally:
                connection.close()

        threads = [Thread(target=give, args=(taker,)) for taker in takers]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert sorted(outcomes) == ["above_limit", "above_limit", "given", "given"]


class TestInfluence:
    def test_a_circle_is_refused_naming_it(self, known, admin, noon):
        a, b, c = (known(name, "Bank") for name in "abc")
        for source, target in ((a, b), (b, c)):
            actions.record_influence(source=source, target=target, kind="reports_to", recorder=admin, at=noon)
        with pytest.raises(Conflict) as refused:
            actions.record_influence(source=c, target=a, kind="reports_to", recorder=admin, at=noon)
        assert "c → a → b → c" in refused.value.sentence
        actions.record_influence(source=c, target=a, kind="advises", recorder=admin, at=noon)
        with pytest.raises(Conflict):
            actions.record_influence(source=a, target=c, kind="reports_to", recorder=admin, at=noon)  # a second one
        with pytest.raises(Conflict):
            actions.record_influence(source=a, target=a, kind="reports_to", recorder=admin, at=noon)

    def test_nobody_raises_their_own_standing(self, known, ben, noon):
        me, other = known("ben"), known("b", "Bank")
        with pytest.raises(NotAllowed):
            actions.record_influence(source=me, target=other, kind="vetoes", recorder=ben, at=noon)

    @pytest.mark.django_db(transaction=True)
    def test_two_lines_at_once_close_no_circle(self, known, admin, noon):
        a, b = known("a", "Bank"), known("b", "Bank")
        outcomes = []

        def link(source, target):
            try:
                actions.record_influence(source=source, target=target, kind="reports_to", recorder=admin, at=noon)
                outcomes.append("recorded")
            except Refusal as refusal:
                outcomes.append(refusal.code)
            finally:
                connection.close()

        threads = [Thread(target=link, args=pair) for pair in ((a, b), (b, a))]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert sorted(outcomes) == ["recorded", "reporting_circle"]


class TestAssessments:
    def assess(self, initiative, who, by, noon, **marks):
        return actions.assess(
            initiative_id=initiative.pk, stakeholder=who, assessor=by, marks=marks, evidence="Heard it.", at=noon
        )

    def test_nothing_is_overwritten_and_what_is_left_out_stays(self, initiative, known, ben, noon):
        who = known("ada2", "Bank")
        actions.involve(initiative_id=initiative.pk, stakeholder=who, keeper=ben, at=noon)
        self.assess(initiative, who, ben, noon, interest=70, power=40, stance=-1)
        self.assess(initiative, who, ben, noon, interest=30)
        assert list(Assessment.objects.order_by("pk").values_list("interest", "power", "stance")) == [
            (70, 40, -1),
            (30, 40, -1),
        ]
        (spot,) = map_of(initiative, ben, day=noon.date())
        assert (spot.interest, spot.power.felt, spot.stance) == (30, 8.0, "doubts it")

    def test_nobody_assesses_themselves_not_even_past_the_rule(self, initiative, known, ben, omar, noon):
        me = known("ben")
        actions.involve(initiative_id=initiative.pk, stakeholder=me, keeper=omar, at=noon)
        with pytest.raises(NotAllowed):
            self.assess(initiative, me, ben, noon, interest=100)
        row = Assessment(
            initiative=initiative,
            stakeholder=me,
            subject_ids=[ben.pk],
            power=1,
            interest=1,
            urgency=1,
            legitimacy=1,
            stance=0,
            evidence="x",
            assessor=ben,
            assessed_at=noon,
        )
        from apps.clusters.actions.clusters import save_new

        with pytest.raises(Conflict) as refused:
            save_new(row)
        assert refused.value.sentence == "Nobody assesses themselves."

    def test_only_who_stands_on_the_map(self, initiative, known, ben, noon):
        with pytest.raises(WrongState):
            self.assess(initiative, known("x", "Bank"), ben, noon, interest=5)


class TestEngagements:
    def test_reminded_ahead_and_once_more_when_overdue(self, initiative, known, ben, omar, noon):
        entry = actions.plan_engagement(
            initiative_id=initiative.pk,
            stakeholder=known("Finance", "Bank"),
            what="The licences",
            due_on=noon.date() + timedelta(days=10),
            owner=omar,
            planner=ben,
            at=noon,
        )
        days = []
        for day in range(20):
            at = noon + timedelta(days=day)
            if actions.remind_of_engagements(at=at):
                days.append(day)
            assert actions.remind_of_engagements(at=at) == 0
        assert days == [7, 11]
        deliver_due(at=noon + timedelta(days=20), limit=100)
        titles = list(Notice.objects.filter(person=omar).order_by("pk").values_list("title", flat=True))
        assert titles == [
            "You are to speak to Finance until 12 March",
            "Due soon: speak to Finance until 12 March",
            "Overdue: speak to Finance until 12 March",
        ]
        actions.log_conversation(
            initiative_id=initiative.pk,
            stakeholder=entry.stakeholder,
            engagement_id=entry.pk,
            held_on=noon.date(),
            summary="They agree.",
            keeper=omar,
            at=noon,
        )
        with pytest.raises(WrongState):
            actions.drop_engagement(
                initiative_id=initiative.pk, engagement_id=entry.pk, keeper=ben, reason="x", at=noon
            )

    def test_its_owner_logs_it_without_keeping_the_map(self, initiative, known, ben, ada, cleo, noon):
        entry = actions.plan_engagement(
            initiative_id=initiative.pk,
            stakeholder=known("Finance", "Bank"),
            what="x",
            due_on=noon.date(),
            owner=ada,
            planner=ben,
            at=noon,
        )
        said = {
            "initiative_id": initiative.pk,
            "stakeholder": entry.stakeholder,
            "engagement_id": entry.pk,
            "held_on": noon.date(),
            "summary": "Fine.",
            "at": noon,
        }
        with pytest.raises(NotAllowed):
            actions.log_conversation(keeper=cleo, **said)
        with pytest.raises(Invalid):
            actions.log_conversation(keeper=ada, **said | {"held_on": noon.date() + timedelta(days=1)})
        ada.zone = "Pacific/Auckland"  # where at noon UTC the next day has begun
        said["held_on"] = noon.date() + timedelta(days=1)
        assert actions.log_conversation(keeper=ada, **said).engagement == entry

    def test_an_owner_who_may_not_see_it_is_refused(self, payments, vault, known, admin, ada, noon):
        values = {"name": "Quiet", "purpose": "Y", "sponsor": admin}
        row = actions.open_initiative(opener=admin, clusters=[payments, vault], values=values, at=noon)
        with pytest.raises(Invalid):
            actions.plan_engagement(
                initiative_id=row.pk,
                stakeholder=known("x", "Bank"),
                what="x",
                due_on=noon.date(),
                owner=ada,
                planner=admin,
                at=noon,
            )


def test_a_coalition_leaves_vetoers_out_and_counts_on_supporters(initiative, known, grant, ben, admin, noon):
    for amount, name in ((100, "a"), (100, "b"), (100, "c")):
        grant(known(name, "Bank"), amount)
    a, b, c = (Stakeholder.objects.get(name=name) for name in "abc")
    actions.record_influence(source=a, target=c, kind="vetoes", recorder=admin, at=noon)
    for who, stance in ((b, -1), (c, 2)):
        actions.involve(initiative_id=initiative.pk, stakeholder=who, keeper=ben, at=noon)
        actions.assess(
            initiative_id=initiative.pk,
            stakeholder=who,
            assessor=ben,
            marks={"stance": stance},
            evidence="x",
            at=noon,
        )
    actions.demand_resource(
        initiative_id=initiative.pk, keeper=ben, resource="budget", unit="EUR", amount=Decimal(100), at=noon
    )
    found = coalition_for(initiative, ben, day=noon.date())
    assert [who.name for who, _, _ in found.members] == ["c"]
    assert [who.name for who, _ in found.vetoers] == ["a"]


def test_who_is_on_record_already_is_answered_as_they_are(known, admin, ada, auditor, noon):
    assert known("ada") == known("ada")
    assert known("x", "Bank") == known("x", "Bank") != known("x", "Mill")
    assert told("StakeholderAdded") == 3
    with pytest.raises(NotAllowed):
        actions.add_stakeholder(kind="account", handle="ada", adder=auditor, at=noon)
    make_person("zoe")
    with pytest.raises(NotFound):
        actions.add_stakeholder(kind="account", handle="nobody-here", adder=admin, at=noon)
