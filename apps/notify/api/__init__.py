"""The JSON door of notify."""
