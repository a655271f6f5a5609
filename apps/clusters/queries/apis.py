"""What catalogues said of APIs, and which components provide them."""

from apps.clusters.formats.apis import ApiSaid
from apps.clusters.models import ApiDescription, Component


def api_said(component: Component) -> ApiSaid | None:
    """What a catalogue said of a component as an API; None of one that is none."""
    kept: ApiDescription | None = getattr(component, "api", None)
    return ApiSaid(kept.type, kept.definition, kept.definition_at, tuple(kept.remotes)) if kept else None
