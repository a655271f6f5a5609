"""Every write to windows and freezes."""
