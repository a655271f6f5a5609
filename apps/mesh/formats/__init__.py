"""Foreign formats that the mesh speaks: one file a standard."""
