"""Relativities: what a level of a factor multiplies the prediction by, exactly and completely.

For each data column (all main-effect terms of it together, say ``x + I(x**2)``) and each
interaction, one row per observed level or value: ``exp(f(level) - f(base))`` with a confidence
interval from the covariance of that difference. The base of a categorical is its reference level,
of a numeric column the value with most exposure. The first row is the predicted mean of the base
risk for one unit of exposure, so that base x relativities = prediction, to rounding. Beside a
complement, the linear predictor of another model in the offset, both are factors on what that
predicts. Of a target encoding the levels have the encoding that predictions use.

Differences between levels do not depend on how they are coded; what an interaction leaves to its
main effects does: beside sum coding they are means over the levels of the other factor. Where two
effects of one column do not share its levels (one has pooled some), each is named by its terms.

A column stored as numbers (more distinct values than a table pays for) is shown at up to 21
quantiles, each with the exposure nearest to it; a product of such columns per unit.
Cost: one pass over the rows for the exposures, small matrices else.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from rustystats.design.blocks import DenseBlock, TableBlock, as_array
from rustystats.inference.covariance import normal_interval
from rustystats.messages import did_you_mean, listed

QUANTILES = 21


@dataclass(frozen=True, eq=False)
class _Effect:
    """A factor's levels and the design rows they stand for."""

    name: str
    labels: list
    rows: np.ndarray  # (levels, k)
    columns: np.ndarray  # (k,) positions
    exposure: np.ndarray  # (levels,)
    base: int
    values: np.ndarray | None = None  # (levels,) of a numeric column, else None
    members: tuple = ()  # of each block, its term and the block's place in that


@dataclass(frozen=True, eq=False)
class FactorEffect:
    """What each level of a factor adds to the linear predictor, compared with its base.

    Attributes
    ----------
    name : str, as in the column Factor of the relativities
    labels : list of str, the levels observed
    values : (levels,) numbers that the levels of a numeric column are, in order, else None
    effect, error, low, high : (levels,) with standard error and limits of an interval; 0 at the
        base
    exposure : (levels,)
    base : int, position
    """

    name: str
    labels: list[str]
    values: np.ndarray | None
    effect: np.ndarray
    error: np.ndarray
    low: np.ndarray
    high: np.ndarray
    exposure: np.ndarray
    base: int

    def within(self, alpha: float) -> FactorEffect:
        """The effect with the limits of an interval at level 1 - alpha."""
        low, high = normal_interval(self.effect, self.error, alpha).T
        return replace(self, low=low, high=high)


def factor_effects(model, fit, covariance, alpha):
    """The effects of every factor on the scale of the link.

    Parameters
    ----------
    model : prepare.Model
    fit : Fit
    covariance : (p, p), NaN at aliased columns, whose coefficients are 0 whatever the data; where
        others are NaN (an L1 penalty), so are the errors
    alpha : float, 1 - confidence of the limits

    Returns
    -------
    list of FactorEffect
        The linear predictor of the base risk, named "Base", of one level; then those of the
        factors, in the order of the terms.
    """
    exposure = _exposure(model)
    effects = _effects(model, exposure)
    coef, intercept = fit.coef, model.problem.intercept
    covariance = _zero_where_aliased(fit, covariance)
    base_row = np.zeros(len(coef))
    if intercept is not None:
        base_row[intercept] = 1.0
    for effect in effects:
        base_row[effect.columns] += effect.rows[effect.base]
    whole = np.arange(len(coef))
    base = _Effect("Base", [""], base_row[None, :], whole, np.array([exposure.sum()]), 0)
    factors = [
        _measured(effect, effect.rows - effect.rows[effect.base], coef, covariance, alpha)
        for effect in effects
    ]
    return [_measured(base, base.rows, coef, covariance, alpha), *factors]


def centred_effects(model, fit, covariance, alpha, center, name=None, read=None):
    """The effects of one factor or all, compared with the base or with their mean.

    Parameters
    ----------
    model, fit, alpha : as in `factor_effects`
    covariance : the same, or None where there is none: errors and limits are NaN
    center : "base" or "mean", the latter over the rows of the fit, by exposure
    name : str, that of an effect or the label of a term it is made of; None for all
    read : callable, the `Columns` of values of the data column it is given, at which the effect is
        wanted; None takes those observed

    Returns
    -------
    list of FactorEffect
        Of given values the exposure is NaN, and the base is that of the observed ones.

    Raises
    ------
    ValueError
        If there is no such factor, or values are given for more than one column.
    """
    effects = _effects(model, _exposure(model))
    covariance = None if covariance is None else _zero_where_aliased(fit, covariance)
    chosen = effects if name is None else [_named(effects, name)]
    out = []
    for effect in chosen:
        if center == "base":
            origin = effect.rows[effect.base]
        else:
            origin = effect.exposure @ effect.rows / effect.exposure.sum()
        if read is not None:
            effect = _at(effect, read)
        out.append(_measured(effect, effect.rows - origin, fit.coef, covariance, alpha))
    return out


def _named(effects, name):
    """The effect of that name, or of which a term is called so."""
    labelled = {term.label: effect for effect in effects for term, _ in effect.members}
    found = labelled | {effect.name: effect for effect in effects}
    if name not in found:
        known = [effect.name for effect in effects]
        raise ValueError(
            f"{name!r} is no factor of the model{did_you_mean(name, [*found])}: it has "
            f"{listed(known, 30) or 'none'}"
        )
    return found[name]


def _at(effect, read):
    """The effect at other values of its column."""
    names = {column for term, _ in effect.members for column in term.columns}
    if len(names) != 1 or effect.rows.shape[1] != len(effect.columns):
        raise ValueError(
            f"the effect {effect.name!r} is not of one data column, which could take other values: "
            "leave grid out to have it where it was observed"
        )
    (column,) = names
    columns = read(column)
    rows = np.hstack([term.blocks(columns)[place].to_dense() for term, place in effect.members])
    encoded = columns.encoded(column, factor=True, missing=True)
    values = encoded.levels[encoded.codes]
    numeric = effect.values is not None and values.dtype.kind in "iuf"
    return replace(
        effect,
        labels=[_text(value) for value in values],
        rows=rows,
        values=values.astype(float) if numeric else None,
        exposure=np.full(len(rows), np.nan),
    )


def _zero_where_aliased(fit, covariance):
    return np.where(fit.aliased | fit.aliased[:, None], 0.0, covariance)


def _measured(effect, contrast, coef, covariance, alpha):
    """What the contrasts of an effect amount to, and how well that is known."""
    # Every row in the same order, as BLAS need not: levels that a 0 keeps together stay equal.
    size = np.einsum("ij,j->i", contrast, coef[effect.columns])
    if covariance is None:
        variance = np.full(len(size), np.nan)
    else:
        part = covariance[effect.columns][:, effect.columns]
        variance = np.einsum("ij,jk,ik->i", contrast, part, contrast, optimize=True)
    error = np.sqrt(np.maximum(variance, 0.0))
    found = (size, error, *normal_interval(size, error, alpha).T, effect.exposure, effect.base)
    return FactorEffect(effect.name, effect.labels, effect.values, *found)


def relativity_table(effects):
    """Columns of the relativity table, of a list of `FactorEffect`, the base risk first."""
    with np.errstate(over="ignore"):  # a level without claims may reach up to infinity
        return {
            "Factor": [effect.name for effect in effects for _ in effect.labels],
            "Level": [label for effect in effects for label in effect.labels],
            "Relativity": np.exp(np.concatenate([effect.effect for effect in effects])),
            "CI_Lower": np.exp(np.concatenate([effect.low for effect in effects])),
            "CI_Upper": np.exp(np.concatenate([effect.high for effect in effects])),
            "Exposure": np.concatenate([effect.exposure for effect in effects]),
        }


def _exposure(model):
    if model.exposure is not None:
        return model.exposure
    return model.problem.prior_weights


def _effects(model, exposure):
    """All effects in the order of the terms."""
    design, made = model.problem.design, model.prediction_blocks
    totals = design.block_totals(exposure)
    grouped, places = {}, {}
    for term, span in zip(model.terms.terms, model.spans, strict=True):
        for index in span if term.factors else ():
            block = made[index]
            single = isinstance(block, TableBlock) and len(block.levels) == 1
            key = ("codes", id(block.codes)) if single else ("block", index)
            grouped.setdefault(key, []).append((term, index))
            places[index] = index - span.start
    effects, labels = [], []
    for members in grouped.values():
        blocks = [made[index] for _, index in members]
        columns = np.concatenate(
            [np.arange(design.starts[i], design.starts[i + 1]) for _, i in members]
        )
        if isinstance(blocks[0], TableBlock):
            exposures = totals.get(members[0][1])
            if exposures is None:  # a table in the place of an encoding's own numbers
                levels = blocks[0].n_levels
                exposures = np.bincount(blocks[0].codes, weights=exposure, minlength=levels)
            effects.append(_table_effect(members, blocks, columns, exposures))
        else:
            columns = columns[
                columns != model.problem.intercept
            ]  # of an array, it stands among them
            effects += _dense_effects(blocks[0], columns, exposure, model.names)
        made_of = tuple((term, places[index]) for term, index in members)
        known = len(labels)
        effects[known:] = [replace(effect, members=made_of) for effect in effects[known:]]
        label = " + ".join(dict.fromkeys(term.label for term, _ in members))
        labels += [label] * (len(effects) - len(labels))
    names = Counter(effect.name for effect in effects)
    return [
        effect if names[effect.name] == 1 else replace(effect, name=label)
        for effect, label in zip(effects, labels, strict=True)
    ]


def _table_effect(members, blocks, columns, exposure):
    rows = np.hstack([as_array(block.basis) for block in blocks])
    levels = blocks[0].levels
    seen = exposure > 0
    labels = [":".join(_text(v) for v in level) for level in zip(*levels.values(), strict=True)]
    at_reference = np.ones(len(labels), dtype=bool)
    for term, _ in members:
        for factor in term.factors:
            if factor.is_categorical and factor.column in levels:
                at_reference &= levels[factor.column] == factor.reference
    candidates = np.where(seen & at_reference, exposure, -1.0)
    if candidates.max() < 0:  # the reference combination does not occur
        candidates = exposure
    base = int(np.argmax(candidates))
    return _Effect(
        ":".join(levels),
        [name for name, kept in zip(labels, seen, strict=True) if kept],
        rows[seen],
        columns,
        exposure[seen],
        int(np.count_nonzero(seen[:base])),
        _numbers(members, levels, seen),
    )


def _numbers(members, levels, seen):
    """The observed values of a single column that no term takes as categories, else None."""
    (column, *others), factors = levels, [f for term, _ in members for f in term.factors]
    if others or any(term.is_supervised for term, _ in members):
        return None
    if any(factor.is_categorical for factor in factors):
        return None
    values = np.asarray(levels[column])
    return values[seen].astype(float) if values.dtype.kind in "iuf" else None


def _dense_effects(block, columns, exposure, names):
    """Quantiles of the column it came from, or each design column per unit."""
    if not isinstance(block, DenseBlock) or not block.source:  # an array, sparse or not
        return [
            _Effect(
                names[column],
                ["0", "+1"],
                np.array([[0.0], [1.0]]),
                np.array([column]),
                np.array([0.0, exposure.sum()]),
                0,
            )
            for column in columns
        ]
    ((name, values),) = block.source.items()
    order = np.argsort(values, kind="stable")
    picks = np.unique(np.linspace(0, len(order) - 1, QUANTILES).round().astype(int))
    rows = order[picks]
    shares = np.array_split(exposure[order], (picks[1:] + picks[:-1]) // 2 + 1)
    totals = np.array([share.sum() for share in shares])
    basis = np.asarray(block.values[rows], dtype=float)
    return [
        _Effect(
            name,
            [f"{values[r]:.6g}" for r in rows],
            basis,
            columns,
            totals,
            len(rows) // 2,
            values[rows].astype(float),
        )
    ]


def _text(value):
    if isinstance(value, (float, np.floating)):
        return f"{value:.10g}"
    return str(value)
