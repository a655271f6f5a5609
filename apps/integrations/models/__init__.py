"""Tables and truths of integrations."""

from apps.integrations.models.decisions import PatternDecision
from apps.integrations.models.edges import Integration, Interface

__all__ = ["Integration", "Interface", "PatternDecision"]
