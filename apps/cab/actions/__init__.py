"""Every write of the board's area, one function a use case."""
