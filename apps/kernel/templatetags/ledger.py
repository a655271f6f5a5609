"""The design system's template tags; built in everywhere. Contract: docs/reference/ledger-components.md."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, tzinfo
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.forms import BoundField
from django.forms.forms import BaseForm
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.kernel.charts import Chart, charted
from apps.kernel.signs import sign_of
from apps.kernel.windows import moments_in, zone_word

register = template.Library()

NOTHING = "–"
RISK_WORDS = {1: "very low", 2: "low", 3: "medium", 4: "high", 5: "very high"}
MOST_PICKS = 40
SHORT_DIGEST = 8  # characters: enough to compare by eye; the whole digest is one step away


@register.simple_tag
@cache  # a few dozen names; a list shows each many times
def icon(name: str) -> SafeString:
    """A decorative icon of the sprite; the words beside it carry the meaning."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("icons.svg"),
        name,
    )


@register.simple_tag
def state_badge(state: object) -> SafeString:
    """Any state, outcome, flag or type as shape, word and colour, the same everywhere."""
    return SafeString(NOTHING) if state in (None, "") else _badge(str(state))


@lru_cache(maxsize=256)
def _badge(state: str) -> SafeString:
    sign = sign_of(state)
    return format_html(
        '<span class="badge" data-tone="{}" data-state="{}">{}{}</span>',
        sign.tone,
        state,
        icon(f"state-{sign.shape}"),
        sign.word,
    )


@register.simple_tag
@lru_cache(maxsize=16)
def risk_bars(risk: int | None) -> SafeString:
    """Five bars and a word; `risk` is 1 (very low) to 5 (very high)."""
    if risk not in RISK_WORDS:
        return SafeString('<span class="risk" data-risk="0">not assessed</span>')
    bars = SafeString("<i></i>" * len(RISK_WORDS))
    return format_html(
        '<span class="risk" data-risk="{}"><span class="risk-bars" aria-hidden="true">{}</span>'
        '<span class="visually-hidden">Risk {} of 5: </span>{}</span>',
        risk,
        bars,
        risk,
        RISK_WORDS[risk],
    )


@register.simple_tag
def instant(moment: datetime | date | None) -> SafeString:
    """A moment in the viewer's zone, the zone named; a date without a time as it is."""
    if moment is None or moment == "":
        return SafeString(NOTHING)
    if not isinstance(moment, datetime):
        return format_html('<time datetime="{}">{}</time>', moment.isoformat(), _day(moment))
    return _moment(moment, timezone.get_current_timezone())


@lru_cache(maxsize=8192)  # a list shows the same moments to everyone of a zone
def _moment(moment: datetime, zone: tzinfo) -> SafeString:
    here = timezone.localtime(moment, zone)
    return format_html(
        '<time datetime="{}" title="{}">{}, {} {}</time>',
        here.isoformat(timespec="seconds"),
        zone.tzname(None) or str(zone),
        _day(here),
        f"{here:%H:%M}",
        zone_word(here),
    )


@register.filter
def in_zone(sentence: object) -> str:
    """A sentence with the moments it says in UTC as the viewer's clocks show them, the zone named."""
    return moments_in(str(sentence), timezone.get_current_timezone())


@register.simple_tag
def window_of(change: Any) -> SafeString:
    """A planned window in the viewer's zone, and in the change's own zone where the clocks differ."""
    start, end = getattr(change, "window_start_at", None), getattr(change, "window_end_at", None)
    if not start or not end:
        return SafeString('<span class="muted">No window planned</span>')
    here = _span(start, end, timezone.get_current_timezone())
    own = ZoneInfo(change.window_zone or "UTC")
    differs = any(timezone.localtime(at).utcoffset() != at.astimezone(own).utcoffset() for at in (start, end))
    there = (
        format_html('<span class="window-own">{} ({})</span>', _span(start, end, own), change.window_zone)
        if differs
        else ""
    )
    return format_html('<span class="window"><span>{}</span>{}</span>', here, there)


@register.simple_tag
def span_of(start: datetime, end: datetime) -> SafeString:
    """A range of moments in the viewer's zone, the zone named."""
    return _span(start, end, timezone.get_current_timezone())


@register.simple_tag
def seal(digest: str, at: datetime | None, sequence: int | None) -> SafeString:
    """The seal on something decided: its short hash; opened, the proof (whole hash, time, place in the journal)."""
    if not digest:
        return SafeString("")
    number = format_html("<dt>Entry</dt><dd>{}</dd>", sequence) if sequence else ""
    return format_html(
        '<details class="seal"><summary>{}<span class="visually-hidden">Seal </span><code>{}</code></summary>'
        '<dl class="seal-proof"><dt>SHA-256</dt><dd><code>{}</code></dd><dt>Sealed</dt><dd>{}</dd>{}</dl></details>',
        icon("stamp"),
        digest[:SHORT_DIGEST],
        digest,
        instant(at),
        number,
    )


@register.simple_tag
def initials(person: Any) -> SafeString:
    """A person's initials in a square; the full name for readers and on hover."""
    return _square(str(person or "The house"))


@lru_cache(maxsize=1024)
def _square(name: str) -> SafeString:
    words = name.replace("-", " ").split()
    letters = "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words))
    return format_html(
        '<span class="initials" title="{}"><span aria-hidden="true">{}</span>'
        '<span class="visually-hidden">{}</span></span>',
        name,
        letters.upper(),
        name,
    )


@register.simple_tag
def kbd(keys: str) -> SafeString:
    """Keys as printed on a keyboard, "+" between those pressed together; never read out as part of a name."""
    caps = format_html_join("", "<kbd>{}</kbd>", ((key,) for key in keys.split("+")))
    return format_html('<span class="keys" aria-hidden="true">{}</span>', caps)


@register.simple_tag
def diff_runs(runs: Iterable[tuple[str, str]]) -> SafeString:
    """A difference as running text: what was removed struck through, what was added underlined, each said aloud."""
    elements = {"removed": ("del", "removed: "), "added": ("ins", "added: ")}
    parts = []
    for kind, text in runs:
        if kind in elements:
            name, word = elements[kind]
            said = format_html('<span class="visually-hidden">{}</span>', word)
            parts.append(format_html("<{0}>{1}{2}</{0}>", SafeString(name), said, text))
        else:
            parts.append(format_html("<span>{}</span>", text))
    return format_html('<div class="diff">{}</div>', SafeString("".join(parts)))


@register.simple_tag
def figure(value: object, label: str, url: str = "") -> SafeString:
    """One strong numeral with its label; a link where the numbers can be read one by one."""
    inside = format_html('<b class="figure-value">{}</b><span class="figure-label">{}</span>', value, label)
    if url:
        return format_html('<a class="figure" href="{}">{}</a>', url, inside)
    return format_html('<div class="figure">{}</div>', inside)


@register.filter
def thousands(number: object) -> str:
    """A whole number as people read it: 50,000."""
    return f"{number:,}" if isinstance(number, int) else str(number)


@register.simple_tag
def progress(done: int, total: int | None) -> SafeString:
    """How far a job is, as a bar and a count; without a total, that it runs and how much it has done."""
    if not total:
        return format_html(
            '<span class="progress"><progress aria-label="Progress"></progress>{} done</span>', f"{done:,}"
        )
    return format_html(
        '<span class="progress"><progress aria-label="Progress" value="{}" max="{}"></progress>{} of {}</span>',
        done,
        total,
        f"{done:,}",
        f"{total:,}",
    )


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, label: str = "") -> dict[str, Any]:
    """One field of a form: label, control, help and errors, tied together for screen readers."""
    described = [
        f"{bound.auto_id}_{part}" for part, text in (("helptext", bound.help_text), ("error", bound.errors)) if text
    ]
    attributes: dict[str, Any] = {"aria-describedby": " ".join(described)} if described else {}
    if bound.errors:
        attributes["aria-invalid"] = "true"
    widget = bound.field.widget
    picks = _picks(bound)
    return {
        "picks": picks,
        "picked": [pick["label"] for pick in picks if pick["selected"]],
        "field": bound,
        "label": label or bound.label,
        "control": "" if picks else bound.as_widget(attrs=attributes),
        "is_tick": getattr(widget, "input_type", "") == "checkbox" and not hasattr(widget, "optgroups"),
        "is_group": bool(widget.use_fieldset),
        "described_by": attributes.get("aria-describedby", ""),
    }


@register.inclusion_tag("components/form_errors.html")
def form_errors(form: BaseForm) -> dict[str, Any]:
    """What is wrong with a form, above it, each sentence leading to its field."""
    named = [(bound, error) for bound in form for error in bound.errors] if form.is_bound else []
    return {"form": form, "named": named}


@register.inclusion_tag("components/series_chart.html")
def series_chart(
    points: Sequence[tuple[object, float]], title: str, unit: str = "", mark: float | None = None
) -> dict[str, Chart | str]:
    """A series drawn on the server, with its table twin; `points` are (label, value) in order; `mark` is a target."""
    return {"chart": charted(points, mark), "title": title, "unit": unit}


def _picks(bound: BoundField) -> list[dict[str, Any]]:
    """The options of a list of several, to be ticked; none where it is another control or too long to tick through."""
    if not getattr(bound.field.widget, "allow_multiple_selected", False) or bound.field.widget.input_type != "select":
        return []
    picks = [option.data for option in bound.subwidgets]
    return picks if len(picks) <= MOST_PICKS else []


def _day(moment: date) -> str:
    return f"{moment.day} {moment:%b %Y}"


def _span(start: datetime, end: datetime, zone: tzinfo) -> SafeString:
    first, last = start.astimezone(zone), end.astimezone(zone)
    closing = f"{last:%H:%M}" if first.date() == last.date() else f"{_day(last)}, {last:%H:%M}"
    opening = f"{_day(first)}, {first:%H:%M}"
    if first.utcoffset() != last.utcoffset():
        opening = f"{opening} {zone_word(first)}"
    return format_html(
        '<time datetime="{}">{}</time> – <time datetime="{}">{} {}</time>',
        first.isoformat(timespec="minutes"),
        opening,
        last.isoformat(timespec="minutes"),
        closing,
        zone_word(last),
    )
