"""`FrequencyEncoder`: how much of the data a level is, as a scikit-learn transformer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

from rustystats import encoding
from rustystats.estimators.level_encoder import LevelEncoder

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.typing import HandleMissing, MatrixLike


class FrequencyEncoder(LevelEncoder):
    """Encode categorical columns by how frequent their levels are: 1 for the most frequent.

    A row gets the number of rows of its level (or their weight), divided by that of the largest
    level. No response is looked at.

    Parameters
    ----------
    handle_unknown : "zero" or "error", default="zero"
        What `transform` makes of a level not seen in `fit`.
    handle_missing : "error" or "level", default="error"
        "level": missing values are a level of their own, None in `level_counts_`.
    n_threads : int or None
        None takes OMP_NUM_THREADS, else all processors.

    Attributes
    ----------
    level_counts_ : dict
        Rows, or weight, of each level. Of several columns a dict of such dicts, by column.
    max_count_ : int or float
        The largest of them; of several columns a dict by column.
    encodings_ : dict
        What `transform` gives each level; of several columns by column.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Where the columns of X have names.

    Examples
    --------
    >>> from rustystats import FrequencyEncoder
    >>> encoder = FrequencyEncoder()
    >>> encoder.fit_transform(["a", "b", "a", "c"])
    array([1. , 0.5, 1. , 0.5])
    >>> encoder.level_counts_, encoder.max_count_
    ({'a': 2, 'b': 1, 'c': 1}, 2)
    """

    label = "FE"
    unknown = "zero"
    _unknown_value = 0.0
    level_counts_: dict[Any, Any]
    max_count_: Any

    def __init__(
        self,
        *,
        handle_unknown: Literal["zero", "error"] = "zero",
        handle_missing: HandleMissing = "error",
        n_threads: int | None = None,
    ) -> None:
        self.handle_unknown: str = handle_unknown
        self.handle_missing: HandleMissing = handle_missing
        self.n_threads = n_threads

    def fit(self, X: MatrixLike, y: object = None, sample_weight: ArrayLike | None = None) -> Self:
        """Count the rows of each level.

        Parameters
        ----------
        X : DataFrame or array of shape (n, k), or a list, array or Series of n texts
            Text, numbers, booleans or categories.
        y : None
            Not used: it is here for Pipelines.
        sample_weight : (n,) array, optional
            Weights or an exposure to add up instead of rows.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If data or parameters are at fault; the encoder keeps its former state.
        """
        self._check_policies()
        categories = self._read(X)
        counts, most, tables = [], [], []
        for column, keys in zip(categories.encoded, categories.keys, strict=True):
            found = encoding.level_volumes(column.codes, len(keys), sample_weight, column.n_threads)
            most.append(found.max().item())
            counts.append(dict(zip(keys, found.tolist(), strict=True)))
            tables.append(dict(zip(keys, (found / found.max()).tolist(), strict=True)))
        self._keep(categories, level_counts_=counts, max_count_=most, encodings_=tables)
        return self
