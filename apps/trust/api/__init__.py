"""The JSON door of trust."""
