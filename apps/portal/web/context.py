"""What every page shows around its content: the navigation with its counts."""

from functools import cache
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.notify.queries import unread_count

# Group → (label, address name, icon, the right it needs; None: everyone).
GROUPS: tuple[tuple[str, tuple[tuple[str, str, str, Capability | None], ...]], ...] = (
    (
        "Work",
        (
            ("Queue", "cab:queue", "inbox", None),
            ("Changes", "cab:changes", "list", None),
            ("Calendar", "cab:week", "calendar", None),
            ("Windows", "windows:windows", "calendar-clock", None),
            ("Conflicts", "cab:conflicts", "git-branch", None),
            ("Freezes", "cab:freezes", "snowflake", None),
            ("Templates", "cab:templates", "stamp", None),
            ("Boards", "cab:boards", "gavel", None),
            ("Meetings", "meetings:meetings", "calendar-days", None),
            ("Policies", "policies:list", "scale", None),
            ("Models", "cab:models", "workflow", None),
        ),
    ),
    (
        "Know",
        (
            ("Clusters", "clusters:list", "network", None),
            ("Map", "clusters:map", "map", None),
            ("Findings", "clusters:findings", "triangle-alert", None),
            ("Integrations", "integrations:integrations", "cable", None),
            ("Trust", "trust:domains", "key-round", None),
            ("Mesh", "mesh:meshes", "layers", None),
            ("Initiatives", "stakeholders:initiatives", "handshake", None),
            ("Silos", "stakeholders:silos", "fence", None),
            ("Thresholds", "stakeholders:thresholds", "signature", None),
            ("KPIs", "stakeholders:kpis", "chart-column", None),
            ("Escalations", "stakeholders:escalations", "timer", None),
            ("Metrics", "cab:programme", "chart-line", None),
            ("Inbox", "notify:inbox", "bell", None),
            ("Journal", "portal:journal", "book-open", None),
        ),
    ),
    (
        "Administer",
        (
            ("Imports", "cab:imports", "upload", Capability.IMPORT),
            ("People", "accounts:people", "users", Capability.MANAGE_PEOPLE),
            ("Webhooks", "notify:webhooks", "webhook", Capability.READ_WEBHOOKS),
            ("Deliveries", "portal:deliveries", "send", Capability.READ_DELIVERIES),
        ),
    ),
)


def surroundings(request: HttpRequest) -> dict[str, Any]:
    """Navigation for the signed-in person; nothing for others."""
    person = getattr(request, "user", None)
    if not isinstance(person, Person) or request.headers.get("HX-Request") == "true":
        return {}
    counts = {"notify:inbox": unread_count(person)}
    groups = []
    for label, items in GROUPS:
        shown = [_item(request, *item, counts=counts) for item in items if item[3] is None or person.may(item[3])]
        if shown:
            groups.append({"label": label, "items": shown})
    return {"navigation": groups}


def _item(
    request: HttpRequest, label: str, name: str, icon: str, right: Capability | None, *, counts: dict[str, int]
) -> dict[str, Any]:
    del right
    url = _address(name)
    return {
        "label": label,
        "url": url,
        "icon": icon,
        "is_active": url == _nearest(request.path),
        "count": counts.get(name, 0),
    }


def _nearest(path: str) -> str:
    """The address of the navigation that a page stands under: the longest, as one may stand under another."""
    addresses = (_address(item[1]) for _, items in GROUPS for item in items)
    return max((one for one in addresses if path.startswith(one)), key=len, default="")


@cache
def _address(name: str) -> str:
    return reverse(name)
