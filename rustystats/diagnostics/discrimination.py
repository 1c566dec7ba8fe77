"""Whether high predictions are where the response is high.

Rows by rising prediction for a unit of exposure; x is the cumulated share of exposure, L(x) that of
the response (Lorenz's curve; Frees, Meyers & Cummings 2011, JASA 106:1085-1098). Rows of one
prediction are one step of the curve: their order says nothing.

* Gini: ``(1 - 2 integral of L) / (the same by rising response)``: 1 is a perfect order, 0 none.
* lift at 10 %: mean response of the highest tenth of the exposure over the overall mean,
  ``(1 - L(0.9)) / 0.1``.
* AUC: how probable it is that an event is predicted higher than a non-event, ties half. Events are
  successes of the binomial family, or ones where every response is 0 or 1; None elsewhere.
* KS: the largest difference of the distributions of the prediction, among events and among
  non-events. Where the response is not binary the events are its amounts (claims), and the
  non-events are the exposure of the rows without any; None where every row has one.

All are None where a response is below 0 or all are 0: shares of a total mean nothing then. Cost:
the sort, some cumulated sums, and a sort of the rows with a response above 0.
"""

import numpy as np

from rustystats.diagnostics.sections import Discrimination, LorenzPoint

POINTS = 20  # of the curve, beside the origin


def discriminate(rows):
    """The section of the discrimination."""
    total, _, volume = rows.totals
    if rows.y.min() < 0 or total <= 0 or volume <= 0:
        return Discrimination(None, None, None, None, None, [])
    ordered = rows.in_order
    rate = ordered.rate
    last = np.append(np.flatnonzero(rate[1:] != rate[:-1]), len(rate) - 1)

    def cumulated(values):
        """Sums up to the end of each run of equal predictions, from 0."""
        return np.append(0.0, np.cumsum(values)[last])

    x, actual = cumulated(ordered.volume), cumulated(ordered.actual)
    x, curve = x / x[-1], actual / actual[-1]
    at = np.arange(POINTS + 1) / POINTS
    lorenz = np.interp(at, x, curve)
    expected = cumulated(ordered.predicted)
    expected = np.interp(at, x, expected / expected[-1])
    best = perfect_gini(rows)
    events, others = _events(rows, ordered)
    others = None if others is None else cumulated(others)
    return Discrimination(
        gini_coefficient=gini(x, curve) / best if best > 0 else None,
        auc=_auc(actual, others) if events else None,
        ks_statistic=None if others is None else _ks(curve, others),
        lift_at_10pct=float((1.0 - np.interp(0.9, x, curve)) / 0.1),
        lift_at_20pct=float((1.0 - np.interp(0.8, x, curve)) / 0.2),
        lorenz_curve=[
            LorenzPoint(*map(float, point)) for point in zip(at, lorenz, expected, strict=True)
        ],
    )


def gini(x, curve):
    """Twice the area between the diagonal and a curve, by trapezia."""
    return float(1.0 - np.sum(np.diff(x) * (curve[1:] + curve[:-1])))


def perfect_gini(rows):
    """The Gini of the order by the response itself, for a unit of exposure; 0 if all are equal."""
    some = np.flatnonzero(rows.y > 0)
    y = rows.y[some]
    actual = y if rows.exposure is None else y / rows.exposure[some]
    some = some[np.argsort(actual, kind="stable")]
    volume = rows.volume[some]
    empty = rows.totals[2] - float(np.sum(volume))  # rows of 0 come first
    x = np.concatenate([[0.0, max(empty, 0.0)], max(empty, 0.0) + np.cumsum(volume)])
    curve = np.concatenate([[0.0, 0.0], np.cumsum(rows.actual[some])])
    best = gini(x / x[-1], curve / curve[-1])
    return best if best > 1e-12 else 0.0


def _events(rows, ordered):
    """Whether the response is binary, and the non-events of the rows in order (None without)."""
    y = rows.y
    if rows.is_binomial or (y.max() == 1 and np.all((y == 0) | (y == 1))):
        others = ordered.weights - ordered.actual
        return bool(others.any()), others if others.any() else None
    none = ordered.actual == 0
    return False, ordered.volume * none if none.any() else None


def _auc(events, others):
    """Area under the curve of true against false positives, from sums over rising predictions."""
    area = np.sum(np.diff(events) * (others[1:] + others[:-1])) / 2.0
    return float(area / (events[-1] * others[-1]))


def _ks(curve, others):
    return float(np.max(np.abs(curve - others / others[-1])))
