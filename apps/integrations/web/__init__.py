"""The HTML door of integrations."""
