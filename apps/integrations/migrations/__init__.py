"""Migrations of integrations."""
