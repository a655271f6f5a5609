"""The HTML door of journal."""
