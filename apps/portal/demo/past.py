"""Two years behind the demo organisation: what its delivery pipeline carried out, and what its boards decided."""

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from random import Random

from apps.accounts.models import Person
from apps.cab.actions import imports
from apps.cab.actions.dashboards import make_dashboard, share_dashboard
from apps.cab.actions.targets import set_target
from apps.cab.formats.maps import find_map
from apps.cab.formats.records import Record
from apps.cab.models import Board, ChangeType
from apps.cab.rules.risk import LOOK_BACK
from apps.cab.states import Outcome
from apps.clusters.models import Cluster
from apps.portal.demo.organisation import CLUSTERS
from apps.portal.demo.stories import Story

DAYS = 730
LARGEST = 4 << 20  # bytes
SOURCE = "delivery-pipeline"
# What is done to a component, as its pipeline names it; and as which type.
WORK = (
    ("Patch the operating system under {}", ChangeType.STANDARD),
    ("Renew the certificate of {}", ChangeType.STANDARD),
    ("Move {} to the next base image", ChangeType.STANDARD),
    ("Raise the log retention of {}", ChangeType.STANDARD),
    ("New release of {}", ChangeType.NORMAL),
    ("Enlarge the connection pool of {}", ChangeType.NORMAL),
    ("Add an index to the tables of {}", ChangeType.NORMAL),
    ("Change the message schema of {}", ChangeType.NORMAL),
    ("Split the nightly job of {}", ChangeType.NORMAL),
    ("Replace the cache of {}", ChangeType.NORMAL),
    ("Let {} fail over by itself", ChangeType.NORMAL),
)
TROUBLE = ("Restart {} with more memory", "Stop the retry storm against {}", "Block the broken client of {}")
# The last decides within hours; what a board decided comes by `DECIDED`.
WAIT_H: dict[str, float] = {ChangeType.STANDARD: 1.5, ChangeType.NORMAL: 44.0, ChangeType.EMERGENCY: 0.6}
LEAD_H: dict[str, float] = {ChangeType.STANDARD: 20.0, ChangeType.NORMAL: 110.0, ChangeType.EMERGENCY: 1.5}
COST_EUR: dict[str, float] = {ChangeType.STANDARD: 400, ChangeType.NORMAL: 6_000, ChangeType.EMERGENCY: 900}
COLUMNS = [
    "id",
    "title",
    "purpose",
    "type",
    "state",
    "outcome",
    "risk",
    "cluster",
    "components",
    "requester",
    "implementer",
    "created_at",
    "submitted_at",
    "decided_at",
    "implemented_at",
    "closed_at",
    "reverts",
    "revert_reason",
    "cost_amount",
]
# What boards decided in these two years: (days ago, title, components, outcome); the way of each is told in full.
DECIDED = (
    (690, "Take the second card scheme into the gateway", "payments/card-gateway", Outcome.SUCCESSFUL),
    (655, "One sign-in for shop and staff", "identity/sign-in storefront/web-shop", Outcome.SUCCESSFUL_WITH_ISSUES),
    (612, "Stock counts by the minute", "logistics/warehouse-stock storefront/catalogue", Outcome.SUCCESSFUL),
    (571, "Close the ledger's old write path", "payments/ledger", Outcome.BACKED_OUT),
    (538, "Close the ledger's old write path, in two steps", "payments/ledger", Outcome.SUCCESSFUL),
    (497, "Events instead of nightly files for reporting", "data-platform/event-stream data-platform/reporting", Outcome.SUCCESSFUL),
    (466, "Consent before the first cookie", "identity/consent-store storefront/web-shop", Outcome.SUCCESSFUL),
    (430, "Payouts in three more currencies", "payments/payouts", Outcome.SUCCESSFUL),
    (388, "Second site for dispatch", "logistics/dispatch", Outcome.SUCCESSFUL_WITH_ISSUES),
    (351, "Fraud scoring reads the event stream", "payments/fraud-scoring data-platform/event-stream", Outcome.UNSUCCESSFUL),
    (316, "Fraud scoring reads a copy of the event stream", "payments/fraud-scoring data-platform/event-stream", Outcome.SUCCESSFUL),
    (283, "Checkout without a session store", "storefront/checkout", Outcome.SUCCESSFUL),
    (244, "Statements as a subscription", "payments/statement-archive", Outcome.SUCCESSFUL),
    (207, "Staff directory from the personnel system", "identity/staff-directory", Outcome.SUCCESSFUL),
    (171, "Routes planned across warehouses", "logistics/route-planner logistics/warehouse-stock", Outcome.SUCCESSFUL),
    (138, "Card gateway in the second region", "payments/card-gateway", Outcome.SUCCESSFUL_WITH_ISSUES),
    (104, "Search answers from both regions", "storefront/search-index", Outcome.SUCCESSFUL),
    (75, "Warehouse tables by day", "data-platform/warehouse", Outcome.SUCCESSFUL),
)  # fmt: skip
# metric, cluster or board, value, who answers for it
TARGETS = (
    ("deployment_frequency", "", "", "6", "priya"),
    ("lead_time", "", "", "120", "priya"),
    ("change_failure_rate", "", "", "10", "marit"),
    ("time_to_restore", "", "", "4", "marit"),
    ("approval_wait", "", "", "36", "marit"),
    ("emergency_share", "", "", "6", "priya"),
    ("change_failure_rate", "payments", "", "8", "lena"),
    ("approval_wait", "", "enterprise", "48", "marit"),
)


def decided() -> tuple[Story, ...]:
    """What boards decided before the present stories begin."""
    return tuple(
        Story(
            title,
            "Agreed in the yearly plan.",
            components,
            "joan",
            -days,
            "closed",
            outcome=outcome,
            cost=f"{8_000 + 900 * (days % 40)}",
        )
        for days, title, components, outcome in DECIDED
    )


def bring_along(people: dict[str, Person], *, at: datetime) -> int:
    """Import what the pipeline carried out, up to yesterday; returns how many changes."""
    rows = [list(map(str, vars(one).values())) for one in _carried_out(at)]
    content = io.StringIO()
    csv.writer(content).writerows([COLUMNS, *rows])
    data, column_map = content.getvalue().encode(), find_map("generic-csv")

    def reading() -> Iterator[Record]:
        return column_map.records(io.BytesIO(data), name="pipeline.csv", most=LARGEST)

    run = imports.begin_import(
        file_name="pipeline.csv",
        sha256=hashlib.sha256(data).hexdigest(),
        column_map=column_map,
        source=SOURCE,
        cluster="storefront",
        is_dry=False,
        open_records=reading,
        importer=people["priya"],
        at=at,
    )
    imports.work_off(run_id=run.pk, open_records=reading)
    return len(rows)


def set_targets(people: dict[str, Person], *, at: datetime) -> None:
    """What the metrics should come to."""
    for metric, cluster, board, value, owner in TARGETS:
        set_target(
            setter=people["priya"],
            metric=metric,
            value=Decimal(value),
            owner=people[owner],
            cluster=Cluster.objects.get(slug=cluster) if cluster else None,
            board=Board.objects.get(slug=board) if board else None,
            at=at,
        )


@dataclass
class _Done:
    """One row of the pipeline's register, in the order of COLUMNS."""

    id: str
    title: str
    purpose: str
    type: str
    state: str
    outcome: str
    risk: int
    cluster: str
    components: str
    requester: str
    implementer: str
    created_at: str
    submitted_at: str
    decided_at: str
    implemented_at: str
    closed_at: str
    reverts: str = ""
    revert_reason: str = ""
    cost_amount: str = ""


def make_dashboards(people: dict[str, Person], *, at: datetime) -> None:
    """One of the enterprise board, shared by a link, and one of the programme manager."""
    board = Board.objects.get(slug="enterprise")
    shown = make_dashboard(maker=people["marit"], name="Board at a glance", board=board, at=at)
    share_dashboard(dashboard_id=shown.pk, person=people["marit"], at=at)
    make_dashboard(maker=people["priya"], name="Programme, every Monday", days=730, at=at)


def _carried_out(at: datetime) -> list[_Done]:
    """The same two years every time: more changes as time goes on, fewer of them failing."""
    done: list[_Done] = []
    dice = Random(7)  # noqa: S311  # the demo is the same for everybody
    for days in range(DAYS, 0, -1):
        day, share = (at - timedelta(days=days)).date(), 1 - days / DAYS
        if day.weekday() > 4:  # noqa: PLR2004  # the pipeline rests on Saturday and Sunday
            continue
        for _ in range(dice.choices((0, 1, 2, 3), (30 - 12 * share, 40, 20 + 12 * share, 8 * share))[0]):
            ready_at = datetime.combine(day, time(dice.randrange(7, 20), dice.randrange(60)), tzinfo=UTC)
            done += _one(f"PIPE-{len(done) + 1}", dice, ready_at, share, recent=timedelta(days=days) < LOOK_BACK)
    return [one for one in done if one.implemented_at < at.isoformat()]


def _one(name: str, dice: Random, ready_at: datetime, share: float, *, recent: bool) -> list[_Done]:
    """A change and, where it failed and was undone, the one that undid it."""
    cluster = dice.choices(list(CLUSTERS), (30, 22, 24, 10, 12, 2))[0]
    component = dice.choice(CLUSTERS[cluster][4])
    title, kind = dice.choice(WORK)
    if dice.random() < 0.09 - 0.05 * share:
        title, kind = dice.choice(TROUBLE), ChangeType.EMERGENCY
    # A failure lately would raise the risk of what is told in the present: the pipeline names no component then.
    failed = dice.random() < 0.16 - 0.09 * share
    part = "" if failed and recent else component[0]
    one = _row(name, title.format(component[1]), kind, cluster, part, dice, ready_at, share)
    if not failed:
        return [one]
    if dice.random() < 0.35:  # noqa: PLR2004  # noticed at once and told as such
        one.outcome = Outcome.BACKED_OUT
        return [one]
    back_at = ready_at + timedelta(hours=dice.lognormvariate(1.5 - 0.7 * share, 0.7))
    undoing = _row(f"{name}-back", f"Undo: {one.title}", ChangeType.EMERGENCY, cluster, part, dice, back_at, share)
    undoing.reverts, undoing.revert_reason = name, "Errors rose after the release."
    return [one, undoing]


def _cost(name: str, kind: str) -> str:
    """What one was thought to cost; one in eight says nothing. By dice of its own: those of the register stay."""
    dice = Random(name)  # noqa: S311  # the demo is the same for everybody
    return "" if dice.random() < 1 / 8 else f"{round(COST_EUR[kind] * dice.lognormvariate(0, 0.9), -1):.0f}"


def _row(
    name: str, title: str, kind: str, cluster: str, part: str, dice: Random, done_at: datetime, share: float
) -> _Done:
    lead = timedelta(hours=LEAD_H[kind] * (1.3 - 0.5 * share) * dice.lognormvariate(0, 0.5))
    wait = min(timedelta(hours=WAIT_H[kind] * (1.4 - 0.6 * share) * dice.lognormvariate(0, 0.6)), lead)
    submitted_at = done_at - lead
    author, doer = dice.sample(("joan", "piotr", "Ines Duarte", "Ole Brekke", "Mina Ovesen"), 2)
    moments = (submitted_at - timedelta(hours=3), submitted_at, submitted_at + wait, done_at, done_at)
    row = _Done(
        name, title, "As the team's plan for the quarter says.", kind, "closed", Outcome.SUCCESSFUL,
        dice.choice((1, 2, 2, 3)), cluster, part, author, doer, *(one.isoformat(timespec="seconds") for one in moments),
    )  # fmt: skip
    row.cost_amount = _cost(name, kind)
    return row
