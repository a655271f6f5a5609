"""Foreign formats that trust speaks: one file a standard."""
