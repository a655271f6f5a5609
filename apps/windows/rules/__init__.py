"""Recurrence, intervals and what a freeze says. Pure functions: no queries, no clock, no Django."""
