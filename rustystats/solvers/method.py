"""Which way a problem is solved: by arithmetic on its size, before anything is computed.

With n rows, T packs and dense columns a row, and p columns:

| way | memory | multiply-adds |
| --- | --- | --- |
| Gram of all columns | p^2 numbers, some five times | 5 (n T^2 / 2 + p^3 / 3) |
| L1: working set (`working_set.py`) | q^2 numbers, likewise | 10 (n T^2 / 2 + q^3 / 3) |
| ridge: conjugate gradients (`conjugate.py`) | some dozen vectors | 300 (2 n T) |

q, the columns of the set, is taken as p / 10, five Newton steps as enough, and 300 products as what
they need without a Gram. Up to `NARROW` columns the Gram is always taken: it costs seconds at most,
and a ridge fit has standard errors with it. A Gram above `GRAM_BYTES` is not made where there is
another way.
"""

import numpy as np

NARROW = 5_000  # columns
GRAM_BYTES = 1e9
SET_COLUMNS = 10_000  # of a working set, or without penalty beside a penalty: 0.8 GB
MAX_COLUMNS = 20_000  # the Gram of so many takes 3 GB: more is refused

GRAM, WORKING_SET, CONJUGATE = "Gram", "working set", "conjugate gradients"


def choose(problem, tracing=False):
    """The way to solve a problem.

    Parameters
    ----------
    problem : Problem
    tracing : bool
        Whether at several alphas, that of the problem's penalty notwithstanding.

    Returns
    -------
    GRAM, WORKING_SET or CONJUGATE; None where the Gram is too large and there is no other way
    """
    p = problem.design.shape[1]
    if p <= NARROW:
        return GRAM
    other = _without_gram(problem, tracing)
    if other is None:
        return GRAM if p <= MAX_COLUMNS else None
    if 8.0 * p**2 > GRAM_BYTES:
        return other
    work = _work(problem.design)
    return GRAM if work[GRAM] <= work[other] else other


def _without_gram(problem, tracing):
    """The way that makes no Gram of all columns, or None: groups, bounds on a smooth objective and
    columns without penalty have none."""
    penalty = problem.penalty
    if penalty is None or not (tracing or penalty.alpha > 0) or penalty.groups is not None:
        return None
    if np.count_nonzero(penalty.factors == 0) > SET_COLUMNS:
        return None
    if penalty.l1_ratio > 0:
        return WORKING_SET
    return CONJUGATE if penalty.lower is None else None


def _work(design):
    """Multiply-adds of each way."""
    n, p = design.shape
    sources = len(design.packs) + len(design.dense_columns)
    pairs = n * sources**2 / 2
    return {
        GRAM: 5 * (pairs + p**3 / 3),
        WORKING_SET: 10 * (pairs + (p / 10) ** 3 / 3),
        CONJUGATE: 300 * 2.0 * n * sources,
    }
