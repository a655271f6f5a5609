"""The areas of the house, stacked: call downwards, speak upwards through the journal."""
