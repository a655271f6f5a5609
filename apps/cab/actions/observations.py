"""Observed drift: taken in, joined to the change that covers it or opened as an unauthorized one, and explained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab import events
from apps.cab.actions import proposing
from apps.cab.actions.moves import locked_change, move_change, move_observation
from apps.cab.models import Change, Observation, Review
from apps.cab.queries.observations import candidates_on, unexplained_on
from apps.cab.rules import observations as rules
from apps.cab.rules import reviews
from apps.cab.rules.exceptions import required_reason
from apps.cab.states import ChangeState, ObservationState, Outcome
from apps.clusters.models import Component
from apps.clusters.queries import standing
from apps.journal import actions as journal
from apps.kernel.refusals import NotAllowed, NotFound, WrongState, refusal_from_constraint
from apps.kernel.signs import moment_words

_TURN = 0x6361_626F  # reports take turns: two of one component open one change


@dataclass(frozen=True)
class Report:
    """What a detector or a person says they saw."""

    source: str
    external_id: str
    component: Component
    observed_at: datetime
    summary: str
    found_by: str
    details: str = ""
    evidence: Sequence[Mapping[str, str]] = field(default=())


@transaction.atomic
def report_drift(*, reporter: Person, report: Report, at: datetime) -> Observation:
    """Take a report in. A change whose work or window covers the moment on that component gets it as evidence;
    otherwise it joins the unauthorized change that is still to be explained there, or opens one.

    Refused: a report of the same source and number again, and a time that cannot be.
    """  # noqa: D205  # one sentence over two lines
    reporter.require(Capability.PROPOSE_CHANGE, to="report drift")
    rules.require_credible(report.observed_at, at=at)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_TURN, report.component.pk])
    covering = rules.covering(candidates_on(report.component.pk), report.observed_at)
    known = covering or unexplained_on(report.component.pk)
    change = locked_change(known) if known else _opened(report, reporter, at=at)
    observation = _kept(report, change, reporter, is_evidence=covering is not None, at=at)
    named = {"change_id": change.pk, "observation_id": observation.pk}
    if known is None:
        journal.record(events.UnauthorizedChangeOpened(**named), subject=change, actor=reporter, at=at)
    else:
        journal.record(events.DriftObserved(**named), subject=change, actor=reporter, at=at)
    return observation


@transaction.atomic
def explain_drift(*, change_id: int, person: Person, resolution: str, reason: str, at: datetime) -> Change:
    """Explain an unauthorized change that was opened for observed drift, by the owner of its cluster.

    `latent`: it is accepted as it is; `backed_out`: it was undone; `false_alarm`: nothing had changed. The first two
    lead to a review, the last calls the change off. Every report that is open on the change is resolved with it.
    """
    change = locked_change(change_id)
    _require_may_explain(change, person)
    if resolution not in {ObservationState.LATENT, ObservationState.BACKED_OUT, ObservationState.FALSE_ALARM}:
        raise WrongState("Drift is accepted, backed out or a false alarm.", next_step="Choose one of the three.")
    rows = list(change.observations.select_for_update().filter(state=ObservationState.OPEN).order_by("pk"))
    if not rows:
        raise WrongState(
            f"{change.reference} has no observed drift to explain.", next_step="What was said about it is on its page."
        )
    why = required_reason(reason, prompt="Say what happened and why you decide so.")
    for one in rows:
        move_observation(one, ObservationState(resolution))
        one.resolved_by, one.resolved_at, one.resolution = person, at, why
        one.save()
    _settle(change, resolution, why, at=at)
    event = events.DriftExplained(change_id=change.pk, resolution=resolution, reason=why)
    journal.record(event, subject=change, actor=person, at=at)
    return change


def _opened(report: Report, reporter: Person, *, at: datetime) -> Change:
    when = f"{moment_words(report.observed_at)} UTC"
    because = f"{report.found_by} found it {when}; no change on {report.component} covers that time."
    content = proposing.Content(
        title=f"Observed: {report.summary}",
        cluster=report.component.cluster,
        components=[report.component],
        purpose=report.details,
        links=report.evidence,
    )
    return proposing.write_down(
        author=reporter,
        content=content,
        at=at,
        state=ChangeState.IMPLEMENTED,
        implemented_at=min(report.observed_at, at),
        unauthorized=True,
        unauthorized_because=because,
    )


def _kept(report: Report, change: Change, reporter: Person, *, is_evidence: bool, at: datetime) -> Observation:
    observation = Observation(
        change=change,
        opened_change=not is_evidence,
        reported_by=reporter,
        reported_at=at,
        **{**vars(report), "evidence": [dict(one) for one in report.evidence]},
    )
    if is_evidence:
        move_observation(observation, ObservationState.ATTACHED)
    try:
        with transaction.atomic():
            observation.save(force_insert=True)
    except IntegrityError as error:
        raise refusal_from_constraint(error, Observation) from error
    return observation


def _settle(change: Change, resolution: str, why: str, *, at: datetime) -> None:
    if resolution == ObservationState.FALSE_ALARM:
        move_change(change, ChangeState.CANCELLED)
        change.outcome, change.closed_at = Outcome.NOT_IMPLEMENTED, at
        change.unauthorized, change.unauthorized_because = False, ""
        change.save()
        return
    change.latent = resolution == ObservationState.LATENT
    change.outcome = Outcome.BACKED_OUT if resolution == ObservationState.BACKED_OUT else ""
    change.unauthorized_because = f"{change.unauthorized_because} {why}"
    change.save()
    due_at = reviews.due_at(type=change.type, implemented_at=at, zone=change.cluster.zone)
    Review.objects.get_or_create(change=change, defaults={"reviewer": change.requester, "due_at": due_at})


def _require_may_explain(change: Change, person: Person) -> None:
    if not change.observations.filter(opened_change=True).exists():
        raise NotFound(f"{change.reference} was not opened for observed drift.", next_step="Open the list of drift.")
    person.require(Capability.PROPOSE_CHANGE, to="explain drift")
    if person.pk == change.requester_id:
        raise NotAllowed(
            "Who reported it does not also decide what it was.",
            next_step=f"Ask another owner of {change.cluster}.",
            code="own_change",
        )
    if not standing(person, change.cluster).may_own:
        raise NotAllowed(
            f"Only an owner of {change.cluster} explains what changed there.",
            next_step="Ask one of the owners named on its page.",
        )
