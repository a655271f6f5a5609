"""Named questions about meetings."""
