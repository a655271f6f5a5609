"""Tables and truths of integrations."""

from apps.integrations.models.decisions import PatternDecision
from apps.integrations.models.edges import Integration, Interface
from apps.integrations.models.plans import IsolationPlan, Rehearsal

__all__ = ["Integration", "Interface", "IsolationPlan", "PatternDecision", "Rehearsal"]
