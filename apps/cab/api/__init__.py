"""The JSON door of the board's area."""
