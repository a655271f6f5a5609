"""Open standards that the portal speaks."""
