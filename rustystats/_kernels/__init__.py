"""Compiled loops over rows: the leaf of the package, which imports nothing else of it."""
