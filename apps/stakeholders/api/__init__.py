"""The JSON door of stakeholders."""
