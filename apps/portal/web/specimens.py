"""What the style page shows: one invented change, in every component of the design system."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

from django import forms

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
STATES = [
    "draft",
    "submitted",
    "assessing",
    "awaiting_authorization",
    "changes_requested",
    "authorized",
    "scheduled",
    "frozen",
    "implementing",
    "implemented",
    "in_review",
    "closed",
    "rejected",
    "cancelled",
    "expired",
    "emergency",
    "on_hold",
]
OUTCOMES = [
    "successful",
    "successful_with_issues",
    "unsuccessful",
    "backed_out",
    "not_implemented",
]
TOKENS = [
    "bg",
    "surface",
    "sunken",
    "hairline",
    "control-border",
    "text",
    "muted",
    "accent",
    "approve",
    "caution",
    "danger",
    "info",
    "freeze",
]


class SpecimenForm(forms.Form):
    """One field of every kind; the window's end is wrong on purpose."""

    title = forms.CharField(help_text="One line that a board member understands.")
    plan = forms.CharField(widget=forms.Textarea, label="Implementation plan")
    cluster = forms.ChoiceField(choices=[("payments", "Payments"), ("logistics", "Logistics")])
    end = forms.DateTimeField(label="Window end", required=False)
    kind = forms.ChoiceField(
        widget=forms.RadioSelect, choices=[("normal", "Normal"), ("standard", "Standard")], label="Type"
    )
    agreed = forms.BooleanField(label="The backout plan was rehearsed", required=False)
    file = forms.FileField(label="Evidence", required=False)


class FilterForm(forms.Form):
    """Filters as they stand above a register."""

    q = forms.CharField(label="Words", required=False)
    state = forms.ChoiceField(choices=[("", "any"), ("draft", "draft")], required=False)
    risk = forms.ChoiceField(choices=[("", "any"), ("4", "high")], required=False)


def specimens() -> dict[str, Any]:
    """The context of the style page: the same for everyone, read from nowhere."""
    change = SimpleNamespace(
        window_start_at=NOON + timedelta(days=2, hours=9),
        window_end_at=NOON + timedelta(days=2, hours=12),
        window_zone="America/New_York",
    )
    return {
        "themes": [("light", _form("light")), ("dark", _form("dark"))],
        "states": STATES,
        "outcomes": OUTCOMES,
        "tokens": TOKENS,
        "change": change,
        "noon": NOON,
        "digest": sha256(b"concordat").hexdigest(),
        "rows": _rows(),
        "blockers": _blockers(),
        "entries": _entries(),
        "tabs": [
            {"label": "Waiting", "url": "#tabs", "is_active": True, "count": 3},
            {"label": "Decided", "url": "#tabs", "is_active": False, "count": 128},
            {"label": "All", "url": "#tabs", "is_active": False},
        ],
        "crumbs": [{"label": "Changes", "url": "#crumbs"}, {"label": "CHG-1042"}],
        "chips": [
            {"label": "state: in review", "remove_url": "#chips"},
            {"label": "risk: high", "remove_url": "#chips"},
        ],
        "page": {"after": "next", "before": "previous"},
        "runs": [("same", "Stop the "), ("removed", "old "), ("added", "blue "), ("same", "listener, then drain it.")],
        "months": [("Oct", 41), ("Nov", 38), ("Dec", 12), ("Jan", 55), ("Feb", 47), ("Mar", 49)],
        "weeks": [(f"W{week}", 20 + (week * 7) % 13 + week // 3) for week in range(1, 25)],
        "days": ["Mon 2", "Tue 3", "Wed 4", "Thu 5", "Fri 6", "Sat 7", "Sun 8"],
        "refusal": {
            "sentence": "You cannot vote on your own change: you wrote it or will carry it out.",
            "next_step": "Another member of the board decides it; you can answer their questions.",
        },
    }


def _form(theme: str) -> tuple[forms.Form, forms.Form]:
    wrong = {
        "title": "Rotate the signing keys",
        "plan": "1. Publish the new key.",
        "cluster": "payments",
        "end": "soon",
    }
    return SpecimenForm(wrong, auto_id=f"{theme}-%s"), FilterForm(auto_id=f"{theme}-filter-%s")


def _rows() -> list[dict[str, Any]]:
    told = [
        (
            "CHG-1042",
            "Rotate the signing keys of the payment ledger",
            "awaiting_authorization",
            4,
            "Payments",
            "Ada Voss",
        ),
        ("CHG-1041", "Move dispatch to the new queue", "scheduled", 3, "Logistics", "Omar Reyes"),
        ("CHG-1039", "Raise the connection limit", "authorized", 1, "Payments", "Ada Voss"),
        ("CHG-1036", "Replace the load balancer in the north hall", "changes_requested", 5, "Edge", "Dan Okafor"),
    ]
    names = ("reference", "title", "state", "risk", "cluster", "requester")
    return [dict(zip(names, row, strict=True)) | {"at": NOON + timedelta(hours=7 * n)} for n, row in enumerate(told)]


def _blockers() -> list[dict[str, str]]:
    return [
        {
            "sentence": "The backout plan is empty.",
            "next_step": "Write how to return to the state before.",
            "anchor": "top",
        },
        {"sentence": "No window is planned.", "next_step": "Plan a start and an end.", "anchor": "top"},
        {"sentence": "The chair has not voted.", "next_step": "Ben Arlt decides, or names a deputy.", "anchor": ""},
    ]


def _entries() -> list[dict[str, Any]]:
    told = [
        ("Ben Arlt", "approved", "The rehearsal on Thursday convinced me.", 47),
        ("Cleo Marsh", "asked for changes", "Who watches the queue while keys rotate?", 45),
        ("Ada Voss", "submitted revision 3", "", 44),
    ]
    return [
        {
            "at": NOON - timedelta(hours=5 * place),
            "actor": actor,
            "words": words,
            "detail": detail,
            "digest": sha256(str(number).encode()).hexdigest(),
            "sequence": number,
        }
        for place, (actor, words, detail, number) in enumerate(told)
    ]
