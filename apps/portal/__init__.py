"""Home, search, the journal's pages, health, errors, the demo organisation. The top floor: it may call every area."""
