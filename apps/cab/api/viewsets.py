"""The JSON door of changes and votes: every act a page has, by the same actions."""

from typing import Any, cast

from django.db.models import Q, QuerySet
from django.http import FileResponse, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request

from apps.accounts.api.viewsets import ReadViewSet, read, write
from apps.accounts.rules import Scope
from apps.cab.actions import conditions, emergencies, flow, freezing, handing, proposing, reviews, rounds
from apps.cab.actions.holding import hold_changes, release_changes
from apps.cab.api import serializers as s
from apps.cab.api.conflicts import ConflictsOfChange
from apps.cab.api.exceptions import ExceptionsOfChange
from apps.cab.api.filters import ChangeApiFilter
from apps.cab.api.freezes import AcknowledgementIn
from apps.cab.api.observations import ObservedChanges
from apps.cab.api.review_checks import ChecksOfChange
from apps.cab.api.slots import SlotsOfChange
from apps.cab.models import (
    Attachment,
    Ballot,
    Change,
    Condition,
    Handover,
    Review,
    Revision,
    Round,
)
from apps.cab.queries import changes
from apps.cab.queries.boards import ballots_shown_to, conditions_shown_to, open_round
from apps.cab.queries.named import people_named
from apps.cab.queries.narrowed import first_narrowed
from apps.cab.queries.whole import find, whole
from apps.cab.states import ChangeState
from apps.journal.models import Entry
from apps.kernel.paging import Page
from apps.kernel.refusals import Invalid, NotFound


class ChangeViewSet(ConflictsOfChange, ExceptionsOfChange, SlotsOfChange, ObservedChanges, ChecksOfChange):
    """Change requests you may see, and every act on them."""

    serializer_class = s.ChangeOut
    lookup_field = "reference"
    lookup_value_regex = "[^/]{1,24}"
    ordering = ("-number",)
    filterset_class = ChangeApiFilter
    scope_for_writes = Scope.CHANGES
    version_field = "revision"

    def rows(self) -> Any:
        if self.action == "list" and (page := self._first_page()) is not None:
            return page
        rows = Change.objects.visible_to(self.person)
        if self.action == "list":
            return rows.in_lists()
        return rows.select_related("cluster", "requester", "implementer")

    def _first_page(self) -> Page | None:
        """The first page of everything, or of what plain filters leave, by a question that is compiled once."""
        asked = self.request.query_params
        if not asked:
            return changes.first_listed(self.person)
        if {"after", "before", "limit"} & asked.keys():
            return None
        none: QuerySet[Change] = Change.objects.none()
        conditions = ChangeApiFilter(asked, queryset=none, request=self.request).conditions()
        return None if conditions is None else first_narrowed(self.person, conditions)

    def filter_queryset(self, queryset: Any) -> Any:
        """A page has been read already."""
        return queryset if isinstance(queryset, Page) else super().filter_queryset(queryset)

    def get_object(self) -> Change:
        """The change of the address, by reference; to be read, with all that hangs on it."""
        if self.action == "retrieve":
            return cast("Change", whole(self.kwargs["reference"], self.person))
        return find(self.kwargs["reference"], self.person, self.rows())

    def get_serializer_class(self) -> Any:
        """Lists are short, one change is whole."""
        return s.ChangeDetailOut if self.action == "retrieve" else s.ChangeOut

    @write(takes=s.ChangeIn, gives=s.ChangeDetailOut, status=201)
    def create(self, data: dict[str, Any]) -> Change:
        """Propose a change; it begins as a draft."""
        content = proposing.Content(**s.resolved(data, self.person))
        return proposing.propose_change(requester=self.person, content=content, at=self.at)

    @write(takes=s.ChangeEditIn, gives=s.ChangeDetailOut, edits=True)
    def partial_update(self, data: dict[str, Any]) -> Change:
        """Edit a change; a material edit takes it back to the board."""
        change = self.get_object()
        content = proposing.content_from(change, **s.resolved(data, self.person))
        return proposing.edit_change(
            change_id=change.pk, editor=self.person, content=content, based_on=change.revision, at=self.at
        )

    @action(detail=True, methods=["post"], url_path="edit-preview")
    @write(takes=s.ChangeEditIn, gives=s.VerdictOut)
    def edit_preview(self, data: dict[str, Any]) -> dict[str, Any]:
        """What an edit would mean; nothing is kept."""
        change = self.get_object()
        proposing.require_may_edit(change, self.person)
        verdict = proposing.preview_edit(
            change=change, content=proposing.content_from(change, **s.resolved(data, self.person))
        )
        is_approved = change.state in {ChangeState.AUTHORIZED, ChangeState.SCHEDULED}
        sentence = verdict.sentence(round_is_open=open_round(change) is not None, is_approved=is_approved)
        return {"is_material": verdict.is_material, "sentence": sentence, "changes": verdict.changes}

    @action(detail=True, methods=["post"], url_path="submission")
    @write(gives=s.ChangeDetailOut)
    def submit(self, _: dict[str, Any]) -> Change:
        """Hand a draft in."""
        return flow.submit_change(change_id=self.get_object().pk, submitter=self.person, at=self.at)

    @action(detail=True, methods=["post"], url_path="assessment")
    @write(gives=s.ChangeDetailOut)
    def assess(self, _: dict[str, Any]) -> Change:
        """Take it for assessment."""
        return flow.begin_assessment(change_id=self.get_object().pk, assessor=self.person, at=self.at)

    @action(detail=True, methods=["post"], url_path="risk")
    @write(takes=s.RiskIn, gives=s.ChangeDetailOut)
    def raise_risk(self, data: dict[str, Any]) -> Change:
        """Raise its risk, with a reason."""
        return flow.raise_risk(
            change_id=self.get_object().pk, assessor=self.person, to=data["risk"], reason=data["reason"], at=self.at
        )

    @action(detail=True, methods=["post"], url_path="change-requests")
    @write(takes=s.ReasonIn, gives=s.ChangeDetailOut)
    def request_changes(self, data: dict[str, Any]) -> Change:
        """Give it back to its authors."""
        return flow.request_changes(change_id=self.get_object().pk, assessor=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"], url_path="handover")
    @write(gives=s.HandoverOut, status=201)
    def hand_over(self, _: dict[str, Any]) -> Handover:
        """Hand it over: a round opens at the board that decides, or the policies in force decide without one."""
        change = self.get_object()
        flow.hand_to_board(change_id=change.pk, assessor=self.person, at=self.at)
        return change.handovers.select_related("round__board").latest("pk")

    @action(detail=True)
    @read(gives=s.HandoverOut, many=True)
    def handovers(self) -> list[Handover]:
        """How it was handed over, the last first: where it went, by which policy and for which reasons."""
        return list(self.get_object().handovers.select_related("round__board").order_by("-pk"))

    @action(detail=True, url_path="rounds")
    @read(gives=s.RoundOut, many=True)
    def rounds(self) -> list[Round]:
        """Its rounds, the newest first."""
        return list(self.get_object().rounds.select_related("board").order_by("-number"))

    @rounds.mapping.post
    @write(gives=s.RoundOut, status=201)
    def open_round(self, _: dict[str, Any]) -> Round:
        """Open another round at the same board after one that lapsed."""
        change = self.get_object()
        last = change.rounds.select_related("board").order_by("-number").first()
        if last is None:
            raise NotFound("No board has had this change yet.", next_step="Hand it to a board first.")
        return handing.open_round(change_id=change.pk, board=last.board, opener=self.person, at=self.at)

    @action(detail=True, url_path="votes")
    @read(gives=s.BallotOut, many=True)
    def votes(self) -> list[Ballot]:
        """The ballots of its last round that you may read."""
        last = self.get_object().rounds.order_by("-number").first()
        return list(ballots_shown_to(last, self.person).select_related("round__change")) if last else []

    @votes.mapping.post
    @write(takes=s.VoteIn, gives=s.BallotOut, status=201, scope=Scope.VOTES)
    def vote(self, data: dict[str, Any]) -> Ballot:
        """Cast a ballot."""
        seat_of = people_named([data.pop("seat_of")], field="seat_of")[0] if "seat_of" in data else None
        return rounds.cast_vote(change_id=self.get_object().pk, voter=self.person, seat_of=seat_of, at=self.at, **data)

    @action(detail=False, methods=["post"], filterset_class=None)
    @write(takes=s.HoldsIn, gives=s.HoldsOut)
    def holds(self, data: dict[str, Any]) -> dict[str, Any]:
        """Put several on hold with one reason: all of them or none."""
        chosen = [find(reference, self.person).pk for reference in data["changes"]]
        held = hold_changes(change_ids=chosen, person=self.person, reason=data["reason"], at=self.at)
        return {"changes": [one.reference for one in held]}

    @action(detail=False, methods=["post"], filterset_class=None)
    @write(takes=s.ReleasesIn, gives=s.HoldsOut)
    def releases(self, data: dict[str, Any]) -> dict[str, Any]:
        """Take the hold away from several: all of them or none."""
        chosen = [find(reference, self.person).pk for reference in data["changes"]]
        released = release_changes(change_ids=chosen, person=self.person, at=self.at)
        return {"changes": [one.reference for one in released]}

    @action(detail=True, methods=["post"])
    @write(takes=s.ReasonIn, gives=s.ChangeDetailOut)
    def hold(self, data: dict[str, Any]) -> Change:
        """Put it on hold."""
        return flow.hold_change(change_id=self.get_object().pk, person=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"])
    @write(gives=s.ChangeDetailOut)
    def release(self, _: dict[str, Any]) -> Change:
        """Release the hold."""
        return flow.release_change(change_id=self.get_object().pk, person=self.person, at=self.at)

    @action(detail=True, methods=["post"], url_path="cancellation")
    @write(takes=s.ReasonIn, gives=s.ChangeDetailOut)
    def cancel(self, data: dict[str, Any]) -> Change:
        """Cancel it."""
        return flow.cancel_change(change_id=self.get_object().pk, person=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"])
    @write(gives=s.ChangeDetailOut)
    def schedule(self, _: dict[str, Any]) -> Change:
        """Put it into the calendar."""
        return flow.schedule_change(change_id=self.get_object().pk, scheduler=self.person, at=self.at)

    @action(detail=True, methods=["post"], url_path="freeze-acknowledgements")
    @write(takes=AcknowledgementIn, gives=s.ChangeDetailOut)
    def acknowledge_freeze(self, data: dict[str, Any]) -> Change:
        """Go on in spite of a soft freeze, saying why."""
        return freezing.acknowledge_freeze(change_id=self.get_object().pk, person=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"], url_path="implementation")
    @write(gives=s.ChangeDetailOut)
    def start(self, _: dict[str, Any]) -> Change:
        """Start the work."""
        return flow.start_implementation(change_id=self.get_object().pk, implementer=self.person, at=self.at)

    @action(detail=True, methods=["post"], url_path="first-implementation")
    @write(takes=s.ReasonIn, gives=s.ChangeDetailOut)
    def implement_first(self, data: dict[str, Any]) -> Change:
        """Begin the work of an emergency before its board has decided, where the board allows it."""
        return emergencies.implement_first(change_id=self.get_object().pk, implementer=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"], url_path="outcome")
    @write(takes=s.OutcomeIn, gives=s.ChangeDetailOut)
    def finish(self, data: dict[str, Any]) -> Change:
        """Report how the work went."""
        return flow.finish_implementation(change_id=self.get_object().pk, implementer=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"], url_path="review-opening")
    @write(gives=s.ChangeDetailOut)
    def begin_review(self, _: dict[str, Any]) -> Change:
        """Open its review."""
        return reviews.begin_review(change_id=self.get_object().pk, reviewer=self.person, at=self.at)

    @action(detail=True, methods=["post"], url_path="review")
    @write(takes=s.ReviewIn, gives=s.ChangeDetailOut)
    def complete_review(self, data: dict[str, Any]) -> Change:
        """Complete the review and close it."""
        return reviews.complete_review(change_id=self.get_object().pk, reviewer=self.person, at=self.at, **data)

    @action(detail=True, url_path="conditions")
    @read(gives=s.ConditionOut, many=True)
    def conditions(self) -> list[Condition]:
        """The conditions of its approval; while ballots are hidden, only those of your own."""
        return list(conditions_shown_to(self.get_object(), self.person))

    @action(detail=True, methods=["post"], url_path=r"conditions/(?P<condition_id>[0-9]{1,18})/evidence")
    @write(takes=s.EvidenceIn, gives=s.ConditionOut)
    def evidence(self, data: dict[str, Any]) -> Condition:
        """Offer evidence for a condition."""
        return conditions.offer_evidence(condition_id=self._condition_id(), author=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"], url_path=r"conditions/(?P<condition_id>[0-9]{1,18})/confirmation")
    @write(gives=s.ConditionOut)
    def confirm(self, _: dict[str, Any]) -> Condition:
        """Confirm that a condition is met."""
        return conditions.confirm_condition(condition_id=self._condition_id(), member=self.person, at=self.at)

    @action(detail=True, methods=["post"], url_path=r"conditions/(?P<condition_id>[0-9]{1,18})/waiver")
    @write(takes=s.ReasonIn, gives=s.ConditionOut)
    def waive(self, data: dict[str, Any]) -> Condition:
        """Waive a condition."""
        return conditions.waive_condition(condition_id=self._condition_id(), chair=self.person, at=self.at, **data)

    @action(detail=True)
    @read(gives=s.RevisionOut, many=True)
    def revisions(self) -> list[Revision]:
        """What it said, revision by revision."""
        return list(self.get_object().revisions.select_related("author").order_by("number"))

    @action(detail=True, url_path=r"revisions/(?P<number>[0-9]{1,9})")
    @read(gives=s.RevisionOut)
    def revision(self) -> Revision:
        """What it said in one revision."""
        change, number = self.get_object(), int(self.kwargs["number"])
        found = change.revisions.select_related("author").filter(number=number).first()
        if found is None:
            raise NotFound(
                f"{change.reference} has no revision {number}.", next_step="Open the change to see its revisions."
            )
        return found

    @extend_schema(
        parameters=[
            OpenApiParameter(name, OpenApiTypes.INT32, required=True, description="A revision's number.")
            for name in ("older", "newer")
        ]
    )
    @action(detail=True, url_path="diff")
    @read(gives=s.VerdictOut)
    def diff(self) -> dict[str, Any]:
        """How two of its revisions differ."""
        older, newer = (_number(self.request.query_params.get(name, ""), name) for name in ("older", "newer"))
        change = self.get_object()
        if set(change.revisions.filter(number__in=[older, newer]).values_list("number", flat=True)) != {older, newer}:
            raise NotFound("There is no such revision.", next_step="Ask for its list of revisions.")
        verdict = changes.diff(change, older, newer)
        return {
            "is_material": verdict.is_material,
            "sentence": f"{len(verdict.changes)} fields differ.",
            "changes": verdict.changes,
        }

    @action(detail=True)
    @read(gives=s.TimelineOut, many=True)
    def timeline(self) -> QuerySet[Entry]:
        """What happened to it, the newest first."""
        self.ordering = ("-id",)  # type: ignore[misc]  # this list is of entries, not of changes
        return Entry.objects.about(self.get_object()).select_related("actor")

    @action(detail=True, url_path="files")
    @read(gives=s.AttachmentOut, many=True)
    def files(self) -> list[Attachment]:
        """The files beside it."""
        return list(self.get_object().attachments.order_by("pk"))

    @files.mapping.post
    @write(takes=s.AttachmentIn, gives=s.AttachmentOut, status=201)
    def attach(self, data: dict[str, Any]) -> Attachment:
        """Keep a file beside it (multipart)."""
        upload = data["file"]
        return proposing.attach_file(
            change_id=self.get_object().pk, person=self.person, upload=upload, name=upload.name, at=self.at
        )

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, url_path=r"files/(?P<file_id>[0-9]{1,18})")
    def file(self, request: Request, reference: str, file_id: str) -> HttpResponseBase:
        """One file, to save."""
        del request, reference
        found = Attachment.objects.filter(change=self.get_object(), pk=int(file_id)).first()
        if found is None:
            raise NotFound("There is no such file on this change.", next_step="Open the change to see its files.")
        return FileResponse(
            found.file.open("rb"), as_attachment=True, filename=found.name, content_type="application/octet-stream"
        )

    @extend_schema(responses={204: None})
    @file.mapping.delete
    @write()
    def remove_file(self, _: dict[str, Any]) -> None:
        """Take a file away; for a week it can be brought back, and the journal keeps its hash for good."""
        proposing.remove_file(
            change_id=self.get_object().pk, attachment_id=int(self.kwargs["file_id"]), person=self.person, at=self.at
        )

    @action(detail=True, url_path=r"files/(?P<file_id>[0-9]{1,18})/return", methods=["post"])
    @write(gives=s.AttachmentOut)
    def restore_file(self, _: dict[str, Any]) -> Attachment:
        """Bring a file back that was removed within the last week; ballots that fell with it do not come back."""
        return proposing.restore_file(
            change_id=self.get_object().pk, attachment_id=int(self.kwargs["file_id"]), person=self.person, at=self.at
        )

    def get_parsers(self) -> Any:
        """Files come as multipart; everything else as JSON."""
        handlers = getattr(self, "action_map", None) or {}  # the action itself is not known this early
        request: Request | None = self.request  # none while the schema is drawn
        if request is not None and handlers.get(str(request.method).lower()) == "attach":
            return [MultiPartParser()]
        return super().get_parsers()

    def _condition_id(self) -> int:
        found = (
            conditions_shown_to(self.get_object(), self.person)
            .filter(pk=int(self.kwargs["condition_id"]))
            .values_list("pk", flat=True)
            .first()
        )
        if found is None:
            raise NotFound(
                "There is no such condition on this change.", next_step="Open the change to see its conditions."
            )
        return found


class QueueViewSet(ReadViewSet[Change]):
    """Changes that wait for your vote, by deadline."""

    serializer_class = s.ChangeOut
    ordering = changes.QUEUE_ORDER
    filter_backends: Any = ()

    def rows(self) -> Any:
        if self.action == "list" and not self.request.query_params:
            return changes.first_waiting(self.person, at=self.at, order=self.ordering)
        return changes.waiting_for(self.person, at=self.at).in_lists().filter(deadline_at__isnull=False)


class VoteViewSet(ReadViewSet[Ballot]):
    """Ballots you cast, or that were cast for your seat."""

    serializer_class = s.BallotOut
    lookup_value_converter = "int"
    filter_backends: Any = ()
    version_field = None

    def rows(self) -> QuerySet[Ballot]:
        rows = Ballot.objects.select_related("round__change", "voter", "cast_by")
        return rows.filter(Q(voter=self.person) | Q(cast_by=self.person))


class ReviewViewSet(ReadViewSet[Review]):
    """Post-implementation reviews of changes you may see."""

    serializer_class = s.ReviewOut
    lookup_value_converter = "int"
    filter_backends: Any = ()
    version_field = None

    def rows(self) -> QuerySet[Review]:
        return Review.objects.select_related("change").filter(change__in=Change.objects.visible_to(self.person))


def _number(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:  # noqa: PLR2004  # an int's length
        raise Invalid(
            f"“{name}” is a revision's number.",
            next_step="Ask for its list of revisions.",
            fields={name: ["Not a number."]},
        )
    return int(text)
