"""What notify does when another area speaks."""
