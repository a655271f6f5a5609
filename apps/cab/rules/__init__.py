"""May, must, decided? Scores and formulas of the board's area. Pure functions: no queries, no clock, no Django."""
