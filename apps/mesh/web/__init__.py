"""The HTML door of the mesh."""
