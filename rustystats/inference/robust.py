"""Sandwich covariances: right where the variance function, or independence of the rows, is not.

With B = (X'WX)^-1 the inverse information (for a ridge fit the penalised one) and s_i the score
residual of row i, so that X's is the score,

    B (X' diag(omega) X) B,    omega_i = s_i^2                      HC0
                                         s_i^2 n / (n - rank)       HC1
                                         s_i^2 / (1 - h_i)          HC2, h the leverage
                                         s_i^2 / (1 - h_i)^2        HC3

n counts the rows of weight above 0. A prior weight enters s and so is squared; the dispersion does
not enter. These are the numbers of R's `sandwich::vcovHC`. A row of leverage 1 has score 0 at the
optimum, whatever its response, and adds nothing.

Clusters of rows: the middle is ``sum_g u_g u_g'`` with ``u_g = sum_{i in g} s_i x_i``, times
G / (G - 1) for G clusters (HC0), and times (n - 1) / (n - rank) as well (HC1): R's
`sandwich::vcovCL`.

Cost: one Gram pass, for HC2 and HC3 after one for the leverage; clusters: `_kernels/clusters.pyx`.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from rustystats.inference.influence import NO_ROW_LEFT
from rustystats.threads import single_threaded_blas

COV_TYPES = ("HC0", "HC1", "HC2", "HC3")
LEVERAGE_POWER = {"HC2": 1, "HC3": 2}


@dataclass(frozen=True, eq=False)
class Clusters:
    """Rows of weight above 0, sorted by cluster; `starts` says where each begins, and the end."""

    order: np.ndarray
    starts: np.ndarray

    def __len__(self):
        return len(self.starts) - 1


def make_clusters(codes, weights):
    """`Clusters` of rows with these codes (n,), 0 and up.

    Raises
    ------
    ValueError
        If there are fewer than two.
    """
    used = np.arange(len(codes)) if weights is None else np.flatnonzero(weights)
    # Each row is a column with one entry, at its cluster: by rows it is a counting sort. Codes that
    # no row of weight has are left out.
    entries = np.ones(len(used), dtype=bool), (codes[used], np.arange(len(used)))
    sorted_rows = sparse.coo_array(entries).tocsr()
    ends = sorted_rows.indptr[1:]
    starts = np.append(0, ends[np.diff(sorted_rows.indptr) > 0]).astype(np.intp)
    if len(starts) < 3:
        raise ValueError(
            "groups has a single cluster among the rows of weight above 0, and a cluster-robust "
            "covariance needs two or more: leave groups out for one that is robust by row"
        )
    return Clusters(used[sorted_rows.indices], starts)


def check_cov_type(cov_type, clustered):
    """The name in capitals.

    Raises
    ------
    ValueError
        If it is unknown, or not defined for clusters.
    """
    name = cov_type.upper() if isinstance(cov_type, str) else None
    if name not in COV_TYPES:
        raise ValueError(f"Unknown cov_type {cov_type!r}: use one of {', '.join(COV_TYPES)}")
    if clustered and name in LEVERAGE_POWER:
        raise ValueError(
            f"cov_type={cov_type!r} corrects single rows by their leverage and is not defined for "
            "groups: use 'HC1' or 'HC0', or leave groups out"
        )
    return name


def row_covariance(design, residual, bread, cov_type, n_obs, leverage=None):
    """Covariance that is robust by row, (p, p), NaN where aliased; HC2 and HC3 need `leverage`."""
    omega = np.square(residual)
    if cov_type in LEVERAGE_POWER:
        left = 1.0 - leverage
        left[left < NO_ROW_LEFT] = np.inf
        omega /= left ** LEVERAGE_POWER[cov_type]
    covariance = _sandwich(bread, design.gram(omega))
    return covariance * _ratio(n_obs, n_obs - _rank(bread)) if cov_type == "HC1" else covariance


def cluster_covariance(design, residual, bread, cov_type, clusters):
    """Covariance that is robust by cluster, (p, p), NaN where aliased."""
    n_obs, n_clusters = len(clusters.order), len(clusters)
    meat = design.cluster_gram(residual, clusters.order, clusters.starts)
    factor = _ratio(n_clusters, n_clusters - 1)
    if cov_type == "HC1":
        factor *= _ratio(n_obs - 1, n_obs - _rank(bread))
    return factor * _sandwich(bread, meat)


def _sandwich(bread, meat):
    kept = np.ix_(*[~np.isnan(np.diagonal(bread))] * 2)
    out = np.full(bread.shape, np.nan)
    with single_threaded_blas():
        out[kept] = bread[kept] @ meat[kept] @ bread[kept]
    return (out + out.T) / 2.0


def _rank(bread):
    return np.count_nonzero(~np.isnan(np.diagonal(bread)))


def _ratio(above, below):
    """A factor for small samples; NaN, as the dispersion, when no degrees of freedom are left."""
    return above / below if below > 0 else np.nan
