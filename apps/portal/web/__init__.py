"""The HTML door of portal."""
