"""Pure rules of the area, one module a subject."""
