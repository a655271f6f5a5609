"""One change by its reference: alone, or whole, with all that hangs on it, in one query."""

from functools import partial
from typing import Any, cast

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BigIntegerField, Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject, Now

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab.models import (
    Attachment,
    Change,
    ChangeComponent,
    CheckHit,
    CoAuthorship,
    Condition,
    ConflictOverflow,
    Handover,
    LastLook,
    NamedApprover,
    Observation,
    Reversal,
    ReviewCheck,
    Revision,
    Round,
    StandardProposal,
)
from apps.cab.models.changes import ChangeQuerySet
from apps.cab.queries.checks import matching
from apps.cab.queries.conflicts import listed_for
from apps.cab.queries.findings import findings_touched_by
from apps.cab.queries.patterns import is_integrated
from apps.cab.rules.attachments import RESTORABLE
from apps.cab.states import ConditionState
from apps.clusters.queries import held_on
from apps.kernel.prepared import Prepared
from apps.kernel.refusals import NotFound


def find(reference: str, person: Person, rows: Any = None) -> Change:
    """The change with this reference (CHG-1042, any case), or a refusal when there is none for this person."""
    number = _number(reference)
    found: Change | None = None
    if number is not None:
        found = (Change.objects.all() if rows is None else rows).visible_to(person).filter(number=number).first()
    return cast("Change", _found(found, reference))


def whole(reference: str, person: Person) -> Any:
    """The same with everything that hangs on the change, read in one query (see `_with_all`)."""
    number, asked = _number(reference), _WHOLE[person.may(Capability.READ_RESTRICTED)]
    rows = [] if number is None else asked(number=number, person=person.pk)
    return _found(rows[0] if rows else None, reference)


def whole_again(change: Change, person: Person) -> Any:
    """The whole of a change that the person has just acted on."""
    return _AGAIN[person.may(Capability.READ_RESTRICTED)](pk=change.pk, person=person.pk)[0]


def rounds_of(change: Change) -> list[Round]:
    """The change's rounds with their boards, the newest first."""
    return _ROUNDS(change=change.pk)


def _number(reference: str) -> int | None:
    number = reference.upper().removeprefix("CHG-")
    is_one = number.isascii() and number.isdigit() and len(number) <= 18  # noqa: PLR2004  # a bigint's safe length
    return int(number) if is_one else None


def _found(change: Any, reference: str) -> Any:
    if change is None:
        raise NotFound(
            f"There is no change {reference[:24]} that you may see.", next_step="Check the reference, or search for it."
        )
    return change


def _with_all(person: Any, *, reads_restricted: bool) -> ChangeQuerySet:
    components = ChangeComponent.objects.filter(change=OuterRef("pk")).order_by("component__tier", "component__name")
    people = CoAuthorship.objects.filter(change=OuterRef("pk")).order_by("person__name")
    own, team = held_on(OuterRef("cluster_id"), person)
    files = Attachment.objects.filter(change=OuterRef("pk")).order_by("pk")
    rows = Change.objects.select_related(
        "cluster", "requester", "implementer", "risk_raised_by", "review", "model_version"
    )
    return rows.defer("search").annotate(
        listed_components=ArraySubquery(
            components.values(
                one=JSONObject(
                    id="component_id",
                    name="component__name",
                    tier="component__tier",
                    slug="component__slug",
                    cluster="component__cluster__name",
                    cluster_slug="component__cluster__slug",
                )
            )
        ),
        listed_co_authors=ArraySubquery(
            people.values(one=JSONObject(id="person_id", name="person__name", handle="person__handle"))
        ),
        listed_files=ArraySubquery(
            files.values(one=JSONObject(id="pk", name="name", size="size", sha256="sha256", kind="content_type"))
        ),
        listed_removed_files=ArraySubquery(
            Attachment.with_removed.filter(change=OuterRef("pk"), removed_at__gt=Now() - RESTORABLE)
            .order_by("-removed_at")
            .values(one=JSONObject(id="pk", name="name"))
        ),
        named_as_approvers=ArraySubquery(
            NamedApprover.objects.filter(change=OuterRef("pk")).values_list("person__handle")
        ),
        listed_conflicts=listed_for(person, reads_restricted=reads_restricted),
        listed_findings=findings_touched_by(person, reads_restricted=reads_restricted),
        conflicts_are_cut=Exists(ConflictOverflow.objects.filter(change=OuterRef("pk"))),
        material_writers=ArraySubquery(
            Revision.objects.filter(change=OuterRef("pk"), is_material=True).values_list("author").distinct()
        ),
        seen=Subquery(LastLook.objects.filter(change=OuterRef("pk"), person=person).values("revision")),
        held=ArraySubquery(own),
        held_by_teams=ArraySubquery(team),
        last_handover=Subquery(
            Handover.objects.filter(change=OuterRef("pk"))
            .order_by("-pk")
            .values(one=JSONObject(way="way", grounds="grounds", revision="revision"))[:1]
        ),
        has_checks=Exists(
            matching(OuterRef(OuterRef("pk")), type=OuterRef("type"), cluster=OuterRef("cluster")).exclude(
                change=OuterRef("pk")
            )
        )
        | Exists(CheckHit.objects.filter(change=OuterRef("pk"))),
        is_integrated=is_integrated(),
        has_findings=Exists(ReviewCheck.objects.filter(change=OuterRef("pk")))
        | Exists(StandardProposal.objects.filter(change=OuterRef("pk"))),
        was_observed=Exists(Observation.objects.filter(change=OuterRef("pk"))),
        was_undone=Exists(Reversal.objects.filter(undone=OuterRef("pk"))),
        digest=Subquery(Revision.objects.filter(change=OuterRef("pk"), number=OuterRef("revision")).values("digest")),
        open_conditions=Subquery(
            Condition.objects.filter(change=OuterRef("pk"), state=ConditionState.OPEN)
            .order_by()
            .values("change")
            .annotate(many=Count("pk"))
            .values("many")
        ),
    )


def _numbered(number: Any, person: Any, *, reads_restricted: bool) -> ChangeQuerySet:
    return (
        _with_all(person, reads_restricted=reads_restricted)
        .seen_by(person, reads_restricted=reads_restricted)
        .filter(number=number)
    )


def _again(pk: Any, person: Any, *, reads_restricted: bool) -> QuerySet[Any, Any]:
    return _with_all(person, reads_restricted=reads_restricted).filter(pk=pk)


_WHOLE = {
    may: Prepared(partial(_numbered, reads_restricted=may), number=BigIntegerField(), person=BigIntegerField())
    for may in (False, True)
}
_AGAIN = {
    may: Prepared(partial(_again, reads_restricted=may), pk=BigIntegerField(), person=BigIntegerField())
    for may in (False, True)
}
_ROUNDS = Prepared(
    lambda change: Round.objects.filter(change=change).select_related("board").order_by("-number"),
    change=BigIntegerField(),
)
