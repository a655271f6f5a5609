"""Open standards that notify speaks."""
