"""What the calendar can be narrowed by, in its address: the list's filters, so that every number opens its rows."""

from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse

from apps.accounts.web.people import PersonRequest
from apps.cab.models import Change, SavedPage, SavedView
from apps.cab.queries.calendar.sheet import ON_CALENDAR
from apps.cab.web.filters import ChangeFilter
from apps.clusters.models import Cluster

NARROWS = ("cluster", "board", "type", "state", "risk")
PLACES = ("week", "month", "year")  # which days an address shows


class CalendarFilter:
    """The filters of one address of the calendar. Without a state: what is authorized or further."""

    def __init__(self, request: PersonRequest) -> None:
        """Read the address; refuses one that does not fit."""
        kept = QueryDict(mutable=True)
        for name in (*NARROWS, *PLACES):
            if any(request.GET.getlist(name)):
                kept.setlist(name, [value for value in request.GET.getlist(name) if value])
        self.person, self.data = request.user, kept
        self.filter = ChangeFilter(kept, queryset=Change.objects.visible_to(request.user), request=request)
        self.filter.require_fits()

    @property
    def rows(self) -> "QuerySet[Change]":
        """The changes asked for, whenever they are planned."""
        found: QuerySet[Change] = self.filter.qs
        return found if "state" in self.data else found.filter(state__in=ON_CALENDAR)

    @property
    def cluster(self) -> Cluster | None:
        """The cluster it is narrowed to, if it is to one."""
        found: Cluster | None = self.filter.form.cleaned_data.get("cluster") if "cluster" in self.data else None
        return found

    @cached_property
    def clusters(self) -> list[Cluster]:
        """The clusters that lanes are drawn for: those the person may know of, or the one it is narrowed to."""
        if self.cluster:
            return [self.cluster]
        return list(Cluster.objects.visible_to(self.person).only("slug", "name"))

    @property
    def query(self) -> str:
        """The filters without the days, as a view keeps them."""
        return urlencode([(name, one) for name in NARROWS for one in self.data.getlist(name)])

    def rows_url(self, first: date, last: date, **more: str) -> str:
        """The list of changes that holds exactly the rows of these days."""
        kept = {name: self.data.getlist(name) for name in NARROWS if name in self.data}
        states = [str(one) for one in ON_CALENDAR]
        asked = {"since": first.isoformat(), "until": last.isoformat(), "state": states, **kept, **more}
        return f"{reverse('cab:changes')}?{urlencode(asked, doseq=True)}"

    @property
    def rows_base(self) -> str:
        """The same address up to its days: a year names them 365 times."""
        return self.rows_url(date.min, date.min).replace(f"since={date.min}&until={date.min}&", "")

    def conflicts_url(self, first: date, last: date) -> str:
        """The list of the open conflicts of changes planned in these days."""
        asked: dict[str, Any] = {"state": "open", "since": first.isoformat(), "until": last.isoformat()}
        if "cluster" in self.data:
            asked["cluster"] = self.data["cluster"]
        return f"{reverse('cab:conflicts')}?{urlencode(asked)}"

    @property
    def conflicts_base(self) -> str:
        """The same address up to its days."""
        return self.conflicts_url(date.min, date.min).replace(f"&since={date.min}&until={date.min}", "")

    def context(self, page: SavedPage) -> dict[str, Any]:
        """What the calendar's pages show around their days."""
        return {
            "controls": self.filter.controls(self.person, NARROWS),
            "chips": self.filter.chips(),
            "views": SavedView.objects.filter(person=self.person, page=page).order_by("name"),
            "query": self.query,
            "page_name": page.value,
            "page_url": reverse(f"cab:{page.value}"),
            "tabs": [
                {"label": one.label.capitalize(), "url": self._tab_url(one), "is_active": one is page, "count": None}
                for one in SavedPage
                if one is not SavedPage.CHANGES
            ],
            "kept": [(name, self.data[name]) for name in PLACES if name in self.data],
        }

    def _tab_url(self, page: SavedPage) -> str:
        """The same filters on another page of the calendar."""
        return f"{reverse(f'cab:{page.value}')}{'?' if self.query else ''}{self.query}"
