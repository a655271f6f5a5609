"""What the board's area does when another area speaks."""
