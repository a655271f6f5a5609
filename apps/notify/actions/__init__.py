"""Every write of notify: telling people, sending mail and webhooks, feeds."""
