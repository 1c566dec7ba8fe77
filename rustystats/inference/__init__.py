"""From a `Fit` to standard errors and tables."""
