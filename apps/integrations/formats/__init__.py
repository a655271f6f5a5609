"""Foreign formats that integrations are told in."""
