"""The JSON door of clusters."""
