"""From a `Problem` to a `Fit`."""
