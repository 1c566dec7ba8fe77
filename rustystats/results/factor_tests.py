"""Tests of whole terms and of what a model would lose without them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from rustystats import frames
from rustystats.diagnostics.compute import fitted_columns
from rustystats.formula import parse_formula
from rustystats.inference.factor_tests import analysis_of_variance, drop_terms, tested
from rustystats.inference.score_tests import score_tests
from rustystats.messages import warn_user
from rustystats.offsets import complement_columns
from rustystats.results.answers import Answers
from rustystats.terms.term import ModelTerms, Term
from rustystats.terms.training import Training

if TYPE_CHECKING:
    from rustystats.typing import Floats, FrameLike, Table


class FactorTestAnswers(Answers):
    """Part of `GLMResults`: which of its terms matter."""

    def anova(
        self, type: Literal[2, 3] = 2, test: Literal["LR", "Wald", "score", "F"] = "LR"
    ) -> Table:
        """Test of each term of the model, all its columns at once.

        Parameters
        ----------
        type : 2 or 3
            2 tests a term beside all others but those that contain it (interactions of it);
            3 drops its columns, as coded, from the full model: with treatment contrasts, the test
            of a main effect of an interaction is at the reference level of the other factor.
        test : {"LR", "Wald", "score", "F"}
            "LR": what the deviance rises by without the term, over the dispersion ``scale()`` of
            this model (Gaussian, unless the dispersion was given: n log of the ratio of the
            deviances); "score": Rao's statistic at the fit without the term; "Wald" needs no refit
            (but one without the interactions, in type 2). Chi-square. "F": the rise for each
            degree of freedom over deviance / df_resid, as R's drop1 (R's anova and car divide by
            the Pearson dispersion). Theta or the power stay as they are in this model.

        Returns
        -------
        DataFrame with columns Term, Df, Chisq, Pr(>Chisq), or F and Pr(>F)

        Raises
        ------
        ValueError
            For an unknown type or test, or a penalised or bounded fit.

        Warns
        -----
        ConvergenceWarning
            If a model without a term did not converge.
        UserWarning
            For an F test of a family whose dispersion is 1.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
        >>> model = rs.glm("ClaimNb ~ C(Area) * VehPower + bs(DrivAge, df=5)", data,
        ...                family="poisson", exposure="Exposure")
        >>> table = model.fit().anova()
        >>> table["Term"].tolist()
        ['C(Area)', 'VehPower', 'bs(DrivAge, df=5)', 'C(Area):VehPower']
        >>> table["Df"].tolist()
        [5, 1, 4, 5]
        """
        if type not in (2, 3):
            raise ValueError(f"type must be 2 or 3, not {type!r}")
        tests = self._term_tests(test, ("LR", "Wald", "score", "F"), analysis_of_variance, type)
        columns = {
            "Term": [t.label for t in tests],
            "Df": np.array([t.df for t in tests], dtype=int),
        }
        return self._frame(columns | _statistics(test, tests))

    def drop1(self, test: Literal["LR", "F", "score"] = "LR") -> Table:
        """The model without each term that no other term contains, as R's drop1.

        Parameters
        ----------
        test : {"LR", "F", "score"}
            As in `anova`.

        Returns
        -------
        DataFrame with columns Term, Df, Deviance, AIC, Chisq, Pr(>Chisq), or F and Pr(>F)
            First the full model, "<none>". AIC is ``aic()`` of the full model plus the likelihood
            ratio less twice Df, as in R (where the dispersion is estimated, R's is 2 higher).

        Raises
        ------
        ValueError
            For an unknown test, or a penalised or bounded fit.

        Warns
        -----
        ConvergenceWarning
            If a model without a term did not converge.
        UserWarning
            For an F test of a family whose dispersion is 1.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
        >>> result = rs.glm("ClaimNb ~ C(Area) + VehPower", data, family="poisson",
        ...                 exposure="Exposure").fit()
        >>> table = result.drop1()
        >>> table["Term"].tolist()
        ['<none>', 'C(Area)', 'VehPower']
        >>> bool(table["AIC"][0] == result.aic())
        True
        """
        tests = self._term_tests(test, ("LR", "F", "score"), drop_terms)
        losses = [t.likelihood_ratio - 2.0 * t.df for t in tests]
        with np.errstate(invalid="ignore"):  # of an exact fit, infinity less infinity
            aic = self.aic() + np.array([0.0, *losses])
        columns = {
            "Term": ["<none>", *(t.label for t in tests)],
            "Df": np.array([0, *(t.df for t in tests)], dtype=int),
            "Deviance": np.array([self.deviance, *(t.deviance for t in tests)]),
            "AIC": aic,
        }
        return self._frame(columns | _statistics(test, tests, before=(np.nan,)))

    def add1(self, candidates: str | Iterable[str], data: FrameLike | None = None) -> Table:
        """Score test of each term that the model could have beside its own, as R's add1.

        None of the larger models is fitted: Rao's statistic needs the score and the information at
        this fit alone, with its exposure, weights and offset, over the dispersion ``scale()``.
        Theta or the power stay as they are in this model.

        Parameters
        ----------
        candidates : str or list of str
            Terms as a formula writes them, "C(VehGas) + bs(DrivAge, df=5) + Area:VehPower", each
            tested by itself. "." stands for all columns that the model does not use.
        data : DataFrame, optional
            The rows of the fit, with the columns of the candidates; None takes the data that the
            result holds.

        Returns
        -------
        DataFrame with columns Term, Df, Chisq, Pr(>Chisq)
            In the order of the candidates, interactions last. Df counts the columns beyond those
            that the model spans: of an interaction whose main effects are in the model, its own;
            0, and NaN, where the model has the term already.

        Raises
        ------
        ValueError
            For a term that cannot be read, an unknown column, data that are not the rows of the
            fit, a target encoding (it has seen the response), or a penalised or bounded fit.

        Notes
        -----
        With an offset, R's own ``add1(test="Rao")`` (seen in 4.2) returns 0; its
        ``anova(small, large, test="Rao")`` is right, and equal to this.

        Examples
        --------
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(20_000, seed=1)
        >>> result = rs.glm("ClaimNb ~ C(Area)", data, family="poisson", exposure="Exposure").fit()
        >>> table = result.add1("C(VehGas) + bs(DrivAge, df=5)")
        >>> table[["Term", "Df"]].values.tolist()
        [['C(VehGas)', 1], ['bs(DrivAge, df=5)', 4]]
        """
        self._check_likelihood()
        data = self._given_or_fitted(data)
        terms = self._candidates(candidates, data)
        columns = fitted_columns(self, data, [name for term in terms for name in term.columns])
        problem, model = self._problem, self.model
        training = Training(problem.y, problem.weights, model.exposure)
        intercept = (Term(),) if model.terms.has_intercept else ()
        made = []
        for term in terms:
            alone = ModelTerms((*intercept, term)).resolve(columns).learn(columns, training)
            if alone.is_supervised:
                raise ValueError(
                    f"{term.label} learns from the response, which its score test would use twice: "
                    "fit the model with it, and judge that on other rows"
                )
            made.append((alone.terms[-1].label, alone.terms[-1].blocks(columns)))
        tests = score_tests(problem, self.fit, self.linear_predictor, self.scale(), made)
        table = {
            "Term": [t.label for t in tests],
            "Df": np.array([t.df for t in tests], dtype=int),
        }
        return self._frame(table | _statistics("score", tests))

    def _candidates(self, candidates: str | Iterable[str], data: FrameLike) -> list[Term]:
        """The terms that are asked for, not yet learned."""
        if not isinstance(candidates, str):
            candidates = " + ".join(candidates)
        terms, offsets = self.model.terms, self.model.offsets
        taken: set[str | None] = {
            *terms.columns,
            *offsets.columns,
            *complement_columns(offsets.complement),
        }
        taken |= {self.response.strip("`"), self.weights_name}
        kinds = frames.column_kinds(data)
        parsed = parse_formula(candidates, response=False, kinds=kinds, reserved=taken)
        found = [term for term in parsed.terms.terms if term.factors]
        if parsed.offsets or not found:
            raise ValueError(f"there is no term to test in {candidates!r}: name one or more")
        return found

    def _check_likelihood(self) -> None:
        if self._no_likelihood:
            kind, remedy = self._no_likelihood
            raise ValueError(
                f"tests of terms need a fit by maximum likelihood, and this one is {kind}: {remedy}"
            )

    def _term_tests(
        self, test: str, known: Sequence[str], run: Callable[..., Any], *options: Any
    ) -> Any:
        if test not in known:
            raise ValueError(f"unknown test {test!r}: use one of {', '.join(known)}")
        self._check_likelihood()
        if test == "F" and self._problem.family.dispersion_fixed and self.dispersion_choice is None:
            base = self._problem.family.name()
            warn_user(
                f"F tests estimate the dispersion, which is 1 by the {base} family: use test='LR', "
                "or fit the quasi family"
            )
        full = tested(self.model, self.fit, self.scale(), isinstance(self.dispersion_choice, Real))
        tests = run(full, *options, test)
        failed = [t.label for t in tests if not t.converged]
        if failed:
            warn_user(
                f"the model without {', '.join(failed)} did not converge: the test is not exact",
                ConvergenceWarning,
            )
        return tests


def _statistics(test: str, tests: Any, before: tuple[float, ...] = ()) -> dict[str, Floats]:
    """The columns of the statistic and its p-value, after what the first rows have."""
    name = "F" if test == "F" else "Chisq"
    return {
        name: np.array([*before, *(t.statistic for t in tests)]),
        f"Pr(>{name})": np.array([*before, *(t.pvalue for t in tests)]),
    }
