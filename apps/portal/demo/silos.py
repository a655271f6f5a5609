"""How far clusters of the demo organisation work apart: what they pass by hand, what owners say, half a year of it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from apps.accounts.models import Person
from apps.clusters import actions as map_actions
from apps.clusters import checks
from apps.clusters.actions.checks import ask_for_check
from apps.clusters.models import Cluster
from apps.stakeholders.actions import silo_runs as runs
from apps.stakeholders.actions import silo_survey as survey
from apps.stakeholders.actions.required_links import require_link
from apps.stakeholders.models import HandOff, RequiredLink, SiloRun
from apps.stakeholders.queries import silo_checks
from apps.stakeholders.queries.silos import history_of, pair_of
from apps.stakeholders.rules.silo_survey import QUESTIONS

MONTHS = 5  # assessed before this one
# days ago, from, to, what, how, count, a period, who counted, who records, hours that it waits
HAND_OFFS: tuple[tuple[int, str, str, str, str, int, str, str, str, int | None], ...] = (
    (170, "payments", "logistics", "Refunds of lost parcels", "sheet", 14, "week", "Counted in March", "lena", 30),
    (170, "logistics", "payments", "Cash on delivery by depot", "file", 5, "week", "The folder of the depots", "hiro", 20),
    (169, "payments", "data-platform", "Chargebacks of the month", "mail", 1, "month", "The team said so", "lena", 72),
    (169, "data-platform", "payments", "Reconciliation with the banks", "file", 1, "day", "The nightly job", "rashid", 9),
    (168, "storefront", "payments", "Corrections of vouchers", "ticket", 30, "week", "Tickets of a quarter", "anneke", 5),
    (168, "logistics", "data-platform", "Stock counts of the depots", "sheet", 6, "day", "Six depots", "hiro", 4),
    (167, "storefront", "data-platform", "Figures of campaigns", "mail", 4, "week", "Asked the marketers", "anneke", 26),
    (167, "data-platform", "storefront", "Sales of the week", "sheet", 1, "week", "Monday mail", "rashid", None),
    (166, "logistics", "storefront", "Delays of the day", "meeting", 5, "week", "The morning call", "hiro", 1),
    (166, "storefront", "logistics", "What is out of stock", "mail", 40, "week", "Counted in a week of May", "anneke", 3),
    (165, "identity", "payments", "Who has left", "mail", 3, "week", "Asked the service desk", "marit", 48),
    (60, "data-platform", "logistics", "Forecast of parcels", "sheet", 1, "week", "Since the spring", "rashid", 16),
)  # fmt: skip
ENDED = (75, "What is out of stock", "The topic stock.levels tells it.", "anneke")  # days ago
ROUNDS = ((160, 20), (80, 21), (10, 25))  # days ago, days that it lasts
# round (from 1), who, of which pair, marks in the order of the questions, reasons of low ones
ANSWERS: tuple[tuple[int, str, tuple[str, str], tuple[int, ...], dict[str, str]], ...] = (
    (1, "lena", ("payments", "logistics"), (2, 1, 2, 2, 2, 2), {"data": "We wait for a spreadsheet."}),
    (1, "hiro", ("payments", "logistics"), (3, 2, 3, 2, 2, 3), {}),
    (1, "anneke", ("storefront", "logistics"), (2, 0, 1, 2, 1, 2), {"data": "By telephone.", "plans": "Never.", "answers": "Days."}),
    (1, "hiro", ("storefront", "logistics"), (3, 2, 2, 2, 3, 2), {}),
    (1, "anneke", ("storefront", "payments"), (4, 3, 3, 3, 3, 3), {}),
    (1, "lena", ("storefront", "payments"), (4, 3, 3, 4, 3, 3), {}),
    (2, "lena", ("payments", "logistics"), (3, 1, 2, 2, 2, 3), {"data": "Still a spreadsheet."}),
    (2, "hiro", ("payments", "logistics"), (3, 3, 3, 3, 3, 3), {}),
    (2, "anneke", ("storefront", "logistics"), (3, 3, 2, 3, 3, 3), {}),
    (2, "hiro", ("storefront", "logistics"), (4, 3, 3, 3, 3, 3), {}),
    (2, "rashid", ("data-platform", "logistics"), (2, 0, 1, 2, 2, 1), {"data": "Six sheets.", "plans": "No.", "warnings": "No."}),
    (2, "hiro", ("data-platform", "logistics"), (2, 3, 2, 3, 2, 3), {}),
    (3, "rashid", ("data-platform", "payments"), (3, 2, 2, 2, 3, 3), {}),
)  # fmt: skip
# days ago, pair, what, which indicator, who does it, due in days from now, planned by, then (days ago, state, outcome)
ACTIONS: tuple[tuple[Any, ...], ...] = (
    (140, ("storefront", "logistics"), "Read stock from the topic and not from mails", "handoffs", "anneke", -70, "hiro", ((120, "started", ""), (74, "done", "Storefront reads stock.levels; the mails have ended."))),
    (50, ("data-platform", "payments"), "Reconcile from orders.placed and not from a nightly file", "handoffs", "rashid", -3, "lena", ((30, "started", ""),)),
    (48, ("storefront", "data-platform"), "One spreadsheet of campaigns for all", "handoffs", "anneke", -20, "rashid", ((25, "dropped", "It would only be another spreadsheet."),)),
)  # fmt: skip
# days ago, from, to, because, why, a month, who answers, who requires it
LINKS: tuple[tuple[int, str, str, str, str, int | None, str, str], ...] = (
    (130, "storefront", "logistics", "workflow", "Orders reach the warehouse within minutes", 9_000, "anneke", "hiro"),
    (128, "payments", "logistics", "workflow", "Refunds of lost parcels stop the delivery", 60, "lena", "lena"),
    (96, "identity", "data-platform", "lineage", "Who may read which report follows from the team somebody is in", 400, "marit", "rashid"),
    (40, "identity", "logistics", "strategy", "Depots sign in as everybody else does", None, "hiro", "marit"),
)  # fmt: skip
# days ago, from, to, who does it, due in days from now: what closes a required link that is missing
CLOSED_BY = (30, "identity", "data-platform", "marit", 18)
# The same thing twice: cluster, short name, name, description.
TWINS = (
    ("storefront", "customer-profiles", "Customer profiles", "What customers looked at, so that the shop can propose more."),
    ("data-platform", "customer-profile", "Customer profiles", "Customers as the events of two years show them."),
)  # fmt: skip


def assess(people: dict[str, Person], *, at: datetime) -> int:
    """Record hand-offs, ask, act and assess over half a year, each at its time; how many pairs were judged last."""
    clusters = {one.slug: one for one in Cluster.objects.all()}
    _double(people, clusters, at=at - timedelta(days=200))
    then: list[tuple[datetime, Callable[[datetime], object]]] = []
    for ago, source, target, what, way, count, period, evidence, who, hours in HAND_OFFS:
        values = {"what": what, "way": way, "count": count, "period": period, "evidence": evidence}
        values["delay_hours"] = hours
        values |= {"source": clusters[source], "target": clusters[target], "recorder": people[who]}
        then.append((_ago(at, ago), _later(survey.record_handoff, **values)))
    for ago, source, target, because, why, volume, owner, who in LINKS:
        ends = {"source": clusters[source], "target": clusters[target]}
        said = {"reason": because, "why": why, "volume": volume, "owner": people[owner], "declarer": people[who]}
        then.append((_ago(at, ago), _later(require_link, **ends, **said)))
    then.append((_ago(at, CLOSED_BY[0]), lambda when: _close(people, at, when)))
    ago, what, reason, who = ENDED
    then.append((_ago(at, ago), lambda when: _end(what, reason, people[who], when)))
    for number, (ago, lasts) in enumerate(ROUNDS, start=1):
        last = (_ago(at, ago) + timedelta(days=lasts)).date()
        then.append((_ago(at, ago), _later(survey.open_silo_round, closes_on=last, opener=people["marit"])))
        then += [(_ago(at, ago - 2), _answering(row, people, clusters)) for row in ANSWERS if row[0] == number]
    then += [(_first_of(at, back), _assess) for back in range(MONTHS, -1, -1)]
    then += [(_ago(at, row[0]), _planning(row, people, clusters, at)) for row in ACTIONS]
    for when, act in sorted(then, key=lambda one: one[0]):
        act(min(when, at))
    survey.remind_of_silo_actions(at=at)
    for checker in (silo_checks.SILOS, silo_checks.LINKS):
        ask_for_check(checker=checker)
        checks.run(checks.registered()[checker], at=at)
    return int(SiloRun.objects.order_by("-number")[0].counts["judged"])


def _double(people: dict[str, Person], clusters: dict[str, Cluster], *, at: datetime) -> None:
    for cluster, slug, name, description in TWINS:
        values = {"name": name, "description": description, "tier": 3, "owner_name": f"{clusters[cluster].name} team"}
        values |= {"tags": ["data:internal"], "sites": ["lon-1" if cluster == "storefront" else "ams-1"]}
        owner = people["anneke" if cluster == "storefront" else "rashid"]
        map_actions.add_component(cluster_id=clusters[cluster].pk, editor=owner, slug=slug, values=values, at=at)


def _later(act: Callable[..., object], **values: Any) -> Callable[[datetime], object]:
    return lambda when: act(**values, at=when)


def _assess(when: datetime) -> None:
    runs.work_off(run_id=runs.begin_silo_run(assessor=None, at=when).pk, at=when)


def _close(people: dict[str, Person], now: datetime, when: datetime) -> None:
    """What the newest assessment advises on a required link becomes an action."""
    _, source, target, owner, due = CLOSED_BY
    link = RequiredLink.objects.select_related("source", "target").get(source__slug=source, target__slug=target)
    first, second = pair_of(link.source, link.target)
    newest = history_of(first, second)[0]
    advice = next(one for one in newest.advice if one["key"] == f"link:{link.pk}")
    survey.plan_silo_action(
        clusters=(first, second),
        what=advice["sentence"],
        indicator=advice["indicator"],
        advice_key=advice["key"],
        owner=people[owner],
        due_on=(now + timedelta(days=due)).date(),
        planner=people[owner],
        at=when,
    )


def _end(what: str, reason: str, ender: Person, when: datetime) -> None:
    survey.end_handoff(handoff_id=HandOff.objects.get(what=what).pk, reason=reason, ender=ender, at=when)


def _answering(row: Any, people: dict[str, Person], clusters: dict[str, Cluster]) -> Callable[[datetime], object]:
    _, who, (one, other), marks, reasons = row
    given = dict(zip(QUESTIONS, marks, strict=True))
    pair = (clusters[one], clusters[other])
    return _later(survey.answer_silo_questions, clusters=pair, person=people[who], marks=given, reasons=reasons)


def _planning(
    row: Any, people: dict[str, Person], clusters: dict[str, Cluster], now: datetime
) -> Callable[[datetime], object]:
    _, (one, other), what, indicator, owner, due, planner, moves = row

    def act(when: datetime) -> None:
        planned = survey.plan_silo_action(
            clusters=(clusters[one], clusters[other]),
            what=what,
            indicator=indicator,
            owner=people[owner],
            due_on=(now + timedelta(days=due)).date(),
            planner=people[planner],
            at=when,
        )
        for ago, state, outcome in moves:
            survey.move_silo_action(
                action_id=planned.pk, state=state, outcome=outcome, mover=people[owner], at=_ago(now, ago)
            )

    return act


def _ago(at: datetime, days: int) -> datetime:
    return at - timedelta(days=days)


def _first_of(at: datetime, back: int) -> datetime:
    """The first of the month that many months back, in the small hours; of this one, now at the latest."""
    month = at.year * 12 + at.month - 1 - back
    return min(at, at.replace(year=month // 12, month=month % 12 + 1, day=1, hour=3, minute=5, second=0, microsecond=0))
