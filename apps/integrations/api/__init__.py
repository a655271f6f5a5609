"""The JSON door of integrations."""
