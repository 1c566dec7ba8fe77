"""Compiled loops over rows: the leaf of the package, which imports nothing else of it."""

try:
    import rustystats._kernels.openmp  # noqa: F401
except ModuleNotFoundError as error:  # pragma: no cover - without kernels nothing can measure it
    raise ImportError(
        f"this is the source of rustystats ({__path__[0]}), without its compiled kernels: install "
        "it (pip install .), then start Python in another folder or as python -P, which leaves the "
        "current folder off the path"
    ) from error
