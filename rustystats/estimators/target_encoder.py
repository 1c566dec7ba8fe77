"""`TargetEncoder`: ordered target statistics as a scikit-learn transformer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Self

from rustystats import encoding
from rustystats.checks import check_count
from rustystats.estimators.inputs import response_vector
from rustystats.estimators.level_encoder import LevelEncoder
from rustystats.target_encoding import level_stats
from rustystats.threads import effective_n_threads

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rustystats.typing import HandleMissing, MatrixLike, Seed


class TargetEncoder(LevelEncoder):
    """Encode categorical columns by the mean response of their levels.

    `fit_transform` encodes the rows it learns from by ordered target statistics, as CatBoost
    does: a row gets ``(sum + prior * prior_weight) / (volume + prior_weight)`` over the rows of
    its level before it in a random order of all rows, averaged over n_permutations orders. Its
    own response enters through the prior alone. `transform` takes the sums over all rows. So
    ``fit(X, y).transform(X)`` is not ``fit_transform(X, y)``, and a model that is trained on the
    former believes the encoding more than it should: in a Pipeline scikit-learn does the latter.

    Parameters
    ----------
    prior_weight : float, default=1.0
        How many rows the prior, the mean response of all rows, counts for; with an exposure, how
        much of that.
    n_permutations : int, default=4
    seed : int, SeedSequence, Generator or None
        With an int, the same data give the same encoding each time, whatever the number of
        threads. Each column is permuted by a stream of its own.
    handle_unknown : "prior" or "error", default="prior"
        What `transform` makes of a level not seen in `fit`.
    handle_missing : "error" or "level", default="error"
        "level": missing values are a level of their own, None in `level_stats_`.
    n_threads : int or None
        None takes OMP_NUM_THREADS, else all processors.

    Attributes
    ----------
    prior_ : float
        sum(weight * y) / sum(weight * exposure).
    level_stats_ : dict
        For each level the tuple (sum of y, number of rows); with weights or an exposure the
        tuple (sum, volume). Of several columns a dict of such dicts, by column.
    encodings_ : dict
        What `transform` gives each level; of several columns by column.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Where the columns of X have names.

    Examples
    --------
    >>> from rustystats import TargetEncoder
    >>> encoder = TargetEncoder(prior_weight=1.0, seed=1)
    >>> encoder.fit_transform([["a"], ["b"], ["a"]], [1, 0, 2]).shape
    (3, 1)
    >>> encoder.prior_, encoder.level_stats_
    (1.0, {'a': (3.0, 2), 'b': (0.0, 1)})
    >>> encoder.transform([["a"], ["z"]]).ravel()
    array([1.33333333, 1.        ])
    """

    label = "TE"
    unknown = "prior"
    prior_: float
    level_stats_: dict[Any, Any]

    def __init__(
        self,
        prior_weight: float = 1.0,
        n_permutations: int = 4,
        seed: Seed = None,
        *,
        handle_unknown: Literal["prior", "error"] = "prior",
        handle_missing: HandleMissing = "error",
        n_threads: int | None = None,
    ) -> None:
        self.prior_weight = prior_weight
        self.n_permutations = n_permutations
        self.seed = seed
        self.handle_unknown: str = handle_unknown
        self.handle_missing: HandleMissing = handle_missing
        self.n_threads = n_threads

    def fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        exposure: ArrayLike | None = None,
    ) -> Self:
        """Learn the sums of the response by level.

        Parameters
        ----------
        X : DataFrame or array of shape (n, k), or a list, array or Series of n texts
            Text, numbers, booleans or categories.
        y : (n,) array
            The response; a number of claims where an exposure is given.
        sample_weight : (n,) array, optional
            Rows of weight 0 teach nothing.
        exposure : (n,) array, optional
            Above 0; the encoding is then a rate.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If data or parameters are at fault; the encoder keeps its former state.
        """
        self._learn(X, y, sample_weight, exposure, ordered=False)
        return self

    def fit_transform(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        exposure: ArrayLike | None = None,
    ) -> Any:
        """Learn, and encode the same rows without their own response.

        Parameters
        ----------
        X, y, sample_weight, exposure : as in `fit`

        Returns
        -------
        (n, k) float64, or (n,) where X is one-dimensional
            A DataFrame where `set_output` asks for one.
        """
        return self._learn(X, y, sample_weight, exposure, ordered=True)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.non_deterministic = True  # fit_transform is random, and not fit().transform()
        return tags

    @property
    def _unknown_value(self) -> float:
        return self.prior_

    def _learn(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        exposure: ArrayLike | None,
        ordered: bool,
    ) -> Any:
        self._check_policies()
        encoding.check_prior_weight(self.prior_weight)
        check_count(self.n_permutations, "n_permutations")
        generator = encoding.as_generator(self.seed)
        y = response_vector(y)
        categories = self._read(X)
        n_threads = effective_n_threads(self.n_threads, categories.n_rows)
        counted = sample_weight is None and exposure is None
        stats, tables, values = [], [], []
        for column, keys in zip(categories.encoded, categories.keys, strict=True):
            data = (column.codes, len(keys), y, sample_weight, exposure)
            learned = encoding.learn_statistics(*data, n_threads)
            table = learned.encode_levels(self.prior_weight).tolist()
            stats.append(level_stats(keys, learned, counted))
            tables.append(dict(zip(keys, table, strict=True)))
            if ordered:
                options = {
                    "prior": learned.prior,
                    "prior_weight": self.prior_weight,
                    "n_permutations": self.n_permutations,
                    "seed": generator,
                    "n_threads": n_threads,
                }
                values.append(encoding.ordered_statistics(*data, **options))
        self._keep(categories, prior_=learned.prior, level_stats_=stats, encodings_=tables)
        return categories.beside(values) if ordered else None
