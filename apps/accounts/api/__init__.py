"""The JSON door: what every area's API builds on, and the API of accounts itself."""
