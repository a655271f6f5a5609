"""Named questions of the board's area: changes, boards and rounds, metrics."""
