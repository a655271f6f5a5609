"""Panels that areas above put on the page of an agreement, without this area knowing of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from apps.accounts.models import Person
from apps.stakeholders.models import ThresholdOffer


@dataclass(frozen=True)
class Panel:
    """One part of the page: a template, which brings its own heading and finds `context` under the name `panel`."""

    template: str
    context: dict[str, Any] = field(default_factory=dict)


Provider = Callable[[ThresholdOffer, Person], Panel | None]
_providers: dict[str, Provider] = {}


def register(provider: Provider) -> None:
    """Show what `provider(offer, person)` returns on the page of every negotiation; None shows nothing.

    Call it from `AppConfig.ready`. Registering the same function again changes nothing.
    """
    _providers[f"{provider.__module__}.{provider.__qualname__}"] = provider


def panels_for(offer: ThresholdOffer, person: Person) -> list[Panel]:
    """Every panel for this offer, in order of registration."""
    answered = (provider(offer, person) for provider in _providers.values())
    return [panel for panel in answered if panel is not None]
