"""The JSON door of policies."""
