"""What every page shows around its content."""

from typing import Any

from django.http import HttpRequest


def surroundings(request: HttpRequest) -> dict[str, Any]:
    """Navigation for the signed-in person."""
    del request
    return {}
