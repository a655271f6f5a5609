"""The tables of accounts over time."""
