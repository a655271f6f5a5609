"""What the caller of the API may do at all."""

from rest_framework.permissions import IsAuthenticated


class SignedInWithinScope(IsAuthenticated):
    """Signed in."""
