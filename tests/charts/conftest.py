"""Charts are drawn by the Agg backend; figures are closed, and settings stay as they were."""

from functools import cache
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.backends.backend_agg import FigureCanvasAgg

from rustystats.charts import factors, paths, ranking, residuals


@pytest.fixture(autouse=True)
def no_trace_is_left():
    before = dict(mpl.rcParams)
    yield
    assert dict(mpl.rcParams) == before
    plt.close("all")


def level_names(count, long=False):
    if count == 2:
        return ["Diesel", "Regular"]
    return [
        f"Region {k + 1} of the northern provinces" if long else f"B{k + 1}" for k in range(count)
    ]


def factor_bins(count, long=False):
    """Bins of a factor: exposure falls, means wave, observed are a tenth above or below."""
    k = np.arange(count)
    predicted = 0.08 * np.exp(0.3 * np.sin(2.0 * k))
    observed = predicted * (1 + 0.1 * np.cos(3.0 * k))
    exposure = 40_000 * 0.93**k
    rows = zip(level_names(count, long), exposure, observed, predicted, strict=True)
    return [
        SimpleNamespace(bin_label=name, exposure=e, actual_mean=a, predicted_mean=p)
        for name, e, a, p in rows
    ]


def effect_of(count, long=False, numeric=False):
    """The effect of a factor, its base the second level; of a numeric one, of the tenth value."""
    k, base = np.arange(count), 9 if numeric else 1
    effect = 0.6 * np.cos(k / 20) if numeric else 0.4 * np.sin(2.0 * k)
    exposure = 40_000 * 0.93**k
    error = np.where(k == base, 0.0, 4 / np.sqrt(exposure))
    effect = effect - effect[base]
    values = 18.0 + k if numeric else None
    labels = [f"{value:g}" for value in values] if numeric else level_names(count, long)
    return SimpleNamespace(
        name="DrivAge" if numeric else "VehBrand",
        labels=labels,
        values=values,
        effect=effect,
        low=effect - 2 * error,
        high=effect + 2 * error,
        exposure=exposure,
        base=base,
    )


def ranked_bins(count):
    """Bins of rising predictions, a second model's flatter."""
    predicted = np.exp(np.linspace(-3.5, -1.5, count))
    observed = predicted * (1 + 0.1 * np.cos(3.0 * np.arange(count)))
    other = predicted**0.6 * np.exp(-1.0)
    return [
        SimpleNamespace(
            actual_mean=a,
            predicted_mean=p,
            other_mean=o,
            actual_sum=900 * a,
            exposure=900.0,
            ae_confidence_interval_lower=a / p - 0.1,
            ae_confidence_interval_upper=a / p + 0.1,
        )
        for a, p, o in zip(observed, predicted, other, strict=True)
    ]


def lorenz_points():
    share = np.linspace(0, 1, 21)
    return [
        SimpleNamespace(
            cumulative_exposure_pct=x, cumulative_actual_pct=x**1.7, cumulative_predicted_pct=x**1.9
        )
        for x in share
    ]


def sample_residuals(count):
    """Fitted values and residuals with a mean that rises by a little."""
    rng = np.random.default_rng(3)
    fitted = np.exp(rng.normal(-2.5, 0.5, count))
    return fitted, rng.normal(size=count) + 0.2 * (np.log(fitted) + 2.5)


def coefficient_curves(count):
    alphas = np.geomspace(0.1, 1e-4, 40)
    sizes = np.cos(2.0 * np.arange(count)) / (1 + np.arange(count) / 6)
    shrunk = np.abs(sizes) - 1.5 * np.sqrt(alphas)[:, None]
    curves = np.sign(sizes) * np.maximum(shrunk, 0.0)
    names = [f"VehBrand[T.B{k}]" if k < paths.LABELLED else None for k in range(count)]
    return alphas, curves, names


RATE = "ClaimNb per unit of Exposure"


def all_pictures():
    """Every chart with 2, 12 and 40 levels, or rows few and many, by name: functions of ax."""
    found = {}
    for count, long in ((2, False), (12, False), (40, False), (40, True)):
        name = f"{count}{'-long' if long else ''}"
        bins, effect = factor_bins(count, long), effect_of(count, long)
        found[f"actual_expected-{name}"] = lambda ax=None, bins=bins: factors.actual_expected(
            bins, "VehBrand", ylabel=RATE, volume="Exposure", base=1, ax=ax
        )
        found[f"relativities-{name}"] = lambda ax=None, effect=effect: factors.relativities(
            effect, volume="Exposure", ax=ax
        )
    smooth = effect_of(80, numeric=True)
    found["relativities-numeric"] = lambda ax=None: factors.relativities(smooth, ax=ax)
    found["term_effect-12"] = lambda ax=None: factors.term_effect(effect_of(12), ax=ax)
    found["term_effect-numeric"] = lambda ax=None: factors.term_effect(smooth, ax=ax)
    for count in (2, 10, 40):
        bins = ranked_bins(count)
        found[f"lift-{count}"] = lambda ax=None, bins=bins: ranking.lift(
            bins, ylabel=RATE, volume="Exposure", ax=ax
        )
        found[f"double_lift-{count}"] = lambda ax=None, bins=bins: ranking.double_lift(
            bins, ylabel=RATE, names=("new tariff", "tariff of 2025"), volume="Exposure", ax=ax
        )
        found[f"calibration-{count}"] = lambda ax=None, bins=bins: ranking.calibration(
            bins, ratio=1.0123, ylabel=RATE, ax=ax
        )
        curves = coefficient_curves(count)
        found[f"coefficient_path-{count}"] = lambda ax=None, curves=curves: paths.coefficient_path(
            *curves, ax=ax
        )
    found["lorenz"] = lambda ax=None: ranking.lorenz(
        lorenz_points(), gini=0.2593, volume="Exposure", amount="ClaimNb", ax=ax
    )
    for count in (500, 20_000):
        fitted, rows = sample_residuals(count)
        found[f"residuals-{count}"] = lambda ax=None, fitted=fitted, rows=rows: (
            residuals.residuals_against_fitted(
                fitted, rows, name="quantile residual", logarithmic=True, limits=1.96, ax=ax
            )
        )
        found[f"worm-{count}"] = lambda ax=None, rows=rows: residuals.worm(rows, ax=ax)
    alphas, means = np.geomspace(0.1, 1e-4, 30), -0.3 - 0.001 * (np.arange(30) - 18.0) ** 2
    found["cross_validation"] = lambda ax=None: paths.cross_validation(
        alphas,
        means,
        np.full(30, 0.03),
        np.arange(30),
        best=alphas[18],
        one_error=alphas[13],
        score="deviance",
        ax=ax,
    )
    values = np.linspace(0.5, 2, 21)
    found["likelihood_profile"] = lambda ax=None: paths.likelihood_profile(
        values,
        -1000 - 20 * (values - 1.2) ** 2,
        name="theta",
        fitted=1.2,
        bound=-1001.92,
        confidence=0.95,
        ax=ax,
    )
    _, shares, names = coefficient_curves(12)
    found["selection_path"] = lambda ax=None: paths.selection_path(
        np.geomspace(0.1, 1e-4, 40),
        np.abs(shares) / np.abs(shares).max(),
        [name if k < 4 else None for k, name in enumerate(names)],
        threshold=0.6,
        alpha_min=1e-3,
        n_subsamples=50,
        ax=ax,
    )
    return found


PICTURES = all_pictures()


DOTS = 60  # an inch


@cache
def drawn(name):
    """A chart as it was drawn, for all who look at it: Axes and dots."""
    ax = PICTURES[name]()
    plt.close(ax.figure)
    canvas = FigureCanvasAgg(ax.figure)  # which pyplot does not know
    ax.figure.set_dpi(DOTS)
    canvas.draw()
    return ax, np.array(canvas.buffer_rgba())


@pytest.fixture(params=PICTURES)
def chart(request):
    """A chart that has been drawn and is not to be changed, as its name, Axes and dots."""
    return request.param, *drawn(request.param)


@pytest.fixture(params=PICTURES)
def picture(request):
    """A chart, as its name and a function that draws it."""
    return request.param, PICTURES[request.param]


@pytest.fixture(scope="session")
def pictures():
    """All charts by name."""
    return PICTURES


@pytest.fixture(scope="session")
def sample():
    """Tables as the charts take them."""
    return SimpleNamespace(
        factor_bins=factor_bins,
        effect_of=effect_of,
        ranked_bins=ranked_bins,
        lorenz_points=lorenz_points,
        residuals=sample_residuals,
        coefficient_curves=coefficient_curves,
    )
