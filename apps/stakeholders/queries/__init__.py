"""Named questions of the area, one module a subject."""
