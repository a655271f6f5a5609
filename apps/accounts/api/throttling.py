"""How often one person may call."""

from rest_framework.throttling import UserRateThrottle


class PersonThrottle(UserRateThrottle):
    """Calls a minute, for each person."""

    scope = "person"
