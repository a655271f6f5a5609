"""Every write of the board's area, one function a use case: proposing, flow, rounds, conditions, boards, reviews, imports."""
