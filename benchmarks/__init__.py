"""Side-by-side measurements against a floor taken in the same run: ratios, never a timed test. `make bench`."""
