"""The map of the federation: autonomous clusters, their components, and what depends on what.

Words: a *cluster* is a business unit or platform that governs itself; a *component* belongs to exactly one cluster and
has a *tier* (0 most critical); a *dependency* says that one component needs another. Owners and operators are object
permissions (django-guardian).
"""
