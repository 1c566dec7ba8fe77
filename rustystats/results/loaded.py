"""`load`: a model from the file that `result.save` wrote. It answers what needs no rows.

A loaded model is a `GLMResults` whose model is a specification alone: what would look at the rows
of the fit meets an error that says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from rustystats import frames
from rustystats.families.base import FamilyMixin
from rustystats.prepare import Model
from rustystats.results.array_results import ArrayResults
from rustystats.results.glm_results import GLMResults
from rustystats.serialization.document import read_document, reading
from rustystats.serialization.parts import (
    to_effects,
    to_family,
    to_fit,
    to_link,
    to_offsets,
    to_penalty,
    to_terms,
)
from rustystats.serialization.plain import to_number, to_text, to_texts, to_value, to_whole
from rustystats.solvers.penalty import Penalty
from rustystats.solvers.problem import Objective, Problem
from rustystats.specification import Specification

if TYPE_CHECKING:
    import os

    from rustystats.inference.relativities import FactorEffect
    from rustystats.links import NamedLink
    from rustystats.solvers.problem import Fit


class NoRowsError(AttributeError, ValueError):
    """What is asked for needs the rows of the fit, which a model from a file has not."""


class Rowless:
    """Part of what has no rows: to ask for what the class `of` has beside is an error that says so.

    A new attribute of `Problem` or `Model` is met here without a line of its own.
    """

    def __getattr__(self, name: str) -> NoReturn:
        if not (hasattr(self.of, name) or name in self.of.__dataclass_fields__):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        raise NoRowsError(
            f"this model was loaded from a file, which has no rows of the fit ({name!r} is asked "
            "for): residuals, fitted values, leverages, robust errors, profiles, refits and tests "
            "by refits need them, so ask the fit itself; predict() takes new data, and summary(), "
            "coef_table(), conf_int() and relativities() are here"
        )


@dataclass(frozen=True, eq=False)
class LoadedProblem(Rowless, Objective):
    """What a `Problem` says without its rows.

    Parameters
    ----------
    family, link : objects
    penalty : Penalty or None
    intercept : position of the intercept column, or None
    total_weight : float, sum of the weights
    n_obs : int, rows with a weight above 0
    """

    family: FamilyMixin
    link: NamedLink
    penalty: Penalty | None
    intercept: int | None
    total_weight: float
    n_obs: int
    of, steadying = Problem, None


@dataclass(frozen=True, eq=False)
class LoadedModel(Rowless, Specification):
    """A specification with the problem that it was, without rows.

    Parameters
    ----------
    problem : LoadedProblem
    """

    problem: LoadedProblem

    of = Model


class LoadedAnswers(GLMResults):
    """Part of a loaded model: what was found on the rows, as it was saved.

    Parameters
    ----------
    given : dict, the model of a file
    model : LoadedModel
    fit : Fit
    effects : list of FactorEffect, or None
    """

    def __init__(
        self,
        given: dict[str, Any],
        model: LoadedModel,
        fit: Fit,
        effects: list[FactorEffect] | None,
    ) -> None:
        backend, dispersion = frames.named_backend(given["tables"]), to_value(given["dispersion"])
        rowless: Any = model
        super().__init__(rowless, fit, backend, given["formula"], dispersion)
        self._given, self._effects = given, effects
        self._llf = to_number(given["log_likelihood"])
        self._null_deviance = to_number(given["null_deviance"])
        self.note = to_text(given["note"])

    @property
    def weights_name(self) -> str | None:
        """Column of the prior weights, "array", or None."""
        return self._given["weights"]

    @property
    def volume_name(self) -> str:
        """What the exposures of `relativities()` are: a column, "exposure", "weight" or "rows"."""
        return self._given["volume"]

    def factor_effects(self, alpha: float = 0.05) -> list[FactorEffect]:
        """Effects of the factors, a list of `FactorEffect`, the base risk first."""
        if self._effects is None:
            self.cov_params()  # which says why there is no covariance
        return [effect.within(alpha) for effect in self._effects or ()]

    @property
    def versions(self) -> dict[str, str]:
        """Python and the libraries that the model was fitted with, a dict of texts."""
        return self._given["versions"]

    def input_hashes(self) -> dict[str, str]:
        """What the model was fitted to, as a hash of each column, a dict; see `GLMResults`."""
        return dict(self._given["inputs"])


class LoadedResults(LoadedAnswers):
    """`GLMResults` from a file."""


class LoadedArrayResults(LoadedAnswers, ArrayResults):
    """`ArrayResults` from a file."""


def load(path: str | os.PathLike[str]) -> GLMResults:
    """A fitted model from a file that ``result.save(path)`` wrote.

    Nothing in the file is executed; what is damaged, truncated, edited or of a newer version of the
    format is refused before any of it is used. The format: doc/model_file.md.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    GLMResults
        Predictions are those of the model that was saved, to the last bit. It has no rows of the
        fit: residuals, robust errors, profiles and tests by refits raise an error that says so.

    Raises
    ------
    ValueError
        If the file is no model file, damaged, or of a newer version; the message says which.
    FileNotFoundError
        If there is none.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import rustystats as rs
    >>> result = rs.glm("y ~ x", {"y": [1.0, 2.0, 4.0, 8.0], "x": [0.0, 1.0, 2.0, 3.0]}).fit()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "model.json")
    ...     result.save(path)
    ...     rs.load(path)
    <GLMResults: gaussian family, identity link, 2 parameters, 4 observations, deviance=2.3>
    """
    given = read_document(path)
    with reading(path, "names and face"):
        names = list(to_texts(given["names"]))
        made = {"formula": LoadedResults, "array": LoadedArrayResults}[given["face"]]
    model = _to_model(path, given, names)
    with reading(path, "the fit"):
        fit = to_fit(given["fit"], len(names))
        effects = to_effects(given["effects"])
    with reading(path, "what stands beside the fit"):
        return made(given, model, fit, effects)


def _to_model(path: str | os.PathLike[str], given: dict[str, Any], names: list[str]) -> LoadedModel:
    with reading(path, "its terms"):
        terms = to_terms(given)
        n_columns = len(terms.names())
        if n_columns != len(names):
            raise ValueError(f"they have {n_columns} columns, and there are {len(names)} names")
    with reading(path, "family, link or penalty"):
        problem = LoadedProblem(
            family=to_family(given["family"]),
            link=to_link(given["link"]),
            penalty=to_penalty(given["penalty"], len(names)),
            intercept=None
            if given["intercept"] is None
            else to_whole(given["intercept"], len(names)),
            total_weight=to_number(given["total_weight"]),
            n_obs=to_whole(given["n_obs"]),
        )
    with reading(path, "its offsets"):
        return LoadedModel(
            terms=terms,
            offsets=to_offsets(given["offsets"]),
            names=names,
            response=to_text(given["response"]),
            weights_name=None if given["weights"] == "array" else given["weights"],
            n_threads=None,
            problem=problem,
        )
