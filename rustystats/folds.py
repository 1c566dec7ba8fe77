"""Which rows each fold is fitted to and which it holds out, from what a user says.

Everything that would spoil a fold is said before anything is fitted: no rows, the same rows on both
sides, no weight, or training rows without events, where no mean exists to start from.
"""

import threading
import warnings
from numbers import Integral

import numpy as np

from rustystats.encoding import as_generator
from rustystats.frames import label_codes

SPREAD = "use fewer folds, or scikit-learn's StratifiedKFold, which spreads the events evenly"
FILTERS = threading.Lock()  # of warnings: see `_split`


def make_folds(cv, problem, groups=None, random_state=None):
    """The folds of a cross-validation.

    Parameters
    ----------
    cv : int, splitter of scikit-learn, or iterable of (train, test)
        A whole number of folds takes the rows in random order, or the groups where there are any,
        so that a group is not parted; their sizes differ by at most 1. The pairs hold positions of
        rows or are masks.
    problem : Problem
    groups : (n,) labels or None
    random_state : int, numpy Generator or RandomState, or None
        Decides the random order of a whole number of folds.

    Returns
    -------
    list of (train, test), index arrays in increasing order

    Raises
    ------
    ValueError
        If cv is none of these, an argument has no use, or a fold cannot be fitted or judged.

    Examples
    --------
    >>> from rustystats.design.blocks import constant_block
    >>> from rustystats.design.matrix import DesignMatrix
    >>> from rustystats.families import Poisson
    >>> from rustystats.links import Log
    >>> from rustystats.solvers.problem import Problem
    >>> problem = Problem(DesignMatrix([constant_block(5)]), np.arange(5.0), Poisson(), Log())
    >>> [test.tolist() for _, test in make_folds(2, problem, random_state=1)]
    [[0, 1, 4], [2, 3]]
    """
    n_rows = len(problem.y)
    codes = None if groups is None else label_codes(groups, n_rows, "groups")
    if isinstance(cv, Integral) and not isinstance(cv, bool):
        return _checked(_shuffled(int(cv), n_rows, codes, random_state), problem)
    if random_state is not None:
        raise ValueError(
            "random_state shuffles the rows for a whole number of folds, and this cv makes its own "
            "choice: give the random_state to the splitter, or leave it out"
        )
    if hasattr(cv, "split") and hasattr(cv, "get_n_splits"):
        labels = None if groups is None else np.asarray(groups)
        return _checked(_split(cv, problem.y, labels), problem)
    if isinstance(cv, (str, bytes, bool)) or not hasattr(cv, "__iter__"):
        raise ValueError(
            "cv must be a whole number of folds, a splitter of scikit-learn or pairs of (train, "
            f"test) rows, not {cv!r}"
        )
    if groups is not None:
        raise ValueError("groups= has no use where cv is pairs of (train, test) rows: leave it out")
    return _checked(_pairs(cv, n_rows), problem)


def _shuffled(n_folds, n_rows, codes, random_state):
    """Rows, or whole groups, in random order and cut into folds."""
    if n_folds < 2:
        raise ValueError(f"cv must be at least 2 folds, not {n_folds}")
    n_units = n_rows if codes is None else int(codes.max()) + 1
    if n_units < n_folds:
        units = "rows" if codes is None else "groups"
        raise ValueError(
            f"cv={n_folds} folds need as many {units}, and there are {n_units} "
            f"(n_samples={n_rows}): use fewer folds"
        )
    if isinstance(random_state, np.random.RandomState):
        random_state = random_state.randint(2**31)
    order = as_generator(random_state, "random_state").permutation(n_units)
    fold_of = np.empty(n_units, dtype=np.intp)
    for fold, units in enumerate(np.array_split(order, n_folds)):
        fold_of[units] = fold
    fold_of = fold_of if codes is None else fold_of[codes]
    return [(np.flatnonzero(fold_of != k), np.flatnonzero(fold_of == k)) for k in range(n_folds)]


def _split(splitter, y, groups):
    """What a splitter of scikit-learn makes of the rows; it sees their positions as X."""
    name, rows = type(splitter).__name__, np.arange(len(y))[:, None]
    try:
        if groups is None:
            return _pairs(splitter.split(rows, y, None), len(y))
        # Filters are those of the whole process: two threads in here would leave the wrong ones
        with FILTERS, warnings.catch_warnings():  # the only way in which a splitter says so
            warnings.filterwarnings("error", "The groups parameter is ignored")
            return _pairs(splitter.split(rows, y, groups), len(y))
    except UserWarning as warning:
        if "groups parameter" not in str(warning):
            raise
        raise ValueError(
            f"groups= is not used by {name}: take GroupKFold or another splitter of groups, or a "
            "whole number of folds, or leave groups out"
        ) from None
    except ValueError as error:
        if groups is None and "groups" in str(error):
            raise ValueError(f"{name} needs groups=, one label a row") from error
        raise ValueError(f"cv={name} cannot split these {len(y)} rows: {error}") from error


def _pairs(pairs, n_rows):
    """Pairs of rows as index arrays in increasing order."""
    folds = []
    for pair in pairs:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ValueError(f"fold {len(folds) + 1}: cv must hold pairs of (train, test) rows")
        folds.append(tuple(_positions(rows, n_rows, len(folds) + 1) for rows in pair))
    if not folds:
        raise ValueError("cv holds no fold")
    return folds


def _positions(rows, n_rows, fold):
    rows = np.asarray(rows)
    if rows.dtype == bool and rows.shape == (n_rows,):
        return np.flatnonzero(rows)
    if rows.ndim == 1 and not len(rows):
        return rows.astype(np.intp)
    if rows.ndim != 1 or rows.dtype.kind not in "iu":
        raise ValueError(
            f"fold {fold}: rows must be positions (whole numbers) or a mask of all {n_rows} rows"
        )
    if rows.min() < 0 or rows.max() >= n_rows:
        raise ValueError(f"fold {fold}: rows must lie between 0 and {n_rows - 1}")
    return np.sort(rows)


def _checked(folds, problem):
    """The folds, once each of them can be fitted and judged."""
    for number, (train, test) in enumerate(folds, 1):
        where = f"fold {number} of {len(folds)}"
        for rows, name in ((train, "training"), (test, "test")):
            if not len(rows):
                raise ValueError(f"{where} has no {name} rows: use fewer folds, or correct cv")
            if problem.weights is not None and not problem.weights[rows].any():
                raise ValueError(
                    f"the weights of all {len(rows)} {name} rows of {where} are 0: use fewer "
                    "folds, or drop the rows without weight"
                )
        taken = np.zeros(len(problem.y), dtype=bool)
        taken[train] = True
        shared = np.count_nonzero(taken[test])
        if shared:
            raise ValueError(
                f"{where} holds out {shared} rows that it is fitted to as well: correct cv"
            )
        _check_events(problem, train, where)
    return folds


def _check_events(problem, train, where):
    y, family = problem.y[train], problem.family
    if problem.weights is not None:
        y = y[problem.weights[train] > 0]
    low = y.min()
    if low == y.max() and not family.mean_domain.contains(low):
        raise ValueError(
            f"{where}: the response is {low:g} in all {len(y)} training rows, and the "
            f"{family.name()} family has no such mean: {SPREAD}"
        )
