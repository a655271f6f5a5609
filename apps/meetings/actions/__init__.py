"""Every write of the meetings area."""
