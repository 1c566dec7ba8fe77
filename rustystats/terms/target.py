"""Target and frequency encoding in a formula: ``TE(Model)``, ``TE(brand:region)``, ``FE(Model)``.

A level becomes one number: the rate of its rows, drawn to the overall one, or its share of rows
(`encoding.py` has the formulas). New rows look the number up by level (a table). The rows that a
target encoding was learned from get the ordered one instead, a number each (dense), which their own
response is no part of: so ``predict`` on them differs from the fitted values, on purpose.

Exposure and weights of the model count: the encoding is a rate per unit of exposure; to a frequency
a row of weight 2 is two rows. What is drawn at random depends on the model's seed and on the text
of the factor, not on its place.
"""

from dataclasses import dataclass, field, replace
from zlib import crc32

import numpy as np

from rustystats.checks import check_count
from rustystats.codes import map_codes
from rustystats.design.blocks import DenseBlock, TableBlock
from rustystats.encoding import (
    TargetStatistics,
    check_prior_weight,
    combine_levels,
    learn_statistics,
    level_volumes,
    ordered_statistics,
)
from rustystats.terms.levels import MISSING, STRICT, Policies, label


@dataclass(frozen=True)
class TargetFactor:
    """One column: the mean response of a level, or of a combination of levels.

    Parameters
    ----------
    columns : tuple of str
    prior_weight : float
        Rows (or exposure) that the overall rate counts for.
    n_permutations : int
    defaults : Policies of the model; a level it has not seen has the overall rate in any case
    levels : dict of column to the (L,) labels of the levels, learned
    statistics : TargetStatistics of the levels, learned
    """

    columns: tuple
    prior_weight: float = 1.0
    n_permutations: int = 4
    defaults: Policies = STRICT
    levels: dict | None = field(default=None, compare=False)
    statistics: TargetStatistics | None = field(default=None, compare=False)
    is_categorical = False
    is_supervised = True

    def __post_init__(self):
        check_prior_weight(self.prior_weight)
        check_count(self.n_permutations, "n_permutations")

    @property
    def label(self):
        """The factor as a formula writes it."""
        given = [
            f", {name}={getattr(self, name)!r}"
            for name in ("prior_weight", "n_permutations")
            if getattr(self, name) != getattr(TargetFactor, name)
        ]
        return f"TE({':'.join(self.columns)}{''.join(given)})"

    def with_policies(self, policies):
        """The factor in a model with these defaults."""
        return replace(self, defaults=policies)

    def learn(self, columns, training):
        """The factor with the sums of these rows by level."""
        codes, levels = _joint_levels(columns, self.columns, self.defaults)
        n_levels = len(levels[self.columns[0]])
        statistics = learn_statistics(
            codes, n_levels, training.y, training.weights, training.exposure, columns.n_threads
        )
        return replace(self, levels=levels, statistics=statistics)

    def training_block(self, columns, training):
        """The ordered encoding of the rows that were learned from."""
        codes, levels = _joint_levels(columns, self.columns, self.defaults)
        encoded = ordered_statistics(
            codes,
            len(levels[self.columns[0]]),
            training.y,
            training.weights,
            training.exposure,
            prior=self.statistics.prior,
            prior_weight=self.prior_weight,
            n_permutations=self.n_permutations,
            seed=np.random.SeedSequence(training.seed, spawn_key=(crc32(self.label.encode()),)),
            n_threads=columns.n_threads,
        )
        return DenseBlock(encoded[:, None])

    def block(self, columns, full=False):
        """The encoding by level; of one that was not seen, the overall rate."""
        codes, levels = _joint_levels(columns, self.columns, self.defaults)
        values = self.statistics.encode_levels(self.prior_weight)
        encoded = np.append(values, self.statistics.prior)[_find(levels, _index(self.levels))]
        return TableBlock(codes, encoded[:, None], levels)

    def names(self, full=False):
        """`TE(brand)`, `TE(brand:region)`."""
        return [f"TE({':'.join(self.columns)})"]

    def meaning(self, full=False):
        """What the encoding was drawn to, and how strongly."""
        return f"prior {self.statistics.prior:.10g} of weight {self.prior_weight:g}"


@dataclass(frozen=True)
class FrequencyFactor:
    """One column: rows, or weight, of a level or a combination, over those of the commonest.

    Parameters
    ----------
    columns : tuple of str
    defaults : Policies of the model; a level it has not seen has 0 in any case
    levels : dict of column to the (L,) labels of the levels, learned
    shares : (L,) in (0, 1], learned
    """

    columns: tuple
    defaults: Policies = STRICT
    levels: dict | None = field(default=None, compare=False)
    shares: np.ndarray | None = field(default=None, compare=False)
    is_categorical = False

    @property
    def label(self):
        """The factor as a formula writes it."""
        return f"FE({':'.join(self.columns)})"

    def with_policies(self, policies):
        """The factor in a model with these defaults."""
        return replace(self, defaults=policies)

    def learn(self, columns, training=None):
        """The factor with the rows of each level; one of weight 2 is two rows, of 0 none."""
        codes, levels = _joint_levels(columns, self.columns, self.defaults)
        n_levels = len(levels[self.columns[0]])
        weights = None if training is None else training.weights
        counts = level_volumes(codes, n_levels, weights, columns.n_threads)
        return replace(self, levels=levels, shares=counts / counts.max())

    def block(self, columns, full=False):
        """The share by level; 0 of one that was not seen."""
        codes, levels = _joint_levels(columns, self.columns, self.defaults)
        shares = np.append(self.shares, 0.0)[_find(levels, _index(self.levels))]
        return TableBlock(codes, shares[:, None], levels)

    def names(self, full=False):
        """`FE(brand)`."""
        return [self.label]

    def meaning(self, full=False):
        """The shares, in short: those of other rows make another column of the same name."""
        return f"{len(self.shares)} levels with shares of mean {self.shares.mean():.10g}"


def _joint_levels(columns, names, policies):
    """Codes of the combinations of levels that have rows, and their labels by column."""
    codes, levels = None, {}
    for name in names:
        found, labels = _levels(columns, name, policies)
        if codes is None:
            codes, levels = found, {name: labels}
            continue
        codes, (before, own) = combine_levels(codes, found, len(labels), columns.n_threads)
        levels = {known: values[before] for known, values in levels.items()} | {name: labels[own]}
    return codes, levels


def _levels(columns, name, policies):
    """Codes of one column, and labels; a text that reads "missing" is the level of such values."""
    found = columns.factor(name, policies.handle_missing == "level")
    read = [MISSING if level is None else label(level) for level in found.levels]
    position = {level: at for at, level in enumerate(dict.fromkeys(read))}
    codes = found.codes
    if len(position) < len(read):
        mapping = np.array([position[level] for level in read])
        codes = map_codes(codes, mapping, len(position), columns.n_threads)
    return codes, np.array(list(position), dtype=object)


def _index(levels):
    """Position by label, or by tuple of labels."""
    return {key: position for position, key in enumerate(_keys(levels))}


def _find(levels, known):
    """Where levels stand among those known; -1 where they do not."""
    return np.array([known.get(key, -1) for key in _keys(levels)], dtype=np.intp)


def _keys(levels):
    columns = list(levels.values())
    return columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
