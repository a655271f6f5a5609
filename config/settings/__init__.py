"""Settings come from the environment only; each module here is one way to run."""
