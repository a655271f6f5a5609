"""The cast and the stage: Ada proposes; Ben, Cleo, Dan sit on the board; Omar owns a cluster; Vera reviews access."""

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.test import Client, TransactionTestCase
from guardian.shortcuts import assign_perm

from apps.accounts.models import Person, RoleGrant
from apps.accounts.rules import Role
from apps.cab.models import Board, BoardKind, Seat, SeatRole
from apps.clusters.models import Cluster, Component, Tier
from tests.clearing import clear_the_stage
from tests.organisation import raise_organisation  # noqa: F401  # fixture

# A machine that is busy is no failure: nothing here is timed.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)  # a Monday
# The browser's driver keeps an event loop in this thread; the tests' own queries between its calls are synchronous.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
QUIET_BROWSER = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
SHARED_DATA = Path(os.environ.get("CONCORDAT_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


def pytest_collection_modifyitems(config, items):
    """Files with slow tests begin; tests on the public records skip, saying so, where the records are absent."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
    if SHARED_DATA.is_dir():
        return
    skip = pytest.mark.skip(reason=f"the public records are not beside the project ({SHARED_DATA.name} folder absent)")
    for item in items:
        if item.get_closest_marker("realdata"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """One driver and one browser a process: a second driver in the same thread refuses to start."""
    chromium = os.environ.get("CONCORDAT_CHROMIUM")
    assert chromium, "The browser tests need Chromium: run `make journeys`, which finds or installs it."
    return {**browser_type_launch_args, "executable_path": chromium, "args": QUIET_BROWSER}


def make_person(handle: str, *roles: Role, **fields) -> Person:
    person = Person.objects.create_user(
        handle, f"{handle}@example.org", "correct horse battery", name=handle.title(), **fields
    )
    RoleGrant.objects.bulk_create(RoleGrant(person=person, role=role) for role in roles)
    return person


def signed_in(person: Person) -> Client:
    client = Client(enforce_csrf_checks=False)
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def version_in(answer: Any) -> str:
    """The version that an answer's ETag names, before the hash of what is told."""
    return str(answer["ETag"]).strip('"').partition(".")[0]


@pytest.fixture
def shared_data() -> Path:
    return SHARED_DATA


@pytest.fixture
def noon() -> datetime:
    return NOON


@pytest.fixture
def ada(db) -> Person:
    return make_person("ada", Role.REQUESTER)


@pytest.fixture
def ben(db) -> Person:
    return make_person("ben", Role.BOARD_MEMBER, Role.BOARD_CHAIR)


@pytest.fixture
def cleo(db) -> Person:
    return make_person("cleo", Role.BOARD_MEMBER)


@pytest.fixture
def dan(db) -> Person:
    return make_person("dan", Role.BOARD_MEMBER)


@pytest.fixture
def omar(db, payments) -> Person:
    person = make_person("omar", Role.CLUSTER_OWNER, Role.OPERATOR)
    assign_perm("own_cluster", person, payments)
    return person


@pytest.fixture
def vera(db) -> Person:
    return make_person("vera", Role.COMPLIANCE_OFFICER)


@pytest.fixture
def auditor(db) -> Person:
    return make_person("aurel", Role.AUDITOR)


@pytest.fixture
def admin(db) -> Person:
    return make_person("greta", Role.ADMINISTRATOR)


@pytest.fixture
def payments(db) -> Cluster:
    return Cluster.objects.create(slug="payments", name="Payments", zone="Europe/Berlin")


@pytest.fixture
def logistics(db) -> Cluster:
    return Cluster.objects.create(slug="logistics", name="Logistics", zone="America/New_York")


@pytest.fixture
def ledger(payments) -> Component:
    return Component.objects.create(cluster=payments, slug="ledger", name="Ledger", tier=Tier.CRITICAL)


@pytest.fixture
def dispatch(logistics) -> Component:
    return Component.objects.create(cluster=logistics, slug="dispatch", name="Dispatch", tier=Tier.IMPORTANT)


@pytest.fixture
def board(db, ben, cleo, dan) -> Board:
    """The enterprise board: Ben chairs, Cleo and Dan vote; two seats and the chair make the quorum."""
    board = Board.objects.create(
        slug="enterprise", name="Enterprise board", kind=BoardKind.ENTERPRISE, quorum_count=2, quorum_roles=["chair"]
    )
    term = (date(2026, 1, 1), None)
    for person, role in ((ben, SeatRole.CHAIR), (cleo, SeatRole.VOTER), (dan, SeatRole.VOTER)):
        Seat.objects.create(board=board, person=person, role=role, term=term)
    return board


@pytest.fixture(autouse=True, scope="session")
def _stage_is_cleared_by_what_was_written():
    """Tests with real commits end with an empty stage."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: clear_the_stage())
        yield


@pytest.fixture(autouse=True, scope="session")
def _streams_notice_sooner():
    """A stream sees at its next heartbeat that its screen is gone; a test must not wait five seconds for that."""
    from apps.meetings.web.views import live

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "HEARTBEAT_S", 0.5)
        yield
