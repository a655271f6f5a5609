"""The rows of a table of changes, written straight: fifty rows through template nodes were a third of the page."""

from collections.abc import Collection, Iterable

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from apps.cab.models import Change, ChangeType
from apps.kernel.templatetags.ledger import instant, risk_bars, state_badge

register = template.Library()


@register.simple_tag
def change_rows(
    changes: Iterable[Change], shows: str, choosing: object = "", ticked: Collection[str] = ()
) -> SafeString:
    """One row a change; `shows` names the moment in the last column: deadline, submitted, window.

    `choosing` puts a box to tick into each row, which belongs to the form `chosen`; `ticked` are the references ticked.
    """
    return mark_safe("\n".join(_row(change, shows, ticked=ticked or () if choosing else None) for change in changes))  # noqa: S308  # each cell is escaped below


def _row(change: Change, shows: str, *, ticked: Collection[str] | None) -> str:
    href = change.get_absolute_url()
    name = f'<span class="mono">{change.reference}</span> {conditional_escape(change.title)}'
    cells = (
        f'{"" if ticked is None else _box(change, is_ticked=change.reference in ticked)}<a href="{href}">{name}</a>',
        _signs(change),
        risk_bars(change.risk),
        _cost(change),
        conditional_escape(str(change.cluster)),
        conditional_escape(str(change.requester)),
        _moment(change, shows),
    )
    return f'<tr data-href="{href}"><td>{"</td><td>".join(cells)}</td></tr>'


def _box(change: Change, *, is_ticked: bool) -> str:
    reference, ticked = change.reference, " checked" if is_ticked else ""
    return (
        f'<label class="row-box"><input type="checkbox" form="chosen" name="change" value="{reference}"{ticked}>'
        f'<span class="visually-hidden">Choose {reference}</span></label> '
    )


def _signs(change: Change) -> str:
    flags = {
        "emergency": change.type == ChangeType.EMERGENCY,
        "on_hold": change.on_hold,
        "unauthorized": change.unauthorized,
        "latent": change.latent,
    }
    return " ".join(state_badge(sign) for sign in (change.state, *(flag for flag, is_up in flags.items() if is_up)))


def _cost(change: Change) -> str:
    """In the enterprise's currency, whole units; nothing where nobody said."""
    estimate = change.estimate
    return f'<span class="num">{estimate.converted:,.0f} {estimate.into}</span>' if estimate else ""


def _moment(change: Change, shows: str) -> str:
    if shows in ("deadline", "submitted"):
        return instant(change.deadline_at if shows == "deadline" else change.submitted_at)
    return instant(change.window_start_at) if change.window_start_at else '<span class="muted">no window</span>'
