"""Writing a change down: proposing, editing, attaching."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.files.base import File
from django.db import connection, transaction

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab import events, states
from apps.cab.actions.estimating import set_estimate
from apps.cab.actions.exceptions import end_exceptions_of
from apps.cab.actions.handing import take
from apps.cab.actions.moves import locked_change, move_change, move_round
from apps.cab.actions.rounds import waive_conditions
from apps.cab.actions.scoring import score
from apps.cab.actions.templating import require_kept, require_open
from apps.cab.models import (
    Attachment,
    Change,
    ChangeComponent,
    ChangeType,
    CoAuthorship,
    ModelVersion,
    Revision,
    TemplateVersion,
)
from apps.cab.queries import boards, changes
from apps.cab.queries.change_models import in_force
from apps.cab.queries.ways import route_of
from apps.cab.rules import attachments, revisions
from apps.cab.states import ChangeState, RoundState, TemplateState
from apps.clusters.models import Cluster, Component
from apps.clusters.queries import standing
from apps.journal import actions as journal
from apps.kernel.refusals import Invalid, NotAllowed, NotFound, StaleRevision, WrongState
from apps.kernel.windows import require_window


@dataclass(frozen=True)
class Content:
    """What a person writes in a change. `window_start` and `window_end` are wall-clock times of `window_zone`."""

    title: str
    cluster: Cluster
    type: str = ChangeType.NORMAL
    category: str = ""  # one of ChangeCategory
    purpose: str = ""
    components: Sequence[Component] = ()
    implementer: Person | None = None
    co_authors: Sequence[Person] = ()
    implementation_plan: str = ""
    test_plan: str = ""
    communication_plan: str = ""
    backout_plan: str = ""
    window_start: datetime | None = None
    window_end: datetime | None = None
    window_zone: str = ""
    downtime_minutes: int = 0
    cost_amount: Decimal | None = None
    cost_currency: str = ""  # the enterprise's where an amount has none
    links: Sequence[Mapping[str, str]] = field(default=())
    template_version: TemplateVersion | None = None  # of a new change; an edit does not move it


def content_from(change: Change, **new: Any) -> Content:
    """What the change says now, with some fields replaced: what an edit of a few fields starts from."""
    now = Content(
        components=list(change.components.all()),
        co_authors=list(change.co_authors.all()),
        window_start=change.window_start_local,
        window_end=change.window_end_local,
        **{
            one.name: getattr(change, one.name)
            for one in fields(Content)
            if one.name not in {"components", "co_authors", "window_start", "window_end"}
        },
    )
    return replace(now, **new)


@transaction.atomic
def propose_change(*, requester: Person, content: Content, at: datetime) -> Change:
    """Open a draft with its first revision and a computed risk."""
    requester.require(Capability.PROPOSE_CHANGE, to="propose a change")
    if content.template_version is not None:
        require_open(content.template_version)
        require_kept(content, content.template_version)
    change = write_down(
        author=requester,
        content=content,
        at=at,
        type=content.type,
        template_version=content.template_version,
        model_version=in_force(content.type, content.category),
    )
    journal.record(events.ChangeProposed(change_id=change.pk), subject=change, actor=requester, at=at)
    return change


def write_down(*, author: Person, content: Content, at: datetime, **more: Any) -> Change:
    """A new change with its first revision and a computed risk; `more` sets fields of it. The caller says so."""
    _require_fits(content, author=author)
    change = Change(number=_next_number(), requester=author, created_at=at, **more)
    _write(change, content)
    _keep_revision(change, author=author, is_material=True, at=at)
    score(change, actor=author, at=at, is_first=True)
    return change


@transaction.atomic
def edit_change(*, change_id: int, editor: Person, content: Content, based_on: int, at: datetime) -> Change:
    """Save an edit as a new revision; a material one takes the change back to the board with fresh ballots.

    `based_on` is the revision the editor saw: an edit of an older one is refused. An edit that changes nothing writes
    nothing.
    """
    change = locked_change(change_id)
    require_may_edit(change, editor)
    if based_on != change.revision:
        raise StaleRevision(
            f"{change.reference} was saved by someone else: "
            f"you saw revision {based_on}, it is now revision {change.revision}.",
            next_step="Look at what changed, then make your edit again.",
        )
    before = changes.content_of(change)
    _require_fits(content, author=change.requester)
    _require_template_kept(change, content)
    _write(change, content)
    _keep_edit(change, before, editor=editor, at=at)
    return change


def preview_edit(*, change: Change, content: Content) -> revisions.EditVerdict:
    """What saving `content` would mean, without keeping anything."""
    with transaction.atomic():
        before = changes.content_of(change)
        trial = Change.objects.get(pk=change.pk)
        _require_fits(content, author=change.requester)
        _require_template_kept(change, content)
        _write(trial, content)
        verdict = revisions.compare(before, changes.content_of(trial))
        transaction.set_rollback(True)
    return verdict


def require_may_edit(change: Change, editor: Person) -> None:
    """Refuse editors who did not write it, and changes that have gone too far to edit."""
    editor.require(Capability.PROPOSE_CHANGE, to="edit changes")
    if editor.pk not in boards.authors_of(change) and not standing(editor, change.cluster).may_own:
        raise NotAllowed(
            f"You may not edit {change.reference}: you are not one of its authors.",
            next_step="Ask its requester to add you as a co-author.",
        )
    if change.state not in states.FREELY_EDITABLE | states.WEIGHED_EDITABLE:
        raise WrongState(
            f"{change.reference} is {change.state.replace('_', ' ')}: its text is now a record.",
            next_step="Propose a new change and link to this one.",
        )


@transaction.atomic
def attach_file(*, change_id: int, person: Person, upload: "File[bytes]", name: str, at: datetime) -> Attachment:
    """Keep a file beside the change: at most 10 MB, of a known harmless kind, at most 20 a change.

    A file is part of what a board decides: it makes a new revision, and attaching is a material edit.
    """
    change = locked_change(change_id)
    require_may_edit(change, person)
    before = changes.content_of(change)
    attachments.require_fits(name=name, size=upload.size, already=change.attachments.count())
    content = upload.read(attachments.LARGEST_BYTES + 1)
    kind = attachments.require_kind(name=name, head=content[:512])
    upload.seek(0)
    attachment = Attachment(
        change=change,
        name=name,
        content_type=kind,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        added_by=person,
        added_at=at,
    )
    attachment.file.save(name, upload, save=False)
    attachment.save()
    journal.record(
        events.FileAttached(change_id=change.pk, attachment_id=attachment.pk), subject=change, actor=person, at=at
    )
    _keep_edit(change, before, editor=person, at=at)
    return attachment


@transaction.atomic
def remove_file(*, change_id: int, attachment_id: int, person: Person, at: datetime) -> Attachment:
    """Take a file away from the change, a material edit as attaching is; for a week it can be brought back.

    Revisions and journal keep its hash for good.
    """
    change, attachment = _editable_file(change_id, attachment_id, person)
    if attachment.removed_at is not None:
        raise NotFound("There is no such file on this change.", next_step="Open the change to see its files.")
    before = changes.content_of(change)
    attachment.removed_at, attachment.removed_by = at, person
    attachment.save(update_fields=["removed_at", "removed_by"])
    journal.record(
        events.FileRemoved(change_id=change.pk, sha256=attachment.sha256), subject=change, actor=person, at=at
    )
    _keep_edit(change, before, editor=person, at=at)
    return attachment


@transaction.atomic
def restore_file(*, change_id: int, attachment_id: int, person: Person, at: datetime) -> Attachment:
    """Bring a removed file back within a week, a material edit as attaching is. What is there already stays.

    Ballots that fell when it was removed do not come back: they were about another text.
    """
    change, attachment = _editable_file(change_id, attachment_id, person)
    if attachment.removed_at is None:
        return attachment
    if attachment.removed_at + attachments.RESTORABLE <= at:
        raise WrongState(
            f"“{attachment.name}” was removed more than {attachments.RESTORABLE.days} days ago.",
            next_step="Attach it again.",
        )
    attachments.require_fits(name=attachment.name, size=attachment.size, already=change.attachments.count())
    before = changes.content_of(change)
    attachment.removed_at = attachment.removed_by = None
    attachment.save(update_fields=["removed_at", "removed_by"])
    event = events.FileRestored(change_id=change.pk, attachment_id=attachment.pk, sha256=attachment.sha256)
    journal.record(event, subject=change, actor=person, at=at)
    _keep_edit(change, before, editor=person, at=at)
    return attachment


def _editable_file(change_id: int, attachment_id: int, person: Person) -> tuple[Change, Attachment]:
    """The file, also one that was removed, with its change, locked, for who may edit that."""
    change = locked_change(change_id)
    require_may_edit(change, person)
    attachment = Attachment.with_removed.filter(change=change, pk=attachment_id).first()
    if attachment is None:
        raise NotFound("There is no such file on this change.", next_step="Open the change to see its files.")
    return change, attachment


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('cab_change_number')")
        (number,) = cursor.fetchone()
    return int(number)


def _require_fits(content: Content, *, author: Person) -> None:
    wrong: dict[str, list[str]] = {}
    if not content.title.strip():
        wrong["title"] = ["Give it a title that a colleague will recognise."]
    if author in content.co_authors:
        wrong["co_authors"] = ["The requester is an author already."]
    hidden = [one.name for one in content.components if one.cluster_id != content.cluster.pk and not one.pk]
    if hidden:
        wrong["components"] = ["Choose components from the list."]
    if bool(content.window_start) != bool(content.window_end) or bool(content.window_start) != bool(
        content.window_zone
    ):
        wrong["window_start"] = ["A window has a start, an end and a zone; give all three or none."]
    if wrong:
        first = next(iter(wrong.values()))[0]
        raise Invalid(first, next_step="Correct the fields that are marked.", fields=wrong)


def _require_template_kept(change: Change, content: Content) -> None:
    """What is locked stays locked while the template is published; without it a board decides, and may ask for more."""
    version = change.template_version
    if version is not None and version.template.state == TemplateState.PUBLISHED:
        require_kept(content, version)


def _write(change: Change, content: Content) -> None:
    if (change.type, change.category) != (content.type, content.category):
        change.model_version = _model_after(change, content)
    for one in (
        "title",
        "cluster",
        "type",
        "category",
        "purpose",
        "implementer",
        "implementation_plan",
        "test_plan",
        "communication_plan",
        "backout_plan",
        "downtime_minutes",
    ):
        setattr(change, one, getattr(content, one))
    change.title = change.title.strip()
    change.links = [dict(link) for link in content.links]
    set_estimate(change, content.cost_amount, content.cost_currency)
    if content.window_start and content.window_end:
        window = require_window(
            start_local=content.window_start, end_local=content.window_end, zone=content.window_zone
        )
        change.window_start_local, change.window_end_local = window.start_local, window.end_local
        change.window_zone, change.window_start_at, change.window_end_at = window.zone, window.start_at, window.end_at
    else:
        change.window_start_local = change.window_end_local = change.window_start_at = change.window_end_at = None
        change.window_zone = ""
    change.save()
    _replace_rows(change, content)


def _model_after(change: Change, content: Content) -> ModelVersion | None:
    """The version in force for what the change becomes; the one it has, where the same model governs both."""
    now, then = change.model_version, in_force(content.type, content.category)
    before = (now.type, now.category) if now else (change.type, "")
    after = (then.type, then.category) if then else (content.type, "")
    return now if before == after else then


def _replace_rows(change: Change, content: Content) -> None:
    wanted = {one.pk for one in content.components}
    had = set(ChangeComponent.objects.filter(change=change).values_list("component_id", flat=True))
    ChangeComponent.objects.filter(change=change, component_id__in=had - wanted).delete()
    ChangeComponent.objects.bulk_create(ChangeComponent(change=change, component_id=pk) for pk in sorted(wanted - had))
    people = {one.pk for one in content.co_authors}
    were = set(CoAuthorship.objects.filter(change=change).values_list("person_id", flat=True))
    CoAuthorship.objects.filter(change=change, person_id__in=were - people).delete()
    CoAuthorship.objects.bulk_create(CoAuthorship(change=change, person_id=pk) for pk in sorted(people - were))


def _keep_edit(change: Change, before: Mapping[str, Any], *, editor: Person, at: datetime) -> None:
    """Keep what differs from `before` as a new revision; a material one takes the change back to the board."""
    verdict = revisions.compare(before, changes.content_of(change))
    if not verdict.changes:
        return
    change.revision += 1
    _keep_revision(change, author=editor, is_material=verdict.is_material, at=at)
    score(change, actor=editor, at=at)
    event = events.ChangeEdited(
        change_id=change.pk,
        revision=change.revision,
        is_material=verdict.is_material,
        fields=[one.field for one in verdict.changes],
    )
    journal.record(event, subject=change, actor=editor, at=at)
    if verdict.is_material:
        end_exceptions_of(change, at=at)
        _back_to_the_board(change, editor=editor, at=at)


def _keep_revision(change: Change, *, author: Person, is_material: bool, at: datetime) -> None:
    content = changes.content_of(change)
    Revision.objects.create(
        change=change,
        number=change.revision,
        content=content,
        digest=revisions.digest_of(content),
        author=author,
        is_material=is_material,
        at=at,
    )


def _back_to_the_board(change: Change, *, editor: Person, at: datetime) -> None:
    """After a material edit: the ballots were about another text, so a new round starts.

    It takes the route that its facts lead to now: an edit may take it further than the board that had it, and what a
    policy authorized without a board is asked about anew.
    """
    last = (
        change.rounds.select_for_update(of=("self",))
        .select_related("board")
        .filter(state__in=[RoundState.OPEN, RoundState.DECIDED])
        .order_by("-number")
        .first()
    )
    in_force = change.state in {ChangeState.AWAITING_AUTHORIZATION, ChangeState.AUTHORIZED, ChangeState.SCHEDULED}
    if not in_force or (last is None and not change.handovers.exists()):
        return
    if last is not None:
        move_round(last, RoundState.INVALIDATED, at=at)
        last.save(update_fields=["state", "closed_at"])
        event = events.RoundInvalidated(change_id=change.pk, round_id=last.pk)
        journal.record(event, subject=change, actor=editor, at=at)
    waive_conditions(change, actor=editor, at=at, why="The approval it belonged to is no longer in force.")
    if change.state != ChangeState.AWAITING_AUTHORIZATION:
        move_change(change, ChangeState.AWAITING_AUTHORIZATION)
        change.decided_at = None
    take(route_of(change, at=at, otherwise=last.board if last else None), change, actor=editor, at=at)
