"""Celery shells of notify."""
