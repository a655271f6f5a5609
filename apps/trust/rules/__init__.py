"""Whether identities are believed from cluster to cluster. Pure functions over plain facts."""
