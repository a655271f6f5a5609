"""The HTML door of notify."""
