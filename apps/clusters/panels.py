"""Panels that areas above put on the pages of a cluster or a component, without this area knowing of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from apps.accounts.models import Person
from apps.clusters.models import Cluster, Component


class PanelKind(StrEnum):
    """Which page a panel stands on."""

    CLUSTER = "cluster"
    COMPONENT = "component"


@dataclass(frozen=True)
class Panel:
    """One part of a page: a template, which brings its own heading and finds `context` under the name `panel`."""

    template: str
    context: dict[str, Any] = field(default_factory=dict)


Provider = Callable[[Any, Person], Panel | None]
_providers: dict[PanelKind, dict[str, Provider]] = {kind: {} for kind in PanelKind}


def register(kind: PanelKind | str, provider: Provider, *, name: str = "") -> None:
    """Show what `provider(subject, person)` returns on every page of that kind; None shows nothing.

    Call it from `AppConfig.ready`. Registering again under the same name (default: the function's full name) replaces.
    """
    _providers[PanelKind(kind)][name or f"{provider.__module__}.{provider.__qualname__}"] = provider


def panels_for(subject: Cluster | Component, person: Person) -> list[Panel]:
    """Every panel for this subject, in order of registration."""
    kind = PanelKind.CLUSTER if isinstance(subject, Cluster) else PanelKind.COMPONENT
    answered = (provider(subject, person) for provider in _providers[kind].values())
    return [panel for panel in answered if panel is not None]
