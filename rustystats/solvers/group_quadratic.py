"""The minimum of a quadratic with a group lasso penalty.

Minimises ``1/2 (b - b0)' H (b - b0) - s'(b - b0) + sum_g lam_g ||D_g b_g||`` over b. In x = D b,
with H and s scaled alike and q = s - H (x - x0) the score at x, b is the minimum where q is 0 in
unpenalised columns, ``q_g = lam_g x_g / ||x_g||`` in groups that are active, and
``||q_g|| <= lam_g`` in groups at 0. Two steps lead there, and neither raises the objective:

* Newton's over the unpenalised columns and the active groups, where the penalty is smooth: its
  Hessian is ``lam / r (I - u u')`` with r = ||x_g||, u = x_g / r. It stops where the objective
  would rise, and a group that it nearly brings to 0 is set to 0.
* A sweep, when Newton's steps no longer halve the violation, and for groups to become active: the
  unpenalised columns as one block, then each group takes its minimum given the others. With
  c = q_g + H_gg x_g that is 0 where ||c|| <= lam, else ``x_g = (H_gg + lam / r)^-1 c``, and r
  solves ``||c / (E r + lam)|| = 1`` in the basis where H_gg = diag(E). One over the left side is a
  power mean of lines, concave in r: Newton's method climbs to the root from any point below it.

A sweep costs p^2, a Newton step a^3 / 3 with a active columns, and the eigenvectors of a group are
computed when they are first needed. From nearby there are two or three Newton steps and no sweep.
"""

from functools import cached_property
from itertools import pairwise

import numpy as np

from rustystats.solvers.normal_equations import NormalEquations

FLAT = 1e-12  # eigenvalues below this part of the largest are exact to a few digits at most
AT_ZERO = 1e-3  # groups of which a step leaves less than this may have come to 0


def minimise_group_quadratic(
    gram, score, coef, groups, lam, scales, excluded=None, *, tol=1e-13, max_rounds=1000
):
    """Coefficients at the minimum of a quadratic with a group lasso penalty.

    Parameters
    ----------
    gram : (p, p) symmetric positive semi-definite, the ridge included
    score : (p,) minus the gradient of the smooth part at `coef`
    coef : (p,) where the quadratic was expanded, and where the search starts
    groups : list of int arrays, no column in two of them
        Columns in none are unpenalised. Those that are aliased stay where they are.
    lam : (number of groups,) weights >= 0; infinity holds a group at 0
    scales : (p,) positive diagonal of D
    excluded : (p,) bool or None
        Columns that stay where they are and count in no group.
    tol : float
        Largest violation of a column, relative to the sum of the absolute terms of its score.
    max_rounds : int
        Most steps. What is reached by then is returned; `group_violation` says how good it is.

    Returns
    -------
    (p,) coefficients

    Examples
    --------
    >>> groups = [np.array([0, 1]), np.array([2])]
    >>> minimise_group_quadratic(
    ...     np.eye(3), np.array([3.0, 4.0, 0.5]), np.zeros(3), groups, [2.5, 1.0], np.ones(3)
    ... )
    array([1.5, 2. , 0. ])
    """
    gram, score, scales = np.asarray(gram), np.asarray(score), np.asarray(scales)
    start, coef = np.asarray(coef), np.array(coef, dtype=float)
    free = np.ones(len(coef), dtype=bool) if excluded is None else ~np.asarray(excluded)
    empty = (np.diagonal(gram) == 0) & (score == 0)
    unpenalised, parts, weights = free.copy(), [np.zeros(0, dtype=int)], []
    for group, weight in zip(groups, lam, strict=True):
        if weight == 0:
            continue
        group = np.asarray(group, dtype=int)
        group = group[free[group]]
        unpenalised[group] = False
        at_zero = empty[group] | np.isinf(weight)
        coef[group[at_zero]] = 0.0
        if not at_zero.all():
            parts.append(group[~at_zero])
            weights.append(weight)
    score = score - gram @ (coef - start)
    parts[0] = np.flatnonzero(unpenalised)
    parts[0] = parts[0][NormalEquations(gram[np.ix_(parts[0], parts[0])]).keep]
    columns = np.concatenate(parts)
    scale = np.where(unpenalised, 1.0, scales)[columns]
    problem = _Scaled(
        gram[np.ix_(columns, columns)] / scale / scale[:, None],
        score[columns] / scale,
        coef[columns] * scale,
        [len(part) for part in parts],
        np.array(weights, dtype=float),
    )
    x = problem.minimum(tol, max_rounds)
    coef[columns] = np.where(x == problem.start, coef[columns], x / scale)
    return coef


def group_violation(score, coef, groups, lam, scales):
    """How far each column is from the conditions of a minimum.

    Parameters
    ----------
    score : (p,) minus the gradient of the smooth part at `coef`
        0 in columns that are held where they are.
    coef, groups, lam, scales : as in `minimise_group_quadratic`

    Returns
    -------
    (p,) floats, 0 at a minimum
        The score in unpenalised columns, ``s - lam D^2 b / ||D b||`` in active groups and
        ``s max(0, 1 - lam / ||D^-1 s||)`` in groups at 0.

    Examples
    --------
    >>> group_violation(
    ...     np.array([3.0, 4.0]), np.zeros(2), [np.array([0, 1])], [2.5], np.ones(2)
    ... )
    array([1.5, 2. ])
    """
    out, lam = np.array(score, dtype=float), np.asarray(lam, dtype=float)
    sizes = np.array([len(group) for group in groups], dtype=int)
    if sizes.any():
        columns = np.concatenate(groups).astype(int)
        scale, filled = np.asarray(scales)[columns], sizes > 0
        layout = _layout(sizes[filled])
        x = np.asarray(coef)[columns] * scale
        out[columns] = scale * _violation(out[columns] / scale, x, *layout, lam[filled])
    return out


def _layout(sizes):
    """Where groups in a row start, and the group of each column."""
    return np.cumsum(sizes, dtype=int) - sizes, np.repeat(np.arange(len(sizes)), sizes)


def _norms(x, starts):
    return np.sqrt(np.add.reduceat(x * x, starts))


def _violation(score, x, starts, owner, lam):
    """Violation of penalised columns that stand in a row, where D is 1."""
    norm, pull, lam = _norms(x, starts)[owner], _norms(score, starts)[owner], lam[owner]
    with np.errstate(divide="ignore", invalid="ignore"):
        active = score - np.where(x == 0, 0.0, lam * (x / norm))
        return np.where(norm > 0, active, score * np.fmax(0.0, 1 - lam / pull))


class _Scaled:
    """The problem with D = 1 and its columns in a row: the unpenalised ones, then every group."""

    def __init__(self, gram, score, start, sizes, lam):
        self.gram, self.score, self.start, self.lam = gram, score, start, lam
        ends = np.cumsum(sizes)
        self.free, self.penalised = slice(0, ends[0]), slice(ends[0], ends[-1])
        self.parts = [slice(a, b) for a, b in pairwise(ends)]
        self.starts, self.owner = _layout(np.array(sizes[1:], dtype=int))
        self.spectra = {}

    def minimum(self, tol, max_rounds):
        """The x of the minimum, to a violation of `tol`."""
        x, last, absolute = self.start.copy(), np.inf, np.abs(self.gram)
        terms = np.abs(self.score) + absolute @ np.abs(x) + np.finfo(float).tiny
        terms[self.penalised] += self.lam[self.owner]
        for _ in range(max_rounds):
            score = self.score - self.gram @ (x - self.start)
            violation, norms = score.copy(), self._norms(x)
            violation[self.penalised] = _violation(
                score[self.penalised], x[self.penalised], self.starts, self.owner, self.lam
            )
            excess = np.abs(violation) / (terms + absolute @ np.abs(x))
            if np.max(excess, initial=0.0) <= tol:
                break
            live = np.ones(len(x), dtype=bool)
            live[self.penalised] = (norms > 0)[self.owner]
            worst = np.max(excess[live], initial=0.0)
            if tol < worst <= last / 2:
                self._newton_step(x, norms, live, score, violation)
                last = worst
            else:  # groups at 0 take part once the others have settled
                every = range(len(self.parts))
                self._sweep(x, score, np.flatnonzero(norms) if worst > tol else every)
                last = np.inf
        return x

    def _norms(self, x):
        return _norms(x[self.penalised], self.starts)

    def _newton_step(self, x, norms, live, score, violation):
        """Move x along Newton's step, as far as the objective falls."""
        columns, place = np.flatnonzero(live), np.cumsum(live) - 1
        hessian = self.gram[np.ix_(columns, columns)]
        for g in np.flatnonzero(norms):
            part = self.parts[g]
            unit = x[part] / norms[g]
            own = slice(place[part.start], place[part.stop - 1] + 1)
            across = np.eye(len(unit)) - np.outer(unit, unit)
            hessian[own, own] += across * (self.lam[g] / norms[g])
        step = np.zeros(len(x))
        system = NormalEquations(hessian, np.zeros(len(columns), dtype=bool))
        step[columns] = system.solve(violation[columns])
        if self._rise(x, score, step) > 0:
            step *= self._length(x, score, step)
        small = (norms > 0) & (self._norms(x + step) <= AT_ZERO * norms)
        without = step.copy()
        without[self.penalised][small[self.owner]] = -x[self.penalised][small[self.owner]]
        x += without if small.any() and self._rise(x, score, without) <= 0 else step

    def _rise(self, x, score, change):
        """By how much the objective is higher at x + change."""
        twice = (2 * x + change)[self.penalised]  # no difference of objectives, which would cancel
        norms = self._norms(x) + self._norms(x + change)
        slope = self.gram @ change / 2 - score
        slope[self.penalised] += twice * (self.lam / (norms + (norms == 0)))[self.owner]
        return change @ slope

    def _length(self, x, score, step):
        """Where on a step the slope of the objective is 0, which is the minimum on it."""
        slope, curvature = score @ step, step @ (self.gram @ step)
        x, step = x[self.penalised], step[self.penalised]
        low, high = 0.0, 1.0
        for _ in range(120):
            middle = (low + high) / 2
            now = x + middle * step
            norms = _norms(now, self.starts)
            pull = self.lam @ (np.add.reduceat(now * step, self.starts) / (norms + (norms == 0)))
            low, high = (low, middle) if middle * curvature + pull > slope else (middle, high)
        return low

    def _sweep(self, x, score, groups):
        """Move the unpenalised columns, then each group, to their minimum given the others."""
        change = self._free_system.solve(score[self.free])
        x[self.free] += change
        score = score - change @ self.gram[self.free]
        for g in groups:
            part = self.parts[g]
            old = x[part].copy()
            new = self._block_minimum(g, score[part] + self.gram[part, part] @ old)
            change = new - old
            if not change.any():
                continue
            effect = change @ self.gram[part]
            pull = self.lam[g] * (new + old) / (np.linalg.norm(new) + np.linalg.norm(old))
            if change @ (effect[part] / 2 - score[part] + pull) < 0:  # rounding errors may raise it
                x[part] = new
                score -= effect

    @cached_property
    def _free_system(self):
        block = self.gram[self.free, self.free]
        return NormalEquations(block, np.zeros(len(block), dtype=bool))

    def _block_minimum(self, g, right):
        """The x of group g that minimises 1/2 x'H_gg x - right'x + lam_g ||x||."""
        if np.linalg.norm(right) <= self.lam[g]:
            return np.zeros(len(right))
        if g not in self.spectra:
            self.spectra[g] = np.linalg.eigh(self.gram[self.parts[g], self.parts[g]])
        values, vectors = self.spectra[g]
        inner = right @ vectors
        if np.linalg.norm(inner[values <= FLAT * values[-1]]) >= self.lam[g]:
            # Directions that the eigenvalues do not tell apart: the minimum along `right` instead
            square = right @ right
            curvature = right @ self.gram[self.parts[g], self.parts[g]] @ right
            if curvature <= 0:  # no minimum: the objective falls for ever
                return np.zeros(len(right))
            return right * (square * (1 - self.lam[g] / np.sqrt(square)) / curvature)
        return vectors @ _shrunk(inner, np.maximum(values, 0.0), self.lam[g])


def _shrunk(inner, values, lam):
    """x with ``(values + lam / ||x||) x = inner``."""
    r = max(np.linalg.norm(inner) - lam, 0.0) / values[-1]  # where all values are the largest
    for _ in range(200):
        shifted = values * r + lam
        terms = (inner / shifted) ** 2
        square = terms.sum()
        change = (square**1.5 - square) / (terms @ (values / shifted))
        r += change
        if change <= 4e-16 * r:
            break
    return inner * (r / (values * r + lam))
