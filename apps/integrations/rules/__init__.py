"""What integrations must say of themselves, and what follows from it. Pure functions over plain facts."""
