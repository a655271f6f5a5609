"""Foreign files the board's area reads: tables and documents of changes, and the maps that translate them."""
