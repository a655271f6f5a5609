"""The HTML door of policies."""
