"""The JSON door of journal."""
