"""Whether manifests are right. Pure functions over plain values."""
