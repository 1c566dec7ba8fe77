"""Coding matrices of a categorical factor: what its coefficients say about its k levels.

========================  ======================================  ===========================
coding                    coefficients                            columns
========================  ======================================  ===========================
treatment                 level minus the reference               ``x[T.B]``, ``x[T.C]``
sum                       level minus the mean of all levels      ``x[S.A]``, ``x[S.B]``
helmert                   level minus the mean of those before    ``x[H.B]``, ``x[H.C]``
                          it, divided by its number
backward_difference       level minus the one before it           ``x[D.B]``, ``x[D.C]``
polynomial                orthonormal trends in the position      ``x[.Linear]``,
                                                                  ``x[.Quadratic]``, ``x[^4]``
========================  ======================================  ===========================

Means are unweighted. Matrices are those of R's contr.treatment, contr.sum, contr.helmert and
contr.poly; backward differences have 1 from their level on, so that their coefficients are those of
MASS::contr.sdif and the base is the first level. Coded in full, where a margin is absent, a factor
has one indicator a level, and backward differences a constant beside the steps. Without a penalty
all are one model. Indicators of many levels are sparse; the others are (k, k) tables of numbers.
"""

import numpy as np
from scipy.linalg import eigh_tridiagonal

from rustystats.design.blocks import indicator_basis

CODINGS = {
    "treatment": "T",
    "sum": "S",
    "helmert": "H",
    "backward_difference": "D",
    "polynomial": "",
}  # and how columns are marked
DENSE_LEVELS = 1024  # 8 MB of numbers, where 5,000 levels take 200
DEGREES = {1: ".Linear", 2: ".Quadratic", 3: ".Cubic"}


def contrast_basis(coding, n_levels, reference=0, full=False):
    """The design columns at each level.

    Parameters
    ----------
    coding : one of CODINGS
    n_levels : int
    reference : position of the level without a column of its own; of treatment coding alone
    full : whether the columns span the constant as well

    Returns
    -------
    (n_levels, n_levels - 1) array or sparse matrix; one column more when full
    """
    if coding == "backward_difference":
        return np.tri(n_levels)[:, 0 if full else 1 :]
    if full or coding == "treatment":
        return indicator_basis(n_levels, None if full else reference)
    return {"sum": _sums, "helmert": _helmert, "polynomial": _polynomials}[coding](n_levels)


def contrast_names(coding, levels, reference=0, full=False):
    """How the columns are told apart, `T.B` say: what stands in the brackets of their names."""
    mark = CODINGS[coding]
    if full and coding not in ("treatment", "backward_difference"):
        return list(levels)
    if coding == "polynomial":
        return [DEGREES.get(degree, f"^{degree}") for degree in range(1, len(levels))]
    if coding == "sum":
        return [f"{mark}.{level}" for level in levels[:-1]]
    first = levels[reference]
    named = [f"{mark}.{level}" for level in levels if level != first]
    if full:
        named.insert(reference, first)
    return named


def _sums(n_levels):
    basis = np.eye(n_levels, n_levels - 1)
    basis[-1] = -1.0
    return basis


def _helmert(n_levels):
    later = np.arange(1, n_levels)
    return np.where(np.arange(n_levels)[:, None] < later, -1.0, np.eye(n_levels)[:, 1:] * later)


def _polynomials(n_levels):
    """Orthonormal polynomials on evenly spaced points, at any number of them.

    Their recurrence coefficients are known; the eigenvectors of the matrix they make (Jacobi's) are
    the polynomials at the points (Golub and Welsch 1969), orthonormal to rounding, where powers
    orthogonalised are noise beyond some 30 levels.
    """
    degree = np.arange(1, n_levels)
    steps = 0.5 * degree * np.sqrt((n_levels**2 - degree**2) / (4.0 * degree**2 - 1.0))
    _, vectors = eigh_tridiagonal(np.zeros(n_levels), steps)
    values = vectors.T * np.sign(vectors[0])[:, None]  # the polynomial of degree 0 is positive
    return values[:, 1:]
