"""The pages of clusters: load what the person may see, one action, answer."""
