"""The HTML door of the board's area."""
