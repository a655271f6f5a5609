"""The JSON door of the mesh."""
