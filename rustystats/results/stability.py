"""StabilitySelection: which columns a lasso selects again and again; numbers, table, chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from rustystats import frames
from rustystats.charts import paths
from rustystats.checks import is_number, is_whole
from rustystats.encoding import as_generator
from rustystats.fitting import trace_path
from rustystats.messages import warn_user
from rustystats.solvers.stability import select_on_halves

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from narwhals import Implementation as Backend
    from numpy.typing import NDArray

    from rustystats.penalties import PenaltyOptions
    from rustystats.prepare import Model
    from rustystats.solvers.path import AlphaGrid
    from rustystats.terms.array import ArrayColumns
    from rustystats.typing import Floats, RandomState, Table


class StabilitySelection:
    """How often columns, or terms, are selected on halves of the rows.

    Not made by users: `stability_selection` and `FormulaGLM.stability_selection` return it. k is
    the number of alphas, m of candidates: the penalised columns, or terms with such columns.
    Columns that are not penalised are in every model and no candidates.

    A candidate is stable where its share of selections reaches a threshold at some alpha of at
    least `alpha_min`. With q the average number of candidates that a half selects at any of those
    alphas, at most ``q^2 / ((2 threshold - 1) m)`` false ones are expected among the stable
    (Meinshausen & Buehlmann 2010, theorem 1; false are those that a half selects no more often than
    one at random, Shah & Samworth 2013). So the alphas matter: the further down they go, the more
    is selected and the less it says. `alpha_min` may be chosen afterwards.

    Attributes
    ----------
    alphas : (k,) decreasing
    names : list of the m candidates
    probabilities : (k, m) share of the subsamples in which each is selected, by alpha
    max_probability : (m,) the largest of them at any alpha of at least `alpha_min`
    threshold, alpha_min : float, what `selected` and `expected_false` take unless told otherwise
    n_subsamples : int

    Examples
    --------
    >>> import rustystats as rs
    >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
    >>> model = rs.glm("ClaimNb ~ BonusMalus + C(Area)", data, family="poisson",
    ...                exposure="Exposure")
    >>> stable = model.stability_selection(n_subsamples=10, by="term", random_state=0)
    >>> stable.names
    ['BonusMalus', 'C(Area)']
    >>> stable.max_probability
    array([1., 0.])
    """

    alphas: Floats
    names: list[str]
    probabilities: Floats
    max_probability: Floats
    threshold: float
    alpha_min: float
    n_subsamples: int

    def __init__(
        self,
        alphas: Floats,
        names: list[str],
        found: Any,
        threshold: float,
        max_false: float | None = None,
        backend: Backend | None = None,
    ) -> None:
        self.alphas, self.names = alphas, names
        self.n_subsamples = len(found.first)
        self.probabilities = found.counts / self.n_subsamples
        self.threshold = _check_threshold(threshold)
        self.alpha_min = float(alphas[-1])
        self._first, self._backend = found.first, backend
        if max_false is not None:
            self.alpha_min = self._alpha_for(max_false)
        self.max_probability = self._max_probability(self.alpha_min)

    def _alpha_for(self, max_false: float) -> float:
        """The smallest alpha down to which no more false selections are expected."""
        bounds = np.array([self.expected_false(alpha_min=alpha) for alpha in self.alphas])
        if bounds[0] > max_false:
            raise ValueError(
                f"even at the largest alpha {bounds[0]:.3g} false selections are expected, more "
                f"than max_false={max_false:g}: raise it or the threshold, or give larger alphas"
            )
        return float(self.alphas[np.flatnonzero(bounds <= max_false)[-1]])

    def _n_alphas(self, alpha_min: float | None) -> int:
        """How many alphas are at least so large."""
        alpha_min = self.alpha_min if alpha_min is None else alpha_min
        n_alphas = int(np.count_nonzero(self.alphas >= alpha_min * (1 - 1e-12)))
        if n_alphas == 0:
            raise ValueError(
                f"alpha_min={alpha_min:g} is above all alphas, of which {self.alphas[0]:g} is the "
                "largest"
            )
        return n_alphas

    def _max_probability(self, alpha_min: float | None) -> Floats:
        return self.probabilities[: self._n_alphas(alpha_min)].max(axis=0)

    def selected(self, threshold: float | None = None, alpha_min: float | None = None) -> list[str]:
        """Names of the stable candidates.

        Parameters
        ----------
        threshold : float in (0.5, 1], optional
            Share of the subsamples; None takes the object's.
        alpha_min : float, optional
            Smallest alpha that counts; None takes the object's.

        Returns
        -------
        list of str

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
        >>> model = rs.glm("ClaimNb ~ BonusMalus + C(Area)", data, family="poisson",
        ...                exposure="Exposure")
        >>> stable = model.stability_selection(n_subsamples=10, by="term", random_state=0)
        >>> stable.selected()
        ['BonusMalus']
        """
        threshold = self.threshold if threshold is None else _check_threshold(threshold)
        stable = self._max_probability(alpha_min) >= threshold
        return [name for name, is_stable in zip(self.names, stable, strict=True) if is_stable]

    def average_selected(self, alpha_min: float | None = None) -> float:
        """Average number of candidates that a half selects at any alpha of at least `alpha_min`.

        Parameters
        ----------
        alpha_min : float, optional
            None takes the object's.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
        >>> model = rs.glm("ClaimNb ~ BonusMalus + C(Area)", data, family="poisson",
        ...                exposure="Exposure")
        >>> stable = model.stability_selection(n_subsamples=10, by="term", random_state=0)
        >>> stable.average_selected()
        1.0
        """
        return float((self._first < self._n_alphas(alpha_min)).sum(axis=1).mean())

    def expected_false(
        self, threshold: float | None = None, alpha_min: float | None = None
    ) -> float:
        """A bound of the expected number of false ones among `selected`; see the class.

        Parameters
        ----------
        threshold, alpha_min : as in `selected`

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
        >>> model = rs.glm("ClaimNb ~ BonusMalus + C(Area)", data, family="poisson",
        ...                exposure="Exposure")
        >>> stable = model.stability_selection(n_subsamples=10, by="term", random_state=0)
        >>> round(stable.expected_false(), 2)
        2.0
        """
        threshold = self.threshold if threshold is None else _check_threshold(threshold)
        average, candidates = self.average_selected(alpha_min), len(self.names)
        return min(average**2 / ((2.0 * threshold - 1.0) * candidates), float(candidates))

    def to_dataframe(self) -> Table:
        """A table with a row for each candidate.

        Columns: feature, max_probability, alpha (the largest with this probability), selected.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
        >>> model = rs.glm("ClaimNb ~ BonusMalus + VehPower + C(Area)", data, family="poisson",
        ...                exposure="Exposure")
        >>> stable = model.stability_selection(n_subsamples=10, by="term", random_state=0)
        >>> stable.to_dataframe()["feature"].tolist()
        ['BonusMalus', 'VehPower', 'C(Area)']
        """
        within = self.probabilities[: self._n_alphas(None)]
        table = {
            "feature": list(self.names),
            "max_probability": self.max_probability,
            "alpha": self.alphas[within.argmax(axis=0)],
            "selected": self.max_probability >= self.threshold,
        }
        return frames.make_frame(table, self._backend)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Share of the subsamples in which each candidate is selected, against alpha.

        Stable ones are named. Left of the dotted line, if there is one, are the alphas that count.

        Parameters
        ----------
        ax : matplotlib Axes, optional

        Returns
        -------
        matplotlib Axes

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
        >>> model = rs.glm("ClaimNb ~ BonusMalus + C(Area)", data, family="poisson",
        ...                exposure="Exposure")
        >>> stable = model.stability_selection(n_subsamples=10, by="term", random_state=0)
        >>> stable.plot().get_xscale()
        'log'
        """
        order = np.argsort(-self.max_probability, kind="stable")
        named = [j for j in order if self.max_probability[j] >= self.threshold][: paths.LABELLED]
        labels = [
            f"{self.names[j]} ({self.max_probability[j]:.2f})" if j in named else None
            for j in order
        ]
        return paths.selection_path(
            self.alphas,
            self.probabilities[:, order],
            labels,
            threshold=self.threshold,
            alpha_min=self.alpha_min,
            n_subsamples=self.n_subsamples,
            ax=ax,
        )

    def __repr__(self) -> str:
        return (
            f"<StabilitySelection: {len(self.selected())} of {len(self.names)} selected in "
            f"{self.threshold:.0%} of {self.n_subsamples} subsamples, alphas from "
            f"{self.alphas[0]:.4g} to {self.alpha_min:.4g}, at most {self.expected_false():.2g} "
            "false ones expected>"
        )


def find_stable(
    model: Model,
    options: PenaltyOptions,
    grid: AlphaGrid,
    *,
    by: Literal["column", "term"] | None = None,
    n_subsamples: int = 50,
    threshold: float = 0.6,
    max_false: float | None = None,
    random_state: RandomState = None,
    tol: float = 1e-4,
    max_iter: int = 100,
    columns: ArrayColumns | None = None,
    backend: Backend | None = None,
) -> StabilitySelection:
    """Stability selection of a model without penalty: what both faces call.

    `columns` as in `fitting.solve`; `backend` is the kind of DataFrame of its tables.
    """
    threshold, n_subsamples = _check_threshold(threshold), _check_subsamples(n_subsamples)
    by = by or ("term" if isinstance(options.group, str) else "column")
    if by not in ("column", "term"):
        raise ValueError(f"by must be 'column' or 'term', not {by!r}")
    if options.l1_ratio == 0:
        raise ValueError("l1_ratio=0 selects nothing: a ridge penalty keeps every column")
    if max_false is not None and not (is_number(max_false) and max_false > 0):
        raise ValueError(f"max_false must be a number above 0, not {max_false!r}")
    if model.problem.n_obs < 4:
        raise ValueError(f"the data have {model.problem.n_obs} rows of weight: too few to halve")
    rng = as_generator(random_state, "random_state")
    model, path = trace_path(model, options, grid, tol=tol, max_iter=max_iter, columns=columns)
    names, units = _candidates(model, by)
    found = select_on_halves(
        model.problem,
        path.alphas,
        units,
        n_subsamples,
        rng,
        tol=tol,
        max_iter=max_iter,
        part=model.part,
    )
    if found.n_unfinished:
        warn_user(
            f"{found.n_unfinished} of {n_subsamples * len(path.alphas)} fits to subsamples did "
            "not converge: raise max_iter, or look for levels with few claims",
            ConvergenceWarning,
        )
    return StabilitySelection(path.alphas, names, found, threshold, max_false, backend)


def _candidates(model: Model, by: str) -> tuple[list[str], list[NDArray[np.intp]]]:
    """Names of what can be selected, and the columns of each."""
    penalty = model.problem.penalty
    assert penalty is not None  # a path has one
    penalised = penalty.factors > 0
    if by == "column" or model.terms.is_array:
        units = [np.array([j]) for j in np.flatnonzero(penalised)]
        names = [model.names[unit[0]] for unit in units]
    else:
        units = [places[penalised[places]] for places in model.terms.places()]
        named = zip(model.terms.terms, units, strict=True)
        names = [term.label for term, unit in named if len(unit)]
        units = [unit for unit in units if len(unit)]
    if not units:
        raise ValueError("no column is penalised: there is nothing to select")
    return names, units


def _check_threshold(threshold: Any) -> float:
    if not is_number(threshold) or not 0.5 < threshold <= 1:
        raise ValueError(f"threshold must be above 0.5 and at most 1, not {threshold!r}")
    return float(threshold)


def _check_subsamples(n_subsamples: Any) -> int:
    if not is_whole(n_subsamples) or n_subsamples < 2 or n_subsamples % 2:
        raise ValueError(
            "n_subsamples must be an even number, for they come in pairs of complementary halves, "
            f"not {n_subsamples!r}"
        )
    return int(n_subsamples)
