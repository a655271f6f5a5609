"""Templates of standard changes: one in every state, one that the next failure suspends, and a kind that could be one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from apps.accounts.models import Person
from apps.cab.actions import flow, proposing, reviews, standards, templating
from apps.cab.models import Change, StandardTemplate
from apps.cab.states import Outcome
from apps.portal.demo.telling import Steps, Together


@dataclass(frozen=True)
class Routine:
    """One template, from whose change it was proposed, and how its changes went, the newest last."""

    name: str
    example: str  # the title of a closed change
    proposer: str
    publisher: str  # nobody: it waits
    days: int  # ago
    bears: int = 2
    apart: int = 5  # days between its changes
    went: tuple[str, ...] = ()
    planned: str = ""  # the title of one on its way
    retired: str = ""


WELL, BACK, FAILED = Outcome.SUCCESSFUL, Outcome.BACKED_OUT, Outcome.UNSUCCESSFUL
ROUTINES = (
    Routine("Release of the route planner", "New route planner release", "piotr", "hiro", 4, apart=1, went=(WELL, WELL), planned="Route planner release with the ferry timetable"),
    Routine("Access keys of the statement archive", "New access keys of the statement archive", "joan", "", 8),
    Routine("Moves to the shared scheduler", "Reporting moves to the shared scheduler", "piotr", "rashid", 24, bears=1, went=(WELL, BACK, FAILED), planned="Nightly exports move to the shared scheduler"),
    Routine("Image formats of the web shop", "Web shop drops the old image format", "piotr", "anneke", 26, went=(WELL, FAILED, WELL, BACK)),
    Routine("Image formats by hand", "Web shop drops the old image format", "piotr", "anneke", 30, retired="The pipeline converts them now."),
)  # fmt: skip


def routines(people: dict[str, Person], *, at: datetime) -> Together:
    """The templates, to be told among the stories."""
    return Together(_tell(one, people, at=at) for one in ROUTINES)


def _tell(one: Routine, people: dict[str, Person], *, at: datetime) -> Steps:
    """From the closed change to where the template stands today."""
    told_at = at - timedelta(days=one.days)
    yield told_at
    example = Change.objects.get(title=one.example)
    template = standards.propose_template(
        change_id=example.pk, proposer=people[one.proposer], name=one.name, most_failures=one.bears, at=told_at
    )
    if not one.publisher:
        return
    yield (published_at := told_at + timedelta(hours=4))
    standards.publish_template(template_id=template.pk, publisher=people[one.publisher], version=1, at=published_at)
    for number, outcome in enumerate(one.went):
        began = told_at + timedelta(days=1 + number * one.apart)
        yield from _carry_out(template, people, outcome, title=f"{example.title}, {number + 1}", at=began)
    if one.planned:
        yield (planned_at := at - timedelta(hours=9))
        _submit(template, people, title=one.planned, start_at=at + timedelta(days=6), at=planned_at)
    if one.retired:
        yield (ended_at := told_at + timedelta(days=9))
        template.refresh_from_db()
        standards.retire_template(
            template_id=template.pk,
            person=people[one.proposer],
            version=template.version,
            reason=one.retired,
            at=ended_at,
        )


def _submit(
    template: StandardTemplate, people: dict[str, Person], *, title: str, start_at: datetime, at: datetime
) -> Change:
    template.refresh_from_db()
    start = start_at.astimezone(ZoneInfo(template.cluster.zone)).replace(tzinfo=None, second=0, microsecond=0)
    window = {"window_start": start, "window_end": start + timedelta(hours=2), "window_zone": template.cluster.zone}
    given = templating.filled(templating.in_force(template), people["joan"])
    own = {"implementer": people["piotr"], "title": title}
    change = proposing.propose_change(
        requester=people["joan"], content=proposing.Content(**(given | window | own)), at=at
    )
    return flow.submit_change(change_id=change.pk, submitter=people["joan"], at=at + timedelta(minutes=30))


def _carry_out(
    template: StandardTemplate, people: dict[str, Person], outcome: str, *, title: str, at: datetime
) -> Steps:
    yield at
    change = _submit(template, people, title=title, start_at=at + timedelta(hours=3), at=at)
    yield (began := at + timedelta(hours=3))
    flow.start_implementation(change_id=change.pk, implementer=people["piotr"], at=began)
    yield (ended := at + timedelta(hours=3, minutes=50))
    flow.finish_implementation(change_id=change.pk, implementer=people["piotr"], outcome=outcome, at=ended)
    yield (reviewed := at + timedelta(hours=20))
    reviews.complete_review(
        change_id=change.pk,
        reviewer=people["joan"],
        expected="As the template says.",
        happened="As planned." if outcome == WELL else "The checks failed; we went back within ten minutes.",
        learned="",
        at=reviewed,
    )
