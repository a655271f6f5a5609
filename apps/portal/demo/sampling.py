"""Routine work that the policy authorizes, and its samples: three draws, both verdicts, one overdue, one by hand."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from apps.accounts.models import Person
from apps.cab.actions import flow, proposing, reviews, sampling
from apps.cab.models import Board, Change, SampledReview
from apps.cab.models.sampling import SampleVerdict
from apps.cab.queries.sampling import periods_due, reviews_waiting_for
from apps.cab.states import Outcome
from apps.clusters.models import Component
from apps.portal.demo.telling import Steps, Together

BEGAN, PERIOD = 45, 14  # days: sampling began so long ago, and draws so often
DRAWS = tuple(BEGAN - PERIOD * number for number in (1, 2, 3))  # days ago
WELL, BACK, FAILED = Outcome.SUCCESSFUL, Outcome.BACKED_OUT, Outcome.UNSUCCESSFUL
# What went on every few days, by component, and how it went.
WORK = (
    ("New stop words for the search index", "storefront/search-index", (WELL, FAILED, WELL, WELL, BACK)),
    ("Catalogue takes the weekly price list", "storefront/catalogue", (BACK, WELL, WELL, WELL, WELL)),
    ("Reporting gets last month's figures", "data-platform/reporting", (WELL, WELL, WELL, FAILED, WELL)),
)
NOTICE = timedelta(hours=27)  # a day and more: what comes sooner is riskier
REVIEWERS = ("tomas", "anneke", "rashid")
GOOD = "Routine, with a way back that has been tried."
BAD = "The test plan looks at one node only. We would have asked for a second."


def samples(people: dict[str, Person], parts: dict[str, Component], *, at: datetime) -> Together:
    """The work, and what is sampled of it, to be told among the stories."""
    told = [_sampled(people, at=at)]
    for place, (title, name, went) in enumerate(WORK):
        for number, outcome in enumerate(went):
            began = at - timedelta(days=BEGAN - 1 - place * 2 - number * 8, hours=place)
            told.append(_carried_out(f"{title}, {number + 1}", parts[name], outcome, people, at=began))
    return Together(told)


def _sampled(people: dict[str, Person], *, at: datetime) -> Steps:
    yield (began := at - timedelta(days=BEGAN))
    reason = "Since routine needs no board, a part of it is looked at afterwards."
    sampling.set_sampling(
        setter=people["priya"], board=None, share=50, minimum=2, days=PERIOD, reason=reason, based_on=0, at=began
    )
    for number, days in enumerate(DRAWS):
        yield (drawn := at - timedelta(days=days) + timedelta(minutes=5))
        for period in periods_due(drawn):
            sampling.keep_period(period_id=period.pk, at=drawn)
        if number == len(DRAWS) - 1:
            return
        yield (judged := drawn + timedelta(days=2))
        left = SampledReview.objects.order_by("-pk").values_list("pk", flat=True)[:number]  # one of the second draw
        _judge(people, leaves=set(left), at=judged)


def _judge(people: dict[str, Person], *, leaves: set[int], at: datetime) -> None:
    """The members of the boards give their verdicts, those who may: mostly, what failed would have been refused."""
    for handle in REVIEWERS:
        for review in reviews_waiting_for(people[handle], at=at).exclude(pk__in=leaves):
            is_refused = review.change.outcome in {BACK, FAILED} or review.change.title.endswith(", 4")
            sampling.review_sample(
                review_id=review.pk,
                reviewer=people[handle],
                verdict=SampleVerdict.REFUSED if is_refused else SampleVerdict.AGREED,
                reason=BAD if is_refused else GOOD,
                at=at,
            )


def look_on(people: dict[str, Person], *, at: datetime) -> int:
    """What happens today: who is late is reminded, and an emergency is added by hand; how many reviews there are."""
    for review in SampledReview.objects.overdue_at(at):
        sampling.remind_of_sample(review_id=review.pk, at=at)
    emergency = Change.objects.filter(type="emergency", state="closed", sampled_reviews=None).earliest("pk")
    sampling.add_by_hand(
        change_id=emergency.pk,
        board=Board.objects.get(kind="enterprise"),
        adder=people["tomas"],
        reason="It was an emergency for the third time this year: was it one?",
        at=at,
    )
    return SampledReview.objects.count()


def _carried_out(title: str, part: Component, outcome: str, people: dict[str, Person], *, at: datetime) -> Steps:
    """A standard change of low risk from its proposal to its review."""
    joan, piotr = people["joan"], people["piotr"]
    yield at
    start = (at + NOTICE).astimezone(ZoneInfo(part.cluster.zone)).replace(tzinfo=None, second=0, microsecond=0)
    told = proposing.Content(
        title=title,
        type="standard",
        purpose="It comes every week, and has gone the same way many times.",
        cluster=part.cluster,
        components=[part],
        implementer=piotr,
        implementation_plan="1. Load it beside the one in use.\n2. Switch.\n3. Watch for ten minutes.",
        test_plan="Twenty searches of the list on one node, before and after.",
        communication_plan="Support knows the day.",
        backout_plan="Switch back to the one before.",
        window_start=start,
        window_end=start + timedelta(hours=1),
        window_zone=part.cluster.zone,
    )
    change = proposing.propose_change(requester=joan, content=told, at=at)
    flow.submit_change(change_id=change.pk, submitter=joan, at=at)
    yield (assessed := at + timedelta(hours=1))
    flow.begin_assessment(change_id=change.pk, assessor=people["marit"], at=assessed)
    flow.hand_to_board(change_id=change.pk, assessor=people["marit"], at=assessed)
    yield (began := at + NOTICE + timedelta(minutes=1))
    flow.start_implementation(change_id=change.pk, implementer=piotr, at=began)
    yield (ended := began + timedelta(minutes=30))
    flow.finish_implementation(change_id=change.pk, implementer=piotr, outcome=outcome, at=ended)
    yield (reviewed := ended + timedelta(hours=20))
    reviews.complete_review(
        change_id=change.pk,
        reviewer=joan,
        expected="As every week.",
        happened="As planned." if outcome == WELL else "It did not hold; we went back.",
        learned="",
        at=reviewed,
    )
