"""The HTML door of trust."""
