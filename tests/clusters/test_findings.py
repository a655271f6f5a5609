from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.clusters import actions, queries
from apps.clusters.models import Component, Finding
from apps.clusters.rules.findings import Found
from apps.clusters.tasks import reopen_lapsed_findings
from apps.journal.actions import deliver_due
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid, NotAllowed, NotFound, StaleRevision, WrongState
from apps.notify.models import Notice
from tests.conftest import signed_in


def found(cluster, key="a", severity=2, **more) -> Found:
    return Found(
        code="sample",
        key=key,
        severity=severity,
        cluster_id=cluster.pk,
        sentence=f"Something is wrong: {key}.",
        next_step="Repair it.",
        **more,
    )


def settle(at, *what, cluster_ids=None):
    return actions.settle_findings(checker="sample", version=1, found=what, cluster_ids=cluster_ids, at=at)


def waive(finding, waiver, at, *, days=30, reason="Repaired in spring.", version=None):
    return actions.waive_finding(
        finding_id=finding.pk,
        waiver=waiver,
        reason=reason,
        until=at + timedelta(days=days),
        version=version or finding.version,
        at=at,
    )


def test_what_is_found_stands_until_it_is_found_no_more(payments, noon):
    assert settle(noon, found(payments), found(payments, "b")).raised == 2
    later = noon + timedelta(hours=1)
    settled = settle(later, found(payments, "b"))
    assert (settled.raised, settled.resolved, settled.standing) == (0, 1, 1)
    gone = Finding.objects.get(key="a")
    assert (gone.state, gone.resolved_at) == ("resolved", later)
    assert Finding.objects.get(key="b").state == "open"


def test_what_comes_back_is_a_new_finding(payments, noon):
    for what in ([found(payments)], [], [found(payments)]):
        settle(noon, *what)
    assert sorted(Finding.objects.values_list("key", "state")) == [("a", "open"), ("a", "resolved")]


def test_the_same_again_writes_nothing(payments, noon):
    settle(noon, found(payments))
    entries = Entry.objects.count()
    before = Finding.objects.values().get()
    settle(noon + timedelta(days=1), found(payments))
    assert Entry.objects.count() == entries
    assert Finding.objects.values().get() == before


def test_one_entry_tells_a_cluster_of_a_whole_run(payments, logistics, noon):
    settle(noon, *(found(payments, f"p{number}") for number in range(30)), found(logistics, "l"))
    entries = Entry.objects.filter(event="clusters.FindingsSettled")
    assert sorted(len(one.data["raised"]) for one in entries) == [1, 30]


def test_a_run_over_some_clusters_leaves_the_others_alone(payments, logistics, noon):
    settle(noon, found(payments), found(logistics, "l"))
    settle(noon, cluster_ids=[payments.pk])
    assert sorted(Finding.objects.values_list("key", "state")) == [("a", "resolved"), ("l", "open")]


def test_a_finding_moves_with_what_it_is_about(payments, logistics, noon):
    settle(noon, found(payments))
    settle(noon, found(logistics), cluster_ids=[logistics.pk])
    assert Finding.objects.values_list("key", "cluster__slug", "state").get() == ("a", "logistics", "open")


def test_checks_do_not_resolve_each_others_findings(payments, noon):
    settle(noon, found(payments))
    actions.settle_findings(checker="another", version=1, found=[], cluster_ids=None, at=noon)
    assert Finding.objects.get().state == "open"


def test_an_owner_waives_a_warning_and_answers_for_it(payments, omar, noon):
    settle(noon, found(payments))
    finding = waive(Finding.objects.get(), omar, noon)
    assert (finding.state, finding.waived_by, finding.waiver_reason) == ("waived", omar, "Repaired in spring.")
    entry = Entry.objects.get(event="clusters.FindingWaived")
    assert (entry.actor_id, entry.data["reason"]) == (omar.pk, "Repaired in spring.")


def test_nobody_waives_a_blocker_of_their_own(payments, omar, ben, ada, noon):
    settle(noon, found(payments, severity=3))
    blocker = Finding.objects.get()
    with pytest.raises(NotAllowed, match="nobody waives a blocker of their own"):
        waive(blocker, omar, noon)
    with pytest.raises(NotAllowed, match="Only a board's chair"):
        waive(blocker, ada, noon)
    assert waive(blocker, ben, noon).state == "waived"


@pytest.mark.parametrize("days", [0, -1, 181])
def test_a_waiver_ends_within_half_a_year(payments, omar, noon, days):
    settle(noon, found(payments))
    with pytest.raises(Invalid, match="within 180 days"):
        waive(Finding.objects.get(), omar, noon, days=days)
    assert Finding.objects.get().state == "open"


def test_a_waiver_needs_its_reason_and_the_version_seen(payments, omar, noon):
    settle(noon, found(payments))
    finding = Finding.objects.get()
    with pytest.raises(Invalid, match="needs its reason"):
        waive(finding, omar, noon, reason="  ")
    with pytest.raises(StaleRevision):
        waive(finding, omar, noon, version=7)


def test_a_waiver_holds_while_the_same_is_found_and_ends_when_it_gets_worse(payments, omar, noon):
    settle(noon, found(payments, severity=1))
    waive(Finding.objects.get(), omar, noon)
    settle(noon, found(payments, severity=1, evidence={"rows": 3}))
    assert Finding.objects.get().state == "waived"
    settle(noon, found(payments, severity=3))
    assert Finding.objects.get().state == "open"


def test_a_waiver_is_over_on_its_day_and_not_before(payments, omar, noon):
    settle(noon, found(payments))
    finding = waive(Finding.objects.get(), omar, noon, days=3)
    end = noon + timedelta(days=3)
    assert not actions.reopen_lapsed(finding_id=finding.pk, at=end - timedelta(seconds=1))
    assert actions.reopen_lapsed(finding_id=finding.pk, at=end)
    assert not actions.reopen_lapsed(finding_id=finding.pk, at=end)
    assert Entry.objects.get(event="clusters.WaiverEnded").actor_id is None


def test_the_job_opens_what_has_lapsed(payments, omar, noon):
    settle(noon, found(payments))
    waive(Finding.objects.get(), omar, noon)  # noon lies in the past of the clock, and 30 days later too
    assert reopen_lapsed_findings() == 1
    assert reopen_lapsed_findings() == 0


def test_a_waiver_is_taken_back(payments, omar, ada, noon):
    settle(noon, found(payments))
    finding = waive(Finding.objects.get(), omar, noon)
    with pytest.raises(NotAllowed):
        actions.end_waiver(finding_id=finding.pk, person=ada, at=noon)
    assert actions.end_waiver(finding_id=finding.pk, person=omar, at=noon).state == "open"
    with pytest.raises(WrongState):
        actions.end_waiver(finding_id=finding.pk, person=omar, at=noon)


def test_findings_of_restricted_clusters_are_not_there(vault, safe, payments, ada, ben, auditor, noon):
    settle(noon, found(vault, component_id=safe.pk), found(payments, "b", counterpart_id=vault.pk))
    for finding in Finding.objects.all():
        with pytest.raises(NotFound):
            waive(finding, ben, noon)
        assert signed_in(ada).get(finding.get_absolute_url()).status_code == 404
        assert signed_in(auditor).get(finding.get_absolute_url()).status_code == 200
    assert b"Something is wrong" not in signed_in(ada).get(reverse("clusters:findings")).content


def test_owners_are_told_once_of_what_is_newly_wrong(payments, omar, noon):
    settle(noon, found(payments), found(payments, "b", severity=3), found(payments, "c", severity=1))
    while deliver_due(at=noon):
        pass
    notice = Notice.objects.get(person=omar)
    assert notice.title == "2 new findings in Payments"
    assert "b" in notice.body
    settle(noon, found(payments), found(payments, "b", severity=3), found(payments, "c", severity=1))
    while deliver_due(at=noon):
        pass
    assert Notice.objects.filter(person=omar).count() == 1


def test_the_list_shows_open_ones_worst_first_and_finds_by_cluster(payments, logistics, ada, noon):
    settle(noon, found(payments), found(logistics, "l", severity=3))
    page = signed_in(ada).get(reverse("clusters:findings"))
    assert [one.key for one in page.context["page"].rows] == ["l", "a"]
    page = signed_in(ada).get(reverse("clusters:findings"), {"cluster": "payments"})
    assert [one.key for one in page.context["page"].rows] == ["a"]
    assert signed_in(ada).get(reverse("clusters:findings"), {"severity": "9"}).status_code == 422
    assert b"Something is wrong: l." in b"".join(
        signed_in(ada).get(reverse("clusters:findings"), {"export": "csv"}).streaming_content
    )


def test_the_list_of_many_takes_few_queries(payments, ada, noon, django_assert_max_num_queries):
    components = Component.objects.bulk_create(
        Component(cluster=payments, slug=f"c{number}", name=f"C{number}") for number in range(60)
    )
    settle(noon, *(found(payments, f"k{one.pk}", component_id=one.pk) for one in components))
    client = signed_in(ada)
    client.get(reverse("clusters:findings"))
    with django_assert_max_num_queries(8):
        client.get(reverse("clusters:findings"))


def test_the_pages_of_cluster_and_component_say_what_is_wrong(payments, ledger, ada, noon):
    settle(noon, found(payments, component_id=ledger.pk))
    for page in (payments, ledger):
        assert b"Something is wrong: a." in signed_in(ada).get(page.get_absolute_url()).content


def test_the_margin_says_which_check_came_to_how_many(payments, ada, noon):
    settle(noon, found(payments), found(payments, "b"))
    settle(noon, found(payments, "c"))
    page = signed_in(ada).get(payments.get_absolute_url())
    said = [one["detail"] for one in page.context["entries"] if one["words"] == "came to other findings"]
    assert said == ["sample: 1 new, 2 gone", "sample: 2 new"]


def test_a_waiver_by_page_ends_with_the_day_of_whoever_gives_it(payments, omar, noon):
    settle(noon, found(payments))
    finding = Finding.objects.get()
    client = signed_in(omar)
    page = client.get(finding.get_absolute_url())
    assert b"Leave it so for a while" in page.content
    day = (timezone.now() + timedelta(days=10)).date()
    url = reverse("clusters:waive_finding", args=[finding.pk])
    sent = {"reason": "Repaired in spring.", "until_on": day.isoformat(), "version": finding.version}
    assert client.post(url, sent | {"reason": ""}).status_code == 422
    assert client.post(url, sent).status_code == 302
    finding.refresh_from_db()
    assert finding.waived_until.astimezone(ZoneInfo(omar.zone)).isoformat()[:16] == f"{day}T23:59"
    assert client.post(reverse("clusters:end_waiver", args=[finding.pk])).status_code == 302
    finding.refresh_from_db()
    assert finding.state == "open"


def test_a_waiver_begun_at_a_change_leads_back_to_it_and_nowhere_else(payments, omar, noon):
    settle(noon, found(payments))
    finding, client = Finding.objects.get(), signed_in(omar)
    page = client.get(f"{finding.get_absolute_url()}?back=/changes/CHG-1/").content.decode()
    assert 'href="/changes/CHG-1/#findings"' in page
    url = reverse("clusters:waive_finding", args=[finding.pk])
    sent = {"reason": "Repaired in spring.", "until_on": (timezone.now() + timedelta(days=10)).date().isoformat()}
    sent["version"] = str(finding.version)
    refused = client.post(url, sent | {"back": "/changes/CHG-1/", "reason": ""})
    assert 'href="/changes/CHG-1/#findings"' in refused.content.decode()
    assert client.post(url, sent | {"back": "/changes/CHG-1/"}).headers["Location"] == "/changes/CHG-1/#findings"
    for elsewhere in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\evil.example", "x"):
        page = client.get(finding.get_absolute_url(), {"back": elsewhere}).content.decode()
        assert "Back to the change" not in page
        finding.refresh_from_db()
        sent["version"] = str(finding.version)
        assert client.post(url, sent | {"back": elsewhere}).headers["Location"] == finding.get_absolute_url()


def test_the_api_reads_and_waives(payments, ledger, omar, noon):
    settle(noon, found(payments, component_id=ledger.pk, evidence={"rows": [1, 2]}))
    client = signed_in(omar)
    (row,) = client.get("/api/v1/findings/", {"cluster": "payments"}).json()["results"]
    assert (row["severity"], row["component"], row["evidence"]) == ("warning", ledger.pk, {"rows": [1, 2]})
    sent = {"reason": "Spring.", "until": (timezone.now() + timedelta(days=2)).isoformat(), "version": row["version"]}
    url = f"/api/v1/findings/{row['id']}/waiver/"
    assert client.post(url, sent | {"version": 9}, "application/json").status_code == 412
    answer = client.post(url, sent, "application/json")
    assert (answer.status_code, answer.json()["state"]) == (200, "waived")
    answer = client.post(f"{url}end/", {}, "application/json")
    assert (answer.status_code, answer.json()["state"]) == (200, "open")


def test_a_cluster_says_how_many_of_each_severity_are_open(payments, omar, ada, noon):
    settle(noon, *(found(payments, f"k{number}", severity=1 + number % 3) for number in range(20)))
    waive(Finding.objects.filter(severity=2).first(), omar, noon)
    said = queries.standing_findings(payments, ada)
    assert (said.words, said.open, said.waived) == ("6 blockers, 6 warnings, 7 notes", 19, 1)
    assert [one.severity for one in said.rows] == [3] * 5
