"""How a report of programme metrics is shown and told: tiles, charts, tables, data, lines of a file."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from apps.cab.models import Dashboard
from apps.cab.queries.figures import Figure, Group, Report
from apps.cab.queries.programme import Scope
from apps.cab.queries.sampling import Compared
from apps.cab.queries.targets import Targets
from apps.cab.rules.dashboards import Shape
from apps.cab.rules.metrics import HOURS_A_DAY, LONG, METRICS, Metric, Unit
from apps.cab.web import sampling_told

CHARTED = (
    "deployment_frequency",
    "lead_time",
    "change_failure_rate",
    "time_to_restore",
    "approval_wait",
    "backlog",
)
COLUMNS = ("group", "name", "since", "until", "metric", "value", "unit", "rows", "target", "is_met", "low", "high")
TILE_COLUMNS = (
    *("tile", "shape", "metric", "title", "since", "until", "cluster", "board", "model"),
    *("value", "unit", "rows", "target", "is_met"),
)
PERIODS = ((91, "3 months"), (365, "12 months"), (730, "24 months"))  # days back from today


def tabs(active: str) -> list[dict[str, Any]]:
    """The pages of figures, side by side."""
    named = (
        ("Programme", "cab:programme"),
        ("Dashboards", "cab:dashboards"),
        ("Targets", "cab:targets"),
        ("Failures by source", "cab:metrics"),
        ("Sampling", "cab:sampling"),
    )
    return [{"label": label, "url": reverse(name), "is_active": name == active} for label, name in named]


def presets(scope: Scope, today: date) -> list[dict[str, str]]:
    """Periods that end today, each as an address with the rest of the scope kept."""
    asked = [(label, replace(scope, since=today - timedelta(days=days - 1), until=today)) for days, label in PERIODS]
    return [{"label": f"Last {label}", "query": urlencode(one.as_query())} for label, one in asked]


def address_of(figure: Figure, group: Group) -> str:
    """Where the rows of the figure are listed."""
    return f"{reverse('cab:programme-rows', args=[figure.metric.name])}?{urlencode(group.scope.as_query())}"


def told(figure: Figure, group: Group, targets: Targets) -> dict[str, Any]:
    """A figure with its rows' address and its target."""
    number, unit = figure.metric.parts(figure.value)
    target = targets.of(figure, group.scope)
    return {
        "figure": figure,
        "number": number,
        "unit": unit,
        "url": address_of(figure, group),
        "target": target,
        "is_met": target.is_met_by(figure.value) if target else None,
    }


def tiles(report: Report, targets: Targets) -> list[dict[str, Any]]:
    """The figures over all: DORA's four keys, and how changes are governed."""
    every = [told(one, report.overall, targets) for one in report.overall.figures.values()]
    return [
        {
            "heading": heading,
            "slug": heading.lower(),
            "tiles": [one for one in every if one["figure"].metric.is_key == is_key],
        }
        for heading, is_key in (("Delivery", True), ("Governance", False))
    ]


def charts(report: Report, targets: Targets) -> list[dict[str, Any]]:
    """The trend by month of what is charted; months in which nothing was measured have no point."""
    return [chart(METRICS[name], report, targets) for name in CHARTED]


def chart(metric: Metric, report: Report, targets: Targets) -> dict[str, Any]:
    """The trend of one metric, as `series_chart` takes it."""
    points = [(one.name, one.figures[metric.name].value) for one in report.months]
    target = targets.of(report.overall.figures[metric.name], report.overall.scope)
    measured = [(name, value) for name, value in points if value is not None]
    is_long = metric.unit == Unit.HOURS and max((value for _, value in measured), default=0) >= LONG
    scale, unit = (1 / HOURS_A_DAY, Unit.DAYS) if is_long else (1, metric.unit)
    return {
        "title": metric.title,
        "unit": unit,
        "points": [(name, round(value * scale, 2)) for name, value in measured],
        "mark": None if target is None else round(float(target.value) * scale, 2),
    }


def sections(report: Report, targets: Targets) -> list[dict[str, Any]]:
    """The tables below: a row a group, a cell a metric; months with the newest first."""
    named = (
        ("cluster", "By cluster"),
        ("board", "By board"),
        ("type", "By type"),
        ("category", "By category"),
        ("model", "By change model"),
        ("month", "By month"),
    )
    parts = report.parts() | {"month": report.months[::-1]}
    return [
        {"heading": heading, "slug": f"by-{part}", "groups": [_row(one, targets) for one in parts[part]]}
        for part, heading in named
    ]


def _row(group: Group, targets: Targets) -> dict[str, Any]:
    return {"name": group.name, "cells": [told(one, group, targets) for one in group.figures.values()]}


def as_data(report: Report, targets: Targets, compared: Sequence[Compared] = ()) -> dict[str, Any]:
    """The report for a program: what was asked, every group of every part, each sampled board."""
    return {
        "scope": report.overall.scope.as_query(),
        "groups": [
            {"by": part, "name": group.name, "scope": group.scope.as_query(), "figures": _figures(group, targets)}
            for part, groups in report.parts().items()
            for group in groups
        ],
        "sampling": sampling_told.as_data(compared),
    }


def _figures(group: Group, targets: Targets) -> list[dict[str, Any]]:
    return [_as_data(told(one, group, targets)) for one in group.figures.values()]


def _as_data(one: dict[str, Any]) -> dict[str, Any]:
    figure, target = one["figure"], one["target"]
    return {
        "metric": figure.metric.name,
        "value": None if figure.value is None else round(figure.value, 4),
        "unit": str(figure.metric.unit),
        "rows": figure.rows,
        "target": target.text if target else None,
        "is_met": one["is_met"],
    }


def as_rows(report: Report, targets: Targets, compared: Sequence[Compared] = ()) -> Iterator[Sequence[object]]:
    """A line for each metric of each group, and of each sampled board, under COLUMNS."""
    for group in as_data(report, targets)["groups"]:
        scope = group["scope"]
        for one in group["figures"]:
            yield (group["by"], group["name"], scope["since"], scope["until"], *one.values(), None, None)
    period = report.overall.scope.since, report.overall.scope.until
    for name, metric, value, unit, rows, low, high in sampling_told.as_lines(compared):
        yield ("sampling", name, *period, metric, value, unit, rows, None, None, low, high)


def tile_rows(dashboard: Dashboard, report: Report, targets: Targets) -> Iterator[Sequence[object]]:
    """What a dashboard shows, under TILE_COLUMNS: a line for a figure, one for each month of a trend.

    Each with its own period, and the value in the unit beside it.
    """
    for place, tile in enumerate(dashboard.placed, start=1):
        for group in report.months if tile.shape == Shape.TREND else (report.overall,):
            one, scope = _as_data(told(group.figures[tile.metric], group, targets)), group.scope
            asked = (scope.since, scope.until, scope.cluster, scope.board, scope.model)
            yield (place, tile.shape, one.pop("metric"), METRICS[tile.metric].title, *asked, *one.values())
