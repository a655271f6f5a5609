"""Tables of the area, one module a subject."""
