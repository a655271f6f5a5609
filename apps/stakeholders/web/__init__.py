"""The HTML door of stakeholders."""
