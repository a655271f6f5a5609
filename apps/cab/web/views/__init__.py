"""Pages: load what the person may see, one action, answer."""
