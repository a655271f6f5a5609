"""Every address there is, called by those who may not: auditors, outsiders, nobody; nothing is written."""

import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.utils import timezone

from apps.accounts.actions import make_api_key
from apps.accounts.models import Person
from apps.accounts.rules import Role, Scope
from apps.cab.models import (
    Attachment,
    Ballot,
    Board,
    Change,
    Condition,
    Conflict,
    Dashboard,
    DashboardLink,
    Delegation,
    FreezeException,
    ImportRun,
    MetricTarget,
    ModelVersion,
    Observation,
    Replay,
    Review,
    ReviewCheck,
    SampledReview,
    SamplingPeriod,
    SamplingSetting,
    SavedView,
    Seat,
    StandardProposal,
    StandardTemplate,
)
from apps.clusters.models import (
    CatalogImport,
    Charter,
    Cluster,
    Component,
    Convention,
    ConventionExemption,
    Dependency,
    Finding,
    LooseEnd,
    Placement,
    Site,
    TransferRule,
    Visibility,
)
from apps.integrations.models import Integration, Interface
from apps.journal.models import Delivery, Entry
from apps.meetings.models import Meeting, MeetingSeries, Minutes
from apps.notify.models import Endpoint, Feed, Notice, Sending
from apps.policies.models import Policy
from apps.stakeholders.models import (
    Absence,
    Authority,
    Demand,
    EscalationCase,
    EscalationProtocol,
    ExchangeRate,
    GoingLive,
    HandOff,
    Influence,
    Initiative,
    IntegrationCost,
    Metric,
    RequiredLink,
    SiloAction,
    SiloAnswer,
    SiloAssessment,
    Stakeholder,
    ThresholdAgreement,
    WorkingCalendar,
)
from apps.trust.models import TrustDomain, TrustLink
from apps.windows.models import Freeze, RecurringWindow
from tests.conftest import make_person, signed_in
from tests.standards.addresses import Address, addresses, told

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

# Pages that keep something for their viewer alone, or nothing at all; an auditor has an inbox too.
OWN = {
    "account/",
    "account/keys/",
    "account/keys/<int:key_id>/revocation/",
    "preferences/",
    "inbox/read/",
    "inbox/unread/",
    "inbox/preferences/",
    "inbox/digest/",
    "inbox/<int:notice_id>/",
    "inbox/feeds/",
    "inbox/feeds/<int:feed_id>/revocation/",
    "changes/views/",
    "changes/views/<int:view_id>/removal/",
}
PROBLEM = "application/problem+json"
SENTENCE = "Auditors read everything and change nothing."


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker, raise_organisation):
    """The demo organisation, in which every kind of thing exists: built once, gone after the module."""
    with django_db_blocker.unblock(), transaction.atomic():
        raise_organisation()
        yield
        transaction.set_rollback(True)
    ContentType.objects.clear_cache()


@pytest.fixture
def organisation(demo, db):
    """One cluster of the demo organisation, whose things are what the addresses are filled with."""
    return Cluster.objects.get(slug="payments")


def first(model: Any, **wanted: Any) -> Any:
    row = model.objects.filter(**wanted).order_by("pk").first()
    return row.pk if row else 1


def things(cluster: Cluster) -> dict[str, Any]:
    """What each part of an address is filled with: things of `cluster` where a thing belongs to one."""
    change = (
        Change.objects.filter(cluster=cluster, rounds__isnull=False)
        .exclude(requester__handle="nobody")
        .order_by("pk")
        .first()
    )
    assert change is not None
    component = first(Component, cluster=cluster)
    return {
        "reference": change.reference,
        "slug": cluster.slug,
        "board": Board.objects.order_by("pk").values_list("slug", flat=True)[0],
        "handle": "joan",
        "role": "requester",
        "day": "2026-03-02",
        "token": "unknown",
        "number": 1,
        "component": component,
        "dependency": first(Dependency, consumer__cluster=cluster),
        "finding": first(Finding, cluster=cluster),
        "convention": first(Convention),
        "exemption": first(ConventionExemption, component__cluster=cluster),
        "charter": first(Charter, cluster=cluster),
        "transfer": first(TransferRule),
        "site": first(Site),
        "interface": first(Interface, component__cluster=cluster),
        "integration": first(Integration, consumer__cluster=cluster),
        "threshold-agreement": first(ThresholdAgreement, cluster=cluster),
        "absence": first(Absence),
        "working-calendar": first(WorkingCalendar, cluster=cluster),
        "case": EscalationCase.objects.filter(parties__cluster=cluster).values_list("number", flat=True)[0],
        "protocol": EscalationProtocol.objects.order_by("pk").values_list("slug", flat=True)[0],
        "code": Metric.objects.filter(cluster=cluster).order_by("pk").values_list("code", flat=True)[0],
        "first_on": Metric.objects.filter(cluster=cluster).order_by("pk")[0].values_of.order_by("pk")[0].first_on,
        "integration-cost": first(IntegrationCost, cluster=cluster),
        "exchange-rate": first(ExchangeRate),
        "going-live": first(GoingLive, cluster=cluster),
        "trust-domain": first(TrustDomain, cluster=cluster),
        "trust-link": first(TrustLink, target__cluster=cluster),
        "initiative": first(Initiative, clusters=cluster),
        "other": "storefront",
        "silo": first(SiloAssessment, first=cluster),
        "silo-answer": first(SiloAnswer, first=cluster),
        "action_id": first(SiloAction, first=cluster),
        "silo-action": first(SiloAction, first=cluster),
        "handoff_id": first(HandOff, source=cluster),
        "handoff": first(HandOff, source=cluster),
        "required-link": first(RequiredLink, source=cluster),
        "demand_id": first(Demand, initiative__clusters=cluster),
        "stakeholder": first(Stakeholder),
        "stakeholder_id": first(Stakeholder),
        "authority": first(Authority, cluster=cluster),
        "influence": first(Influence),
        "influence_id": first(Influence),
        "catalog": first(CatalogImport),
        "loose-end": first(LooseEnd, cluster=cluster),
        "placement": first(Placement, cluster=cluster),
        "key_id": 1,
        "entry_id": first(Entry),
        "notice_id": first(Notice),
        "feed_id": first(Feed),
        "endpoint_id": first(Endpoint),
        "sending_id": first(Sending),
        "view_id": first(SavedView),
        "condition_id": first(Condition, change=change),
        "attachment_id": first(Attachment, change=change),
        "file_id": first(Attachment, change=change),
        "run_id": first(ImportRun),
        "replay_id": first(Replay),
        "sampling-periods": first(SamplingPeriod, board__cluster=cluster),
        "sampling-settings": first(SamplingSetting),
        "sampled-reviews": first(SampledReview),
        "seat_id": first(Seat),
        "delegation_id": first(Delegation),
        "votes": first(Ballot, round__change__cluster=cluster),
        "reviews": first(Review, change__cluster=cluster),
        "queue": change.pk,
        "deliveries": first(Delivery),
        "conflict_id": first(Conflict, change__cluster=cluster),
        "policies": Policy.objects.order_by("pk").values_list("slug", flat=True)[0],
        "checks": first(ReviewCheck, cluster=cluster),
        "proposals": first(StandardProposal, change__cluster=cluster),
        "observations": first(Observation, component__cluster=cluster),
        "exceptions": first(FreezeException, change__cluster=cluster),
        "freezes": first(Freeze, clusters=cluster),
        "dashboard_id": first(Dashboard),
        "link_id": first(DashboardLink),
        "target_id": first(MetricTarget),
        "metric": "lead_time",
        "kind": "csv",
        "model_kind": "normal",
        "models": first(ModelVersion),
        "templates": first(StandardTemplate, cluster=cluster),
        "windows": first(RecurringWindow, cluster=cluster),
        "meetings": first(Meeting),
        "meeting-series": first(MeetingSeries),
        "meeting": first(Minutes),
    }


BY_PLACE = (
    ("sampling/periods/", "pk", "sampling-periods"),
    ("sampling-periods/", "pk", "sampling-periods"),
    ("sampling/reviews/", "pk", "sampled-reviews"),
    ("sampled-reviews/", "pk", "sampled-reviews"),
    ("sampling-settings/", "pk", "sampling-settings"),
    ("boards/", "slug", "board"),
    ("clusters/import/", "pk", "catalog"),
    ("loose-ends/", "pk", "loose-end"),
    ("placements/", "pk", "placement"),
    ("catalog-imports/", "pk", "catalog"),
    ("components/", "pk", "component"),
    ("dependencies/", "pk", "dependency"),
    ("findings/", "pk", "finding"),
    ("charters/", "pk", "charter"),
    ("conventions/exemptions/", "pk", "exemption"),
    ("conventions/", "pk", "convention"),
    ("conventions/", "exemption", "exemption"),
    ("transfers/", "pk", "transfer"),
    ("transfer-rules/", "pk", "transfer"),
    ("sites/", "pk", "site"),
    ("mesh/edges/", "pk", "dependency"),
    ("integrations/interfaces/", "pk", "interface"),
    ("integrations/components/", "pk", "component"),
    ("interfaces/", "pk", "interface"),
    ("isolation-plans/", "pk", "integration"),
    ("integrations/", "pk", "integration"),
    ("escalations/absences/", "pk", "absence"),
    ("escalations/calendars/", "pk", "working-calendar"),
    ("stakeholders/escalations/", "number", "case"),
    ("escalation-cases/", "number", "case"),
    ("absences/", "pk", "absence"),
    ("working-calendars/", "pk", "working-calendar"),
    ("stakeholders/kpis/costs/", "pk", "integration-cost"),
    ("integration-costs/", "pk", "integration-cost"),
    ("exchange-rates/", "pk", "exchange-rate"),
    ("goings-live/", "pk", "going-live"),
    ("stakeholders/thresholds/", "pk", "threshold-agreement"),
    ("thresholds/", "pk", "threshold-agreement"),
    ("threshold-agreements/", "pk", "threshold-agreement"),
    ("trust/links/", "pk", "trust-link"),
    ("trust-links/", "pk", "trust-link"),
    ("trust-ways/", "pk", "integration"),
    ("trust/", "pk", "trust-domain"),
    ("trust-domains/", "pk", "trust-domain"),
    ("initiatives/", "pk", "initiative"),
    ("silos/", "pk", "silo"),
    ("silo-answers/", "pk", "silo-answer"),
    ("silo-actions/", "pk", "silo-action"),
    ("hand-offs/", "pk", "handoff"),
    ("required-links/", "pk", "required-link"),
    ("silos/links/", "link_id", "required-link"),
    ("stakeholders/people/", "pk", "stakeholder"),
    ("authorities/", "pk", "authority"),
    ("influences/", "pk", "influence"),
    ("^stakeholders/", "pk", "stakeholder"),
    ("inbox/", "pk", "notice_id"),
    ("webhooks/", "pk", "endpoint_id"),
    ("webhook-sendings/", "pk", "sending_id"),
    ("feeds/", "pk", "feed_id"),
    ("api-keys/", "pk", "key_id"),
    ("votes/", "pk", "votes"),
    ("reviews/", "pk", "reviews"),
    ("queue/", "pk", "queue"),
    ("dashboards/", "pk", "dashboard_id"),
    ("metric-targets/", "pk", "target_id"),
    ("windows/", "pk", "windows"),
    ("meetings/series/", "pk", "meeting-series"),
    ("meeting-series/", "pk", "meeting-series"),
    ("meetings/", "pk", "meetings"),
    ("freezes/", "pk", "freezes"),
    ("templates/", "pk", "templates"),
    ("models/", "pk", "models"),
    ("models/", "kind", "model_kind"),
    ("conflicts/", "pk", "conflict_id"),
    ("policies/", "slug", "policies"),
    ("observations/", "pk", "observations"),
    ("checks/", "pk", "checks"),
    ("standard-proposals/", "pk", "proposals"),
    ("replays/", "pk", "replay_id"),
    ("freeze-exceptions/", "pk", "exceptions"),
    ("journal/", "pk", "entry_id"),
    ("deliveries/", "pk", "deliveries"),
)


def every_address(cluster: Cluster, **other: Any) -> list[Address]:
    """All addresses, filled with the cluster's things; with `other` ones where given."""
    known = things(cluster) | other

    def fill(pattern: str, part: str) -> Any:
        place = next((what for where, name, what in BY_PLACE if name == part and where in pattern), part)
        return known[place]

    return list(addresses(fill))


def by_key(person: Person) -> Client:
    now = timezone.now()
    scopes = [Scope.READ] if person.holds(Role.AUDITOR) else list(Scope)
    new = make_api_key(
        owner=person, maker=person, name="all", scopes=scopes, expires_at=now + timedelta(days=1), at=now
    )
    return Client(headers={"authorization": f"Bearer {new.token}"})


def test_an_auditor_is_refused_at_every_address_that_writes_and_nothing_is_written(organisation):
    """Also one who was given every other role, and owns the cluster: nothing they hold lifts it."""
    auditor = Person.objects.get(handle="samuel")
    for role in set(Role) - {Role.AUDITOR}:
        auditor.role_grants.create(person=auditor, role=role)
    page, api, key = signed_in(auditor), signed_in(auditor), by_key(auditor)
    before, wrong, refused = told(), [], 0
    for address in every_address(organisation):
        if address.pattern in OWN:
            continue
        for method in address.methods:
            for client in (api, key) if address.is_api else (page,):
                cache.clear()  # the rate is another test
                answer = getattr(client, method)(address.path, {}, content_type="application/json")
                told_why = SENTENCE in answer.content.decode(errors="replace")
                refused += answer.status_code == 403 and told_why
                if not (answer.status_code == 403 and told_why) and answer.status_code != 405:
                    wrong.append((method, address.path, answer.status_code))
    assert not wrong, "\n".join(map(str, wrong))
    assert {name for name, digest in told().items() if digest != before[name]} == set()
    assert refused > 150


def test_an_auditor_reads_every_page_and_list(organisation):
    client, wrong = signed_in(Person.objects.get(handle="samuel")), []
    for address in every_address(organisation):
        if "<" in address.pattern or address.pattern.replace("^", "").replace("$", "") in NOT_FOR_AUDITORS:
            continue
        cache.clear()
        if client.get(address.path).status_code not in (200, 302, 405, 422):  # 422: let in, and asked for the question
            wrong.append(address.path)
    assert not wrong, "\n".join(map(str, wrong))


# Forms for what auditors may not do.
NOT_FOR_AUDITORS = {
    "account/people/new/",
    "account/people/new-service/",
    "clusters/new/",
    "stakeholders/initiatives/new/",
    "clusters/import/",
    "clusters/conventions/new/",
    "stakeholders/thresholds/floor/",
    "stakeholders/kpis/new/",
    "stakeholders/silos/weights/",
    "stakeholders/escalations/new/",
    "stakeholders/escalations/calendars/new/",
    "changes/new/",
    "imports/",
    "webhooks/new/",
    "windows/new/",
    "meetings/new/",
    "freezes/new/",
    "drift/new/",
}


def test_what_a_restricted_cluster_holds_is_at_no_address_for_an_outsider(organisation):
    """Even one who holds every role that decides or carries out: none of them opens a cluster."""
    Cluster.objects.filter(pk=organisation.pk).update(visibility=Visibility.RESTRICTED)
    eve = make_person("eve", *set(Role) - {Role.AUDITOR, Role.COMPLIANCE_OFFICER, Role.ADMINISTRATOR})
    page, api = signed_in(eve), by_key(eve)
    of_the_cluster = (
        "component",
        "dependency",
        "initiative",
        "demand_id",
        "authority",
        "votes",
        "reviews",
        "queue",
        "conflict_id",
        "freezes",
        "templates",
        "windows",
        "exceptions",
        "observations",
        "checks",
        "proposals",
        "interface",
        "silo",
        "silo-answer",
        "silo-action",
        "action_id",
        "handoff",
        "handoff_id",
        "required-link",
        "integration",
        "integration-cost",
        "going-live",
        "case",
        "working-calendar",
        "sampling-periods",
    )
    nothing: dict[str, Any] = dict.fromkeys(of_the_cluster, 987_654_321)
    nothing |= {"reference": "CHG-9876543", "slug": "no-such-cluster", "code": "no-such-metric"}
    before, wrong, tried = told(), [], 0
    for address, twin in zip(every_address(organisation), every_address(organisation, **nothing), strict=True):
        if address.path == twin.path:
            continue  # not a thing of the cluster
        for method in ("get", *address.methods):
            cache.clear()
            call = getattr(api if address.is_api else page, method)
            answer, unknown = (call(path, {}, content_type="application/json") for path in (address.path, twin.path))
            tried += 1
            if answer.status_code != unknown.status_code or answer.status_code < 400:
                wrong.append((method, address.path, answer.status_code, unknown.status_code))
    assert not wrong, "\n".join(map(str, wrong))
    assert {name for name, digest in told().items() if digest != before[name]} == set()
    assert tried > 150


def hostile_keys() -> list[str]:
    """Keys of pages as nobody's list ever made them: of other types, other lengths, impossible instants, no text."""
    made_up = (
        ["x"],
        [1],
        [10**60],
        ["9999-12-31T23:59:59-23:59"],
        ["2026-02-30"],
        ["\ud800"],
        ["\0"],
    )
    wide = [values * length for values in made_up for length in (1, 2, 3)]
    return ["!", "====", "W", "[" * 900] + [urlsafe_b64encode(json.dumps(one).encode()).decode() for one in wide]


def test_a_made_up_key_of_a_page_is_refused_on_every_list(organisation):
    greta = Person.objects.get(handle="greta")
    page, api, wrong, refused = signed_in(greta), by_key(greta), [], 0
    for address in every_address(organisation):
        if "<" in address.pattern:
            continue
        for key in hostile_keys():
            cache.clear()
            answer = (api if address.is_api else page).get(f"{address.path}?after={key}&which=all")
            refused += answer.status_code == 422
            if answer.status_code >= 500:
                wrong.append((address.path, key, answer.status_code))
            if answer.status_code == 405 or (answer.status_code < 400 and key == "!"):
                break  # not a list
    assert not wrong, "\n".join(map(str, wrong))
    assert refused > 250


def _is_problem(answer: Any) -> bool:
    try:
        said = json.loads(answer.content)
    except ValueError:
        return False
    return answer["Content-Type"] == PROBLEM and {"title", "status", "detail", "next_step"} <= set(said)


def test_whatever_the_api_refuses_is_a_problem_with_a_next_step(organisation):
    """Without a caller, with a wrong method, content type, wish or body: the same shape everywhere."""
    nobody, caller, wrong = Client(), by_key(Person.objects.get(handle="greta")), []
    calls = [
        (nobody, {}, "application/json"),
        (caller, {}, "application/xml"),
        (caller, {"accept": "text/csv"}, "application/json"),
        (caller, {}, "application/json"),
    ]
    for address in every_address(organisation):
        if not address.is_api or address.pattern == "api/v1/docs/":
            continue
        for method in ("get", "post", "put", "patch", "delete", "options", "trace"):
            for client, headers, content_type in calls:
                cache.clear()
                answer = client.generic(method.upper(), address.path, "{", content_type=content_type, headers=headers)
                if answer.status_code < 400:
                    continue
                if answer.status_code >= 500 or not _is_problem(answer):
                    wrong.append((method, address.path, answer.status_code, answer["Content-Type"]))
    assert not wrong, "\n".join(map(str, wrong))
