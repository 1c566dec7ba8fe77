"""`result.save`: a fitted model as a file (doc/model_file.md), and hashes of what it was fitted to.

Written is what predictions, tables and the summary are made of: the specification with what it
learned, the fit with its Gram (the covariance follows from it), and what was a sum over rows: the
log-likelihood, the null deviance, the effects of levels with their errors and exposures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rustystats import frames
from rustystats.results.answers import Answers
from rustystats.serialization.document import write_document
from rustystats.serialization.parts import (
    from_effects,
    from_family,
    from_fit,
    from_link,
    from_offsets,
    from_penalty,
    from_terms,
)
from rustystats.serialization.plain import from_number, from_value

if TYPE_CHECKING:
    import os


LIBRARIES = ("rustystats", "numpy", "scipy")


class SavingAnswers(Answers):
    """Part of `GLMResults`: the model as a file."""

    face = "formula"  # "array": columns are called by their positions

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to a file that `rustystats.load` reads: JSON, documented, no pickle.

        The loaded model predicts to the same bits and has summary, tables, relativities and
        intervals; it has no rows, and so no residuals, robust errors, profiles or tests by refits.
        Not written either: the path of a cross-validation and the steps of the solver. A file
        that is there is replaced, once the new one is complete.

        Parameters
        ----------
        path : str or Path

        Raises
        ------
        ValueError
            If the model has what a file cannot hold: a family or link of one's own, levels that
            are dates.

        Examples
        --------
        >>> import tempfile, pathlib
        >>> import rustystats as rs
        >>> data = rs.datasets.make_motor_portfolio(5_000, seed=1)
        >>> result = rs.glm("ClaimNb ~ bs(DrivAge, df=4) + C(Area)", data, family="poisson",
        ...                 exposure="Exposure").fit()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "model.json")
        ...     result.save(path)
        ...     loaded = rs.load(path)
        >>> bool((loaded.predict(data) == result.predict(data)).all())
        True
        """
        write_document(path, from_result(self))

    def input_hashes(self) -> dict[str, str]:
        """What the model was fitted to, as a hash of each column, for an audit.

        The same for pandas, polars and Arrow, and for any width of the same numbers; what is
        hashed stands in doc/model_file.md. Of the data as they are in memory when hashes are
        first asked for (or the model saved), and kept then: ask before columns are changed in
        place.

        Returns
        -------
        dict of "sha256:..." by column
            The response as it was fitted (an expression of it by its text), the columns of terms,
            exposure, offset, weights and complement; arrays are called "exposure (array)".

        Examples
        --------
        >>> import rustystats as rs
        >>> data = {"y": [1.0, 2.0, 4.0, 8.0], "x": [0, 1, 2, 3]}
        >>> rs.glm("y ~ x", data).fit().input_hashes()["x"][:19]
        'sha256:27a51ff79b99'
        """
        return dict(self.model.inputs.hashes)

    @property
    def versions(self) -> dict[str, str]:
        """Python and the libraries that the model was fitted with, a dict of texts."""
        import platform
        from importlib.metadata import version

        return {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}


def from_result(result: Answers) -> dict[str, Any]:
    """A fitted model as plain data, a dict whose keys doc/model_file.md explains."""
    model, problem, fit = result.model, result.model.problem, result.fit
    return {
        "versions": result.versions,
        "inputs": result.input_hashes(),
        "face": result.face,
        "formula": result.formula,
        "response": model.response,
        "weights": result.weights_name,
        "volume": result.volume_name,
        "family": from_family(problem.family),
        "link": from_link(problem.link),
        **from_terms(model.terms),
        "names": list(model.names),
        "intercept": None if problem.intercept is None else int(problem.intercept),
        "offsets": from_offsets(model.offsets),
        "penalty": from_penalty(problem.penalty),
        "dispersion": from_value(result.dispersion_choice, "dispersion"),
        "n_obs": int(problem.n_obs),
        "total_weight": from_number(problem.total_weight),
        "log_likelihood": from_number(result.llf()),
        "null_deviance": from_number(result.null_deviance()),
        "fit": from_fit(fit),
        "effects": from_effects(result.factor_effects()) if result.has_covariance else None,
        "note": result.note,
        "tables": frames.backend_name(result.backend),
    }
