"""The model as one page that can be filed: ``result.report("report.html")``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rustystats.diagnostics.factor_choice import factors_of_terms
from rustystats.frames import column_kinds
from rustystats.report.model_report import model_report
from rustystats.results.answers import Answers

if TYPE_CHECKING:
    import os

    from rustystats.typing import FrameLike


class ReportAnswers(Answers):
    """Part of `GLMResults`: its report."""

    def report(
        self,
        path: str | os.PathLike[str],
        data: FrameLike | None = None,
        test_data: FrameLike | None = None,
        *,
        categorical_factors: Sequence[str] | None = None,
        continuous_factors: Sequence[str] | None = None,
        title: str | None = None,
    ) -> Path:
        """Write the model, its tests, relativities, charts and diagnostics as one HTML file.

        The file needs no network, is light or dark as its reader is, and prints. It ends with the
        versions and hashes that an audit asks for.

        Parameters
        ----------
        path : str or path
            Of the file; one that exists is replaced when the page is complete.
        data : DataFrame, optional
            The data of the fit. None takes those that the result holds.
        test_data : DataFrame, optional
            Rows that the model was not fitted on, judged beside those of the fit.
        categorical_factors, continuous_factors : lists of column names, optional
            Factors to compare actual and expected by, in the model or not. Where neither is given,
            the columns of the model.
        title : str, optional
            None has the response and the family.

        Returns
        -------
        pathlib.Path
            Of the file.

        Raises
        ------
        ImportError
            Without Jinja2 or matplotlib, with the remedy.
        ValueError
            As `diagnostics`.

        Examples
        --------
        >>> import tempfile
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(3_000, seed=1)
        >>> result = rs.glm("ClaimNb ~ DrivAge + C(Area)", data, family="poisson",
        ...                 exposure="Exposure").fit()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     page = result.report(f"{folder}/report.html").read_text(encoding="utf-8")
        >>> page.startswith("<!doctype html>")
        True
        """
        factors = categorical_factors, continuous_factors
        if categorical_factors is None and continuous_factors is None:
            factors = _own_factors(self, self.data if data is None else data)
        samples = {"data of the fit": data}
        if test_data is not None:
            samples["test data"] = test_data
        title = title or f"{self.response}: {self.family} model"
        text = model_report(self, samples, factors, title)
        path = Path(path)
        path.write_text(text, encoding="utf-8")
        return path


def _own_factors(result: Answers, data: FrameLike | None) -> tuple[list[str], list[str]]:
    """The columns of a formula's terms, categorical and continuous ones."""
    terms = result.model.terms
    if terms.is_array or data is None:
        return [], []
    return factors_of_terms(terms, column_kinds(data))
