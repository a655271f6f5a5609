"""Commands of the board's area."""
