"""Foreign files of the area: parse and render, pure."""
