"""Views of the pages of integrations."""
