"""Every write of the area, one module a subject."""
