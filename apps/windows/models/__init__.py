"""Tables and truths of windows and freezes."""

from apps.windows.models.freezes import Freeze, FreezeCluster, Strength
from apps.windows.models.recurring import RecurringWindow, WindowKind

__all__ = ["Freeze", "FreezeCluster", "RecurringWindow", "Strength", "WindowKind"]
