"""The formula face: ``rs.glm("ClaimNb ~ bs(DrivAge, df=5) + C(Area)", data, ...).fit()``.

`glm_dict` takes the same terms as a dictionary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from rustystats import frames
from rustystats.checks import check_count
from rustystats.cross_validate import CVOptions, cross_validate, penalty_asked
from rustystats.diagnostics.exploration import explore_model
from rustystats.dictionary import read_terms
from rustystats.families import get_family
from rustystats.fitting import check_dispersion, solve, trace_path
from rustystats.formula import parse_formula
from rustystats.inference.validation import find_faults
from rustystats.links import get_link
from rustystats.offsets import as_complement, complement_columns, named_columns
from rustystats.penalties import PenaltyOptions, alpha_grid
from rustystats.prepare import prepare
from rustystats.results import CVResult, GLMResults, RegularizationPath
from rustystats.results.stability import find_stable
from rustystats.results.validation import ValidationReport
from rustystats.terms.levels import Policies
from rustystats.terms.term import FactorError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.diagnostics.exploration import DataExploration
    from rustystats.families.base import FamilyMixin
    from rustystats.formula import ParsedFormula
    from rustystats.frames.columns import Columns
    from rustystats.links import NamedLink
    from rustystats.results.stability import StabilitySelection
    from rustystats.terms.expression import Expression
    from rustystats.typing import (
        Complement,
        Dispersion,
        Estimable,
        FamilyLike,
        Floats,
        Folds,
        FrameLike,
        HandleMissing,
        HandleUnknown,
        LinkLike,
        PerColumn,
        RandomState,
        Scoring,
        Vector,
    )


def glm(
    formula: str,
    data: FrameLike,
    family: FamilyLike = "gaussian",
    link: LinkLike | None = None,
    *,
    var_power: Estimable = None,
    theta: Estimable = None,
    exposure: Vector | None = None,
    offset: Vector | None = None,
    weights: Vector | None = None,
    complement: Complement | None = None,
    handle_unknown: HandleUnknown = "error",
    handle_missing: HandleMissing = "error",
    seed: int = 0,
    n_threads: int | None = None,
) -> FormulaGLM:
    """A generalized linear model from a formula; call ``.fit()`` on it.

    Parameters
    ----------
    formula : str
        ``response ~ terms``. Terms: a numeric column ``x``; a factor ``C(x)`` (a text column needs
        no ``C``), whose arguments the notes below list; intervals ``cut(x, [18, 25, 99])``; splines
        ``bs(x, df=5)``, ``ns(x, df=4)``, outside the data as ``extrapolation=`` says; polynomials
        ``poly(x, 3)``; ``center(x)``, ``standardize(x)``; arithmetic ``log(x)``, ``I(x**2)``,
        ``np.sqrt(x)``, of the response as well; the rate of a level ``TE(x)`` (target encoding), of
        a combination ``TE(x:z)``, with ``prior_weight=1, n_permutations=4``, and its rows (or
        weight) over those of the commonest ``FE(x)``. Between them: interactions ``a:b``, ``a*b``,
        ``(a + b)**2``, ``a/b``; ``- term``; ``- 1`` for no intercept; ``.`` for all columns that
        are not response, exposure, offset or weights; ``offset(expr)``, added as it is. Names that
        are no identifiers stand in backticks.
    data : pandas or polars DataFrame, polars LazyFrame, pyarrow Table
    family : str or family object
        "gaussian", "poisson", "quasipoisson", "binomial", "quasibinomial", "gamma",
        "inverse_gaussian", "tweedie", "negbinomial", or an object of `rustystats.families`, whose
        docstring has a table of variances, domains, links and other spellings.
    link : str, link object or None
        "identity", "log", "logit", "probit", "cloglog", "inverse", "inverse_squared", "sqrt",
        "power(exponent)"; None takes the family's default: log, but identity for gaussian and
        logit for binomial.
    var_power : float or "auto", optional
        Power of the Tweedie variance, any number outside (0, 1); "auto" for maximum likelihood
        between 1.01 and 1.99; None is 1.5.
    theta : float or "auto", optional
        Theta of the negative binomial, Var = mu + mu^2 / theta, above 0; None is "auto", maximum
        likelihood.
    exposure : str or (n,) array, optional
        Positive volume of each row (years insured); log links only. Its logarithm is added to the
        linear predictor.
    offset : str or (n,) array, optional
        An array is added to the linear predictor as it is. A column name with a log link is read
        as an exposure: its logarithm is added.
    weights : str or (n,) array, optional
        Prior weights >= 0: a row of weight 2 counts as two rows in coefficients and deviance.
    complement : GLMResults, str or (n,) array, optional
        What another model says of these rows, countrywide say: a fitted formula model with the same
        link, or its predicted means for a unit of exposure, as a column or an array. Its linear
        predictor is added to the offset, so that coefficients are deviations from it: a heavy
        penalty gives it back, times one overall factor. Relativities are relative to it as well.
        A prediction evaluates the model on the new rows, or finds the column there; where an array
        was given here, it needs one.
    handle_unknown : "error", "reference" or "mean"
        What a prediction does with a level of a factor that the model has not seen, unless the
        factor says so itself: refuse it, naming level and rows; or, silently, treat it as the
        reference level; or give it the mean of the levels' effects on the link scale, by exposure
        and weight.
    handle_missing : "error" or "level"
        Whether missing values of a factor are refused, or are a level named "missing", unless the
        factor says so itself.
    seed : int
        Of the random orders in which target encodings see the rows. The same data and seed give
        the same model.
    n_threads : int, optional
        None takes OMP_NUM_THREADS, else all processors.

    Returns
    -------
    FormulaGLM
        Its ``fit()`` takes the penalty, or chooses it by cross-validation, and the dispersion of
        the standard errors.

    Raises
    ------
    ValueError
        If the formula, a name or the data are at fault; the message says where and what to do.

    Warns
    -----
    UserWarning
        If a factor has one level alone, and so no columns; if a level in ``levels=`` has no row.

    Notes
    -----
    The arguments of a factor ``C(x, ...)``, each of them optional:

    ``ref="B"``, or "most_exposed" (times weight), or "first"
        The level that the others are compared with. A level of such a name goes first.
    ``levels=["low", "mid", "high"]``
        All levels in their order, else that of the data: numbers follow as numbers, texts by the
        alphabet, ordered categories as they are ordered. A value that is not listed is an error.
        A level without a row gets no column and a warning.
    ``coding="treatment"``
        Or "sum" (level minus the mean of all levels), "helmert" (minus the mean of those before
        it), "backward_difference" (minus the one before it), "polynomial" (trends), as R's
        contr.sum, contr.helmert, MASS::contr.sdif, contr.poly. All are the same model unless there
        is a penalty; relativities are relative to the reference level, or the first, in any case.
    ``min_exposure=500``
        Levels with less exposure (times weight; rows where there is neither) are pooled into one,
        "other".
    ``handle_unknown=``, ``handle_missing=``
        As above, for this factor.

    Examples
    --------
    >>> import rustystats as rs
    >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
    >>> model = rs.glm("ClaimNb ~ ns(DrivAge, df=4) + C(Area)", data, family="poisson",
    ...                exposure="Exposure")
    >>> result = model.fit()
    >>> result.converged
    True
    >>> result.feature_names[:3]
    ['Intercept', 'ns(DrivAge, 1/4)', 'ns(DrivAge, 2/4)']
    >>> pooled = rs.glm("ClaimNb ~ C(VehBrand, 'most_exposed', min_exposure=400)", data,
    ...                 family="poisson", exposure="Exposure", handle_unknown="mean").fit()
    >>> pooled.feature_names[-2:]
    ['VehBrand[T.B6]', 'VehBrand[T.other]']
    >>> pooled.predict(data.head(1).assign(VehBrand="new"), exposure=1.0).round(3)
    array([0.084])
    >>> region = rs.glm("ClaimNb ~ C(VehBrand)", data.iloc[:2_000], family="poisson",
    ...                 exposure="Exposure", complement=result)
    >>> region.fit(alpha=1.0).deviance < region.fit(alpha=1e6).deviance  # shrunken towards result
    True
    """
    family = get_family(family, var_power, theta, defaults={"theta": "auto"})
    reserved = named_columns(exposure, offset, weights, complement)
    parsed = parse_formula(formula, kinds=frames.column_kinds(data), reserved=reserved)
    rows = (exposure, offset, weights, complement)
    policies = Policies(handle_unknown, handle_missing)
    return FormulaGLM(parsed, data, family, link, *rows, policies, seed, n_threads)


def glm_dict(
    response: str,
    terms: Mapping[str, Mapping[str, Any]],
    data: FrameLike,
    family: FamilyLike = "gaussian",
    link: LinkLike | None = None,
    *,
    interactions: Sequence[Mapping[str, Any]] | None = None,
    intercept: bool = True,
    var_power: Estimable = None,
    theta: Estimable = None,
    exposure: Vector | None = None,
    offset: Vector | None = None,
    weights: Vector | None = None,
    complement: Complement | None = None,
    handle_unknown: HandleUnknown = "error",
    handle_missing: HandleMissing = "error",
    seed: int = 0,
    n_threads: int | None = None,
) -> FormulaGLM:
    """A generalized linear model from a dictionary of terms, for programs; otherwise as `glm`.

    Parameters
    ----------
    response : str
        A column, or an expression: "log(Cost)".
    terms : dict
        Of each column what it becomes, by "type": "linear", "categorical" (with "ref", "coding",
        ...), "bs" and "ns" (with "df", "knots", "boundary_knots", ...), "poly", "cut", "center",
        "scale", "standardize", "target_encoding" and "frequency_encoding", with the arguments that
        they have in a formula as keys; "expression" with "expr". Under "column" stands the column
        where the entry's own name is another.
    data : as in `glm`
    interactions : list of dict, optional
        Each has its factors by column, as in `terms`, and may say ``"include_main": True`` for the
        factors by themselves as well, ``"target_encoding": True`` (with "prior_weight",
        "n_permutations") or ``"frequency_encoding": True`` for that of the combination. Without
        the factors by themselves, and where `terms` has not got them either, levels are coded in
        full.
    intercept : bool
    family, link, var_power, theta, exposure, offset, weights, complement : as in `glm`
    handle_unknown, handle_missing, seed, n_threads : as in `glm`

    Returns
    -------
    FormulaGLM
        Its `formula` is the same model as `glm` writes it.

    Raises
    ------
    ValueError
        If a term has an unknown type or key or a wrong value; the message names the term.

    Examples
    --------
    >>> import rustystats as rs
    >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
    >>> model = rs.glm_dict(
    ...     response="ClaimNb",
    ...     terms={"DrivAge": {"type": "bs", "df": 5}, "Area": {"type": "categorical"}},
    ...     interactions=[{"VehPower": {"type": "linear"}, "Area": {"type": "categorical"}}],
    ...     data=data, family="poisson", exposure="Exposure",
    ... )
    >>> model.formula
    'ClaimNb ~ 1 + bs(DrivAge, df=5) + C(Area) + VehPower:C(Area)'
    >>> model.fit().converged
    True
    """
    family = get_family(family, var_power, theta, defaults={"theta": "auto"})
    parsed = read_terms(response, terms, interactions, intercept, frames.column_kinds(data))
    rows = (exposure, offset, weights, complement)
    policies = Policies(handle_unknown, handle_missing)
    return FormulaGLM(parsed, data, family, link, *rows, policies, seed, n_threads)


class FormulaGLM:
    """A model whose design is built and whose data are checked; made by `glm` or `glm_dict`.

    Attributes
    ----------
    formula : str
    y : (n,) response
    X : (n, p) design matrix as numbers, built anew at each access (8 n p bytes)
    feature_names : list of str
    family, link : objects
    n_obs, n_params, df_model, df_resid : int
        The last two as if no column were a combination of others: n_params - 1, n_obs - n_params.
    offset : (n,) array or None
        On the link scale: offset, logarithm of the exposure and complement together.
    weights : (n,) array or None

    Examples
    --------
    >>> import rustystats as rs
    >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
    >>> model = rs.glm("ClaimNb ~ BonusMalus + C(Area)", data, family="poisson",
    ...                exposure="Exposure")
    >>> model.formula, model.feature_names[:3]
    ('ClaimNb ~ BonusMalus + C(Area)', ['Intercept', 'BonusMalus', 'Area[T.B]'])
    >>> model.X.shape, model.n_obs
    ((5000, 7), 5000)
    """

    formula: str
    family: FamilyMixin
    link: NamedLink

    def __init__(
        self,
        parsed: ParsedFormula,
        data: FrameLike,
        family: FamilyMixin,
        link: LinkLike | None,
        exposure: Vector | None,
        offset: Vector | None,
        weights: Vector | None,
        complement: Complement | None,
        policies: Policies,
        seed: int,
        n_threads: int | None,
    ) -> None:
        self.formula = parsed.text
        self.family = family
        self.link = get_link(link, family)
        complement = as_complement(complement, self.link)
        named = [*named_columns(exposure, offset, weights), *complement_columns(complement)]
        columns = frames.read_columns(data, (*parsed.columns, *named), n_threads)
        self._backend, self._data = columns.backend, data  # groups= may name a column of it
        response = parsed.response
        assert response is not None  # of a whole formula
        with parsed.pointing():
            _check_response_apart(parsed, response)
            self._model = prepare(
                parsed.terms,
                columns,
                _response(response, columns),
                family=self.family,
                link=self.link,
                response=response.text,
                weights=weights,
                exposure=exposure,
                offset=offset,
                offset_expressions=parsed.offsets,
                complement=complement,
                policies=policies,
                seed=seed,
            )

    @property
    def y(self) -> Floats:
        """The response."""
        return self._model.problem.y

    @property
    def X(self) -> Floats:
        """The design matrix as numbers, (n, p)."""
        return self._model.problem.design.to_dense()

    @property
    def feature_names(self) -> list[str]:
        """Names of the design columns."""
        return list(self._model.names)

    @property
    def n_obs(self) -> int:
        """Rows with a weight above 0."""
        return self._model.problem.n_obs

    @property
    def n_params(self) -> int:
        """Number of design columns."""
        return self._model.problem.design.shape[1]

    @property
    def df_model(self) -> int:
        """Number of design columns less one."""
        return self.n_params - 1

    @property
    def df_resid(self) -> int:
        """Number of rows less the number of design columns."""
        return self.n_obs - self.n_params

    @property
    def offset(self) -> Floats | None:
        """What is added to the linear predictor: offset, log exposure and complement together."""
        return self._model.problem.offset

    @property
    def weights(self) -> Floats | None:
        """Prior weights, None where there are none."""
        return self._model.problem.weights

    def explore(
        self,
        categorical_factors: Sequence[str] | None = None,
        continuous_factors: Sequence[str] | None = None,
        n_bins: int = 10,
        rare_threshold_pct: float = 1.0,
        max_categorical_levels: int = 20,
        detect_interactions: bool = True,
        max_interaction_factors: int = 10,
    ) -> DataExploration:
        """Look at the data before the fit: response, factors, and how they go together.

        With the response, exposure, weights, family and link of the model. See `explore_data` for
        the parameters.

        Parameters
        ----------
        categorical_factors, continuous_factors : lists of column names, optional
            Where neither is given, those of the formula.
        n_bins, rare_threshold_pct, max_categorical_levels : as in `explore_data`
        detect_interactions, max_interaction_factors : as in `explore_data`

        Returns
        -------
        DataExploration

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
        >>> model = rs.glm("ClaimNb ~ bs(DrivAge, df=5) + C(Area)", data, family="poisson",
        ...                exposure="Exposure")
        >>> [factor.name for factor in model.explore().factor_stats]
        ['DrivAge', 'Area']
        """
        options = (n_bins, rare_threshold_pct, max_categorical_levels)
        most = max_interaction_factors if detect_interactions else 0
        return explore_model(
            self._model, self._data, categorical_factors, continuous_factors, options, most
        )

    def validate(self, min_rows: int = 30) -> ValidationReport:
        """Look for what will go wrong, before the model is fitted.

        Finds columns that are combinations of others, or 0, or nearly constant; levels of factors
        and cells of interactions in few rows, or all of whose responses lie at one end of their
        range (levels without claims), where a likelihood has no maximum.

        Parameters
        ----------
        min_rows : int
            A level with fewer rows is sparse.

        Returns
        -------
        ValidationReport

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
        >>> data["Double"] = 2 * data["VehPower"]
        >>> model = rs.glm("ClaimNb ~ VehPower + Double + C(Area)", data, family="poisson",
        ...                exposure="Exposure")
        >>> model.validate()
        <ValidationReport: 1 finding>
          combination: Double is 2 VehPower (5000 rows, exposure 2687.04)
        combination: leave it out, or one of the others; its coefficient is NaN
        """
        check_count(min_rows, "min_rows")
        problem, exposure = self._model.problem, self._model.exposure
        exposure = problem.prior_weights if exposure is None else exposure
        findings = find_faults(problem, self._model.names, exposure, min_rows)
        return ValidationReport(findings, self._backend)

    def fit(
        self,
        alpha: float = 0.0,
        l1_ratio: float | Sequence[float] | None = None,
        max_iter: int = 100,
        tol: float = 1e-8,
        *,
        regularization: Literal["ridge", "lasso", "elastic_net"] | None = None,
        cv: Folds | None = None,
        selection: Literal["min", "1se"] = "min",
        alphas: ArrayLike | None = None,
        n_alphas: int = 50,
        alpha_min_ratio: float = 1e-4,
        groups: Vector | None = None,
        random_state: RandomState = None,
        scoring: Scoring = "deviance",
        verbose: bool = False,
        penalty_factor: PerColumn | None = None,
        lower_bounds: PerColumn | None = None,
        upper_bounds: PerColumn | None = None,
        standardize: bool = False,
        prior_coef: PerColumn | GLMResults | None = None,
        group: Literal["term"] | ArrayLike | None = None,
        dispersion: Dispersion = None,
        n_threads: int | None = None,
    ) -> GLMResults:
        """Fit the model by maximum (penalised) likelihood.

        Parameters
        ----------
        alpha : float
            Penalty on the mean half deviance: adds ``alpha * (l1_ratio * sum |b_j| + (1 - l1_ratio)
            / 2 * sum b_j^2)``, the intercept apart. (The seed's alpha was on the summed scale:
            divide it by the sum of weights.)
        l1_ratio : float in [0, 1], list of them with `cv`, or None
            Share of the L1 penalty: 0 ridge, 1 lasso, between them elastic net. None is what
            `regularization` says, and 0 without it.
        max_iter : int
            Most steps on the full data.
        tol : float
            Tolerance on the Newton decrement in units of the dispersion; with an L1 penalty or
            bounds, on the violation of the conditions for a minimum, relative to the null model's.
        regularization : "ridge", "lasso", "elastic_net", optional
            The l1_ratio by name: 0, 1, and 0.5 unless `l1_ratio` says otherwise.
        cv : int, splitter of scikit-learn, or iterable of (train, test) rows, optional
            Choose alpha by cross-validation, and l1_ratio where it is a list; the fit is then that
            of all rows, with scores and path in `result.cv_result`. A whole number of folds takes
            the rows in random order. The arguments from here to `scoring` belong to it.
        selection : "min" or "1se"
            The alpha of the best score, or the largest within one standard error of it.
        alphas, n_alphas, alpha_min_ratio : as in `regularization_path`
            The alphas to choose from, above 0.
        groups : column name or (n,) labels, optional
            Rows of one group (a policy) are never parted. For a whole number of folds and splitters
            that use them.
        random_state : int, numpy Generator or RandomState, optional
            Decides the random order of a whole number of folds.
        scoring : "deviance", "mse", "mae" or callable
            A callable takes (y, mu, weights) of the rows held out and returns a number, higher is
            better. See `CVResult` for the deviance.
        verbose : bool
            Whether to report each step, or with `cv` each fold, on standard error: by tqdm on a
            terminal where it is installed.
        penalty_factor : dict or (p,) array, optional
            Multiplies the penalty of a term or column: ``{"C(Region)": 0.5, "BonusMalus": 0}``, by
            the name of the term as the formula has it or of the column; 1 where nothing is said.
            An array has one number a column, with or without the intercept.
        lower_bounds, upper_bounds : float, dict or (p,) array, optional
            Bounds of the coefficients, alike; a number is for all but the intercept.
        standardize : bool
            Penalise each coefficient in units of its column's standard deviation. Coefficients are
            those of the columns as they are.
        prior_coef : dict, (p,) array or GLMResults, optional
            What the penalty draws coefficients to instead of 0, by column name: those of a
            countrywide model, say; of a fitted model, the columns that both have, which must mean
            the same there (knots, reference levels). `complement` of `glm` needs no such match.
        group : "term" or (p,) labels, optional
            Penalise the norm of a term's coefficients instead of each: a factor enters or leaves
            as a whole (group lasso). Needs an l1_ratio above 0.
        dispersion : "pearson", "deviance", float or None
            The dispersion that standard errors use; None is the family's own: 1 for Poisson,
            binomial and negative binomial, else "pearson".
        n_threads : int, optional
            None keeps the model's.

        Returns
        -------
        GLMResults

        Warns
        -----
        ConvergenceWarning (scikit-learn's)
            If the fit stopped before it converged; `result.converged` is False then.
        SeparationWarning
            If levels or columns have no best coefficients (no claims in a level);
            `result.separated` names them.
        UserWarning
            If an estimated theta or power lies at the edge of its range; if a column is 0 in all
            rows that a fold is fitted to.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
        >>> model = rs.glm("ClaimNb ~ VehPower + C(Area)", data, family="poisson",
        ...                exposure="Exposure")
        >>> result = model.fit(regularization="lasso", cv=5, selection="1se", random_state=0)
        >>> result.alpha == result.cv_result.alpha_1se
        True
        """
        dispersion = check_dispersion(dispersion)
        ratios = penalty_asked(regularization, alpha, l1_ratio, cv)
        if isinstance(groups, str):
            groups = frames.read_labels(self._data, groups)
        options = CVOptions(
            cv,
            selection,
            alphas,
            n_alphas,
            alpha_min_ratio,
            groups,
            random_state,
            scoring,
            verbose if cv is not None else False,
        )
        penalty = PenaltyOptions(
            ratios[0], penalty_factor, lower_bounds, upper_bounds, standardize, prior_coef, group
        )
        model = self._model if n_threads is None else self._model.threaded(n_threads)
        if cv is not None:
            runs = cross_validate(model, penalty, ratios, options, tol=tol, max_iter=max_iter)
            results = partial(GLMResults, dispersion=dispersion)
            found = CVResult(runs, scoring, self._backend, self.formula, results)
            model, fit = found.chosen(selection).model, found.chosen(selection).fit
        else:
            found, penalised = None, model.penalised(penalty, alpha)
            model, fit = solve(penalised, tol=tol, max_iter=max_iter, verbose=verbose)
        how = (self._backend, self.formula, dispersion)
        return GLMResults(model, fit, *how, cv_result=found, data=self._data)

    def regularization_path(
        self,
        alphas: ArrayLike | None = None,
        n_alphas: int = 100,
        l1_ratio: float = 1.0,
        alpha_min_ratio: float = 1e-4,
        max_iter: int = 100,
        tol: float = 1e-7,
        *,
        penalty_factor: PerColumn | None = None,
        lower_bounds: PerColumn | None = None,
        upper_bounds: PerColumn | None = None,
        standardize: bool = False,
        prior_coef: PerColumn | GLMResults | None = None,
        group: Literal["term"] | ArrayLike | None = None,
        verbose: bool = False,
    ) -> RegularizationPath:
        """Fit the model along decreasing penalties.

        Parameters
        ----------
        alphas : array-like, optional
            None takes `n_alphas`, log-spaced from the smallest alpha with an empty model down to
            `alpha_min_ratio` times that.
        n_alphas : int
        l1_ratio : float in [0, 1]
        alpha_min_ratio : float in (0, 1)
        max_iter : int
            Most steps for each alpha.
        tol : float
            Largest violation of the conditions for a minimum, relative to the null model's.
        penalty_factor, lower_bounds, upper_bounds, standardize, prior_coef, group : as in `fit`
        verbose : bool
            Whether to report each alpha, as `fit` reports steps.

        Returns
        -------
        RegularizationPath

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
        >>> model = rs.glm("ClaimNb ~ VehPower + C(Area)", data, family="poisson",
        ...                exposure="Exposure")
        >>> path = model.regularization_path(n_alphas=20)
        >>> path.n_nonzero[[0, -1]].tolist()
        [0, 6]
        """
        options = PenaltyOptions(
            l1_ratio, penalty_factor, lower_bounds, upper_bounds, standardize, prior_coef, group
        )
        grid = alpha_grid(alphas, n_alphas, alpha_min_ratio)
        model, path = trace_path(
            self._model, options, grid, tol=tol, max_iter=max_iter, verbose=verbose
        )
        return RegularizationPath(model, path, self._backend, self.formula)

    def stability_selection(
        self,
        alphas: ArrayLike | None = None,
        n_alphas: int = 30,
        l1_ratio: float = 1.0,
        alpha_min_ratio: float = 0.05,
        n_subsamples: int = 50,
        threshold: float = 0.6,
        max_iter: int = 100,
        tol: float = 1e-4,
        *,
        by: Literal["column", "term"] | None = None,
        max_false: float | None = None,
        random_state: RandomState = None,
        penalty_factor: PerColumn | None = None,
        lower_bounds: PerColumn | None = None,
        upper_bounds: PerColumn | None = None,
        standardize: bool = False,
        prior_coef: PerColumn | GLMResults | None = None,
        group: Literal["term"] | ArrayLike | None = None,
    ) -> StabilitySelection:
        """The share of halves of the rows on which the penalty selects each column or term.

        Parameters
        ----------
        alphas, n_alphas, alpha_min_ratio, n_subsamples, threshold, max_false, random_state : as in
            `rustystats.stability_selection`
        l1_ratio : float in (0, 1]
        max_iter, tol : as in `regularization_path`
        by : "column" or "term", optional
            A term is selected where one of its columns is. None is "term" with group="term", else
            "column".
        penalty_factor, lower_bounds, upper_bounds, standardize, prior_coef, group : as in `fit`

        Returns
        -------
        StabilitySelection

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
        >>> model = rs.glm("ClaimNb ~ BonusMalus + VehPower + C(Area)", data, family="poisson",
        ...                exposure="Exposure")
        >>> stable = model.stability_selection(n_subsamples=10, alpha_min_ratio=0.5, random_state=0)
        >>> stable.selected()
        ['BonusMalus']
        """
        options = PenaltyOptions(
            l1_ratio, penalty_factor, lower_bounds, upper_bounds, standardize, prior_coef, group
        )
        return find_stable(
            self._model,
            options,
            alpha_grid(alphas, n_alphas, alpha_min_ratio),
            by=by,
            n_subsamples=n_subsamples,
            threshold=threshold,
            max_false=max_false,
            random_state=random_state,
            tol=tol,
            max_iter=max_iter,
            backend=self._backend,
        )

    def __repr__(self) -> str:
        return (
            f"<FormulaGLM: {self.formula!r}, {self.family.name()} family, "
            f"{self.link.name()} link, {self.n_obs} observations, {self.n_params} columns>"
        )


def _check_response_apart(parsed: ParsedFormula, response: Expression) -> None:
    """Refuse a term of the response: the fit would be perfect, and there is none to predict with.

    Parts of a response that is an expression, `ClaimNb / Exposure`, may well be terms.
    """
    name = _plain_name(response)
    for term in parsed.terms.terms:
        for factor in term.factors:
            if name is not None and name in factor.columns:
                raise FactorError(
                    f"column {name!r} is the response and cannot be a term as well: leave "
                    f"{factor.label} out",
                    factor.label,
                )


def _plain_name(expression: Expression) -> str | None:
    """The column that an expression is; None where it is more."""
    plain = expression.columns and expression.text.strip("`") == expression.columns[0]
    return expression.columns[0] if plain else None


def _response(expression: Expression, columns: Columns) -> Floats:
    name = _plain_name(expression)
    return expression.evaluate_rows(columns) if name is None else columns.numbers(name)
