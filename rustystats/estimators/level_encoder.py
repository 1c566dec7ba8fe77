"""What encoders of categorical columns share: reading X, and looking up what each level got."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from rustystats import frames
from rustystats.estimators.fitted import check_features, keep_fitted
from rustystats.estimators.inputs import as_data
from rustystats.levels import level_keys, look_up
from rustystats.messages import counted, listed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rustystats.frames.columns import Encoded
    from rustystats.typing import Floats, HandleMissing, MatrixLike

MISSING = ("error", "level")


class Categories(NamedTuple):
    """X as columns of level codes.

    features : names of the columns, or their number where they have none
    flat : whether X was one-dimensional
    """

    encoded: list[Encoded]
    names: list[str]
    keys: list[list[Any]]
    features: list[str] | int
    flat: bool

    @property
    def n_rows(self) -> int:
        """Rows of X."""
        return len(self.encoded[0].codes)

    def beside(self, vectors: list[Floats]) -> Floats:
        """The vectors as columns of a matrix; for a one-dimensional X the only one as it is."""
        if len(vectors) > 1:
            return np.column_stack(vectors)
        return vectors[0] if self.flat else vectors[0][:, None]


class LevelEncoder(TransformerMixin, BaseEstimator):
    """A number for each level of each column of X, learned by `fit` as ``encodings_``.

    A subclass has the parameters handle_unknown, handle_missing and n_threads, and these members.

    label : str, what it is called in names: "TE" gives ``TE(brand)``
    unknown : str, how handle_unknown asks for a value for levels not seen
    _unknown_value : float, that value
    """

    label: str
    unknown: str
    handle_unknown: str
    handle_missing: HandleMissing
    n_threads: int | None
    encodings_: dict[Any, Any]
    n_features_in_: int
    feature_names_in_: NDArray[np.object_]

    if TYPE_CHECKING:

        @property
        def _unknown_value(self) -> float: ...

    def transform(self, X: MatrixLike) -> Any:
        """The number that `fit` found for the level of each row.

        Parameters
        ----------
        X : as in `fit`

        Returns
        -------
        (m, k) float64, a column for each of X, or (m,) where X is one-dimensional
            A DataFrame where `set_output` asks for one.

        Raises
        ------
        ValueError
            If a level was not seen in `fit` and handle_unknown is "error", or a value is missing
            and handle_missing is "error".
        """
        check_is_fitted(self)
        self._check_policies()
        categories = self._read(X, fitted=True)
        tables = _each(self.encodings_, len(categories.names))
        columns = zip(categories.encoded, categories.names, categories.keys, tables, strict=True)
        return categories.beside([self._look_up(*column) for column in columns])

    def get_feature_names_out(
        self, input_features: Sequence[str] | None = None
    ) -> NDArray[np.object_]:
        """Names of the columns of the result, ``TE(brand)`` or ``FE(brand)``.

        Parameters
        ----------
        input_features : list of str, optional
            Names of the columns of X where X is an array; otherwise those seen in `fit`.

        Returns
        -------
        (k,) ndarray of str
        """
        check_is_fitted(self)
        names = _check_feature_names_in(self, input_features)
        return np.array([f"{self.label}({name})" for name in names], dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.input_tags.allow_nan = self.handle_missing == "level"
        return tags

    def _check_policies(self) -> None:
        for name, known in (
            ("handle_unknown", (self.unknown, "error")),
            ("handle_missing", MISSING),
        ):
            if getattr(self, name) not in known:
                spelled = " or ".join(map(repr, known))
                raise ValueError(f"{name} must be {spelled}, not {getattr(self, name)!r}")

    def _read(self, X: Any, fitted: bool = False) -> Categories:
        """X as `Categories`; fitted: its features must be those of the fit."""
        flat = frames.is_text(X)
        features: list[str] | int
        if flat:
            name = getattr(X, "name", None)
            named = isinstance(name, str) and name != ""  # polars has no Series without a name
            names = [str(name) if named else "x0"]
            features = names if named else 1
            X = frames.as_frame(X, names[0])
        else:
            if sparse.issparse(X):
                raise TypeError(
                    "sparse X is not supported: levels are texts or numbers, pass a DataFrame"
                )
            # of rows that mix texts and numbers numpy would make texts
            X = as_data(np.array(X, dtype=object) if isinstance(X, (list, tuple)) else X)
            if frames.is_frame(X):
                names = features = frames.column_names(X)
                if not names:
                    raise ValueError("X has 0 feature(s): a minimum of 1 is required")
            else:
                _check_array(X)
                features = int(X.shape[1])
                names = [f"x{i}" for i in range(features)]
                X = frames.matrix_frame(X, names)
        if fitted:
            check_features(self, features)
        columns = frames.read_columns(X, names, self.n_threads)
        encoded = [columns.factor(name, self.handle_missing == "level") for name in names]
        keys = [level_keys(column, name) for column, name in zip(encoded, names, strict=True)]
        return Categories(encoded, names, keys, features, flat)

    def _look_up(
        self, encoded: Encoded, name: str, keys: list[Any], table: dict[Any, float]
    ) -> Floats:
        unseen = [i for i, key in enumerate(keys) if key not in table]
        if unseen and self.handle_unknown == "error":
            rows = int(encoded.counts[unseen].sum())
            raise ValueError(
                f"column {name!r} has {counted(len(unseen), 'level')} not seen "
                f"in fit, in {counted(rows, 'row')}: "
                f"{listed([str(keys[i]) for i in unseen])}; map them to levels that are known, or "
                f"pass handle_unknown={self.unknown!r}"
            )
        return look_up(encoded, keys, table, self._unknown_value)

    def _keep(self, categories: Categories, **fitted: Any) -> None:
        """Assign what was fitted.

        A list of one column's value each becomes the value itself, or a dict by column.
        """
        for name, value in fitted.items():
            if isinstance(value, list):
                one = len(value) == 1
                fitted[name] = value[0] if one else dict(zip(categories.names, value, strict=True))
        keep_fitted(self, categories.features, fitted)


def _each(value: Any, n_columns: int) -> list[Any]:
    """What `_keep` made of a list, as the list."""
    return [value] if n_columns == 1 else list(value.values())


def _check_array(X: Any) -> None:
    for size, what in zip(X.shape, ("sample(s)", "feature(s)"), strict=True):
        if size == 0:
            raise ValueError(
                f"X is empty: found array with 0 {what} (shape={X.shape}) while a minimum of 1 is "
                "required."
            )
    if X.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: X is {X.dtype}")
