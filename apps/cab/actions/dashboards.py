"""Dashboards: made, arranged, shared by links that can be revoked, removed."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab import events
from apps.cab.models import Board, Dashboard, DashboardLink, Seat
from apps.cab.queries.change_models import require_model
from apps.cab.rules.dashboards import PERIODS, USUAL, arranged, require_tiles
from apps.journal import actions as journal
from apps.kernel.refusals import Invalid, NotAllowed, NotFound, StaleRevision, refusal_from_constraint

MOST_DASHBOARDS = 30  # of one person or board
MOST_LINKS = 20  # open ones of one dashboard


@transaction.atomic
def make_dashboard(
    *,
    maker: Person,
    name: str,
    board: Board | None = None,
    cluster_slug: str = "",
    model: str = "",
    days: int = 365,
    tiles: Sequence[Mapping[str, Any]] | None = None,
    at: datetime,
) -> Dashboard:
    """Make a dashboard of one's own, or of a board one sits on; without `tiles` it begins with the usual ones."""
    if not name.strip() or days not in PERIODS:
        raise Invalid(
            "A dashboard has a name and one of the periods.",
            next_step="Write a short name.",
            fields={"name": ["Missing or unknown."]},
        )
    placed = USUAL if tiles is None else require_tiles(tiles)
    dashboard = Dashboard(
        name=name.strip()[:80],
        owner=None if board else maker,
        board=board,
        cluster_slug=cluster_slug[:80],
        model=require_model(model),
        days=days,
        tiles=[one.as_data() for one in placed],
    )
    require_may_arrange(dashboard, maker, at=at)
    if Dashboard.objects.filter(owner=dashboard.owner, board=board).count() >= MOST_DASHBOARDS:
        raise Invalid(f"There are {MOST_DASHBOARDS} dashboards here already.", next_step="Remove one first.")
    _save(dashboard)
    _record(events.DashboardMade(dashboard_id=dashboard.pk), dashboard, maker, at)
    return dashboard


@transaction.atomic
def arrange_tile(*, dashboard_id: int, person: Person, version: int, place: int, step: str, at: datetime) -> Dashboard:
    """Move a tile, change its width or take it away (`step`); `place` counts from 0."""
    dashboard = _locked(dashboard_id, person, version, at=at)
    return _keep(dashboard, arranged(dashboard.placed, place, step), person, at=at)


@transaction.atomic
def add_tile(*, dashboard_id: int, person: Person, version: int, tile: Mapping[str, Any], at: datetime) -> Dashboard:
    """Put a tile at the end."""
    dashboard = _locked(dashboard_id, person, version, at=at)
    return _keep(dashboard, require_tiles([*dashboard.tiles, tile]), person, at=at)


@transaction.atomic
def place_tiles(
    *, dashboard_id: int, person: Person, version: int, tiles: Sequence[Mapping[str, Any]], at: datetime
) -> Dashboard:
    """Arrange all tiles at once."""
    return _keep(_locked(dashboard_id, person, version, at=at), require_tiles(tiles), person, at=at)


@transaction.atomic
def remove_dashboard(*, dashboard_id: int, person: Person, version: int, at: datetime) -> None:
    """Remove a dashboard and the links to it; what it showed is computed anew anywhere else."""
    dashboard = _locked(dashboard_id, person, version, at=at)
    _record(events.DashboardRemoved(dashboard_id=dashboard.pk), dashboard, person, at)
    dashboard.delete()


@transaction.atomic
def share_dashboard(*, dashboard_id: int, person: Person, at: datetime) -> str:
    """A new secret token for people who are signed in; shown this once, only its hash is kept."""
    dashboard = _locked(dashboard_id, person, None, at=at)
    if dashboard.links.filter(revoked_at__isnull=True).count() >= MOST_LINKS:
        raise Invalid(f"This dashboard has {MOST_LINKS} links already.", next_step="Revoke one first.")
    token = secrets.token_urlsafe(24)
    link = DashboardLink.objects.create(dashboard=dashboard, token_hash=hash_of(token), made_by=person, made_at=at)
    _record(events.DashboardShared(dashboard_id=dashboard.pk, link_id=link.pk), dashboard, person, at)
    return token


@transaction.atomic
def revoke_link(*, link_id: int, person: Person, at: datetime) -> DashboardLink:
    """Close a link for good; doing it again changes nothing."""
    link = DashboardLink.objects.select_for_update().filter(pk=link_id).first()
    if link is None:
        raise NotFound("There is no such link.", next_step="Go back to the dashboard.")
    dashboard = _locked(link.dashboard_id, person, None, at=at)
    if link.revoked_at is None:
        link.revoked_at = at
        link.save(update_fields=["revoked_at"])
        _record(events.DashboardLinkRevoked(dashboard_id=dashboard.pk, link_id=link.pk), dashboard, person, at)
    return link


def require_may_arrange(dashboard: Dashboard, person: Person, *, at: datetime) -> None:
    """Refuse who is neither its owner nor on its board (nor manages boards)."""
    sits = (
        Seat.objects.filled_on(at.date()).filter(board=dashboard.board, person=person).exists()
        if dashboard.board_id
        else dashboard.owner_id == person.pk
    )
    if not sits and not (dashboard.board_id and person.may(Capability.MANAGE_BOARD)):
        raise NotAllowed(
            "This dashboard is not yours to arrange.",
            next_step="Make one of your own, or ask somebody on the board.",
        )


def hash_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _locked(dashboard_id: int, person: Person, version: int | None, *, at: datetime) -> Dashboard:
    """The dashboard, locked; refuses who may not arrange it, and a version that is not the one in force."""
    dashboard = (
        Dashboard.objects.select_for_update(of=("self",)).select_related("board").filter(pk=dashboard_id).first()
    )
    if dashboard is None:
        raise NotFound("There is no such dashboard.", next_step="Go back to the list of dashboards.")
    require_may_arrange(dashboard, person, at=at)
    if version is not None and version != dashboard.version:
        raise StaleRevision("Someone else arranged it first.", next_step="Reload it and make your change again.")
    return dashboard


def _keep(dashboard: Dashboard, tiles: Sequence[Any], person: Person, *, at: datetime) -> Dashboard:
    kept = [one.as_data() for one in tiles]
    if kept != dashboard.tiles:
        dashboard.tiles, dashboard.version = kept, dashboard.version + 1
        _save(dashboard)
        _record(events.DashboardArranged(dashboard_id=dashboard.pk, tiles=len(kept)), dashboard, person, at)
    return dashboard


def _record(event: Any, dashboard: Dashboard, person: Person, at: datetime) -> None:
    cluster_id = dashboard.board.cluster_id if dashboard.board else None
    journal.record(event, subject=dashboard, actor=person, at=at, cluster_id=cluster_id)


def _save(dashboard: Dashboard) -> None:
    try:
        with transaction.atomic():
            dashboard.save()
    except IntegrityError as error:
        raise refusal_from_constraint(error, Dashboard) from error
