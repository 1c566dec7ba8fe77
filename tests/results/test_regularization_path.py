"""RegularizationPath: its numbers, table, chart and results."""

import pickle
import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import rustystats as rs

mpl.use("Agg")
from matplotlib import pyplot as plt

N = 300
RNG = np.random.default_rng(8)
FRAME = pd.DataFrame(
    {
        "y": RNG.poisson(np.exp(RNG.normal(size=N))).astype(float),
        "area": RNG.choice(list("ABC"), N),
        **{f"x{k}": RNG.normal(size=N) for k in range(1, 4)},
    }
)
FRAME["y"] += RNG.poisson(np.exp(FRAME["x1"]))
NAMES = ["Intercept", "x1", "x2", "x3", "area[T.B]", "area[T.C]"]


def path_of(data=FRAME, formula="y ~ x1 + x2 + x3 + C(area)", **options):
    model = rs.glm(formula, data, family="poisson")
    return model.regularization_path(**({"n_alphas": 8, "alpha_min_ratio": 1e-2} | options))


@pytest.fixture(scope="module")
def path():
    return path_of()


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


# ---- numbers -----------------------------------------------------------------------------------


def test_shapes_and_counts(path):
    assert path.feature_names == NAMES
    assert path.l1_ratio == 1.0
    assert len(path) == 8
    for name in ("alphas", "deviances", "deviance_explained", "n_nonzero", "converged", "kkt"):
        assert getattr(path, name).shape == (8,)
    assert path.n_passes.shape == (8,)
    assert path.coefficients.shape == (8, 6)
    assert (np.diff(path.alphas) < 0).all()
    nonzero = np.count_nonzero(path.coefficients[:, 1:], axis=1)
    np.testing.assert_array_equal(path.n_nonzero, nonzero)
    assert path.n_nonzero.dtype.kind == "i"
    assert path.n_nonzero[[0, -1]].tolist() == [0, 5]
    assert path.converged.all()
    assert path.converged.dtype == bool
    assert (path.kkt <= 1e-7).all()
    explained = 1 - path.deviances / path.deviances[0]
    np.testing.assert_allclose(path.deviance_explained, explained, atol=1e-12)


def test_repr(path):
    assert repr(path) == (
        f"<RegularizationPath: 8 alphas from {path.alphas[0]:.4g} to {path.alphas[-1]:.4g}, "
        "l1_ratio=1, 0 to 5 of 5 coefficients>"
    )
    assert "of 3 coefficients" in repr(path_of(formula="y ~ x1 + x2 + x3 - 1", l1_ratio=0.5))


@pytest.mark.parametrize("index", [0, 3, -1, np.int64(7)])
def test_result(path, index):
    result = path.result(index)
    assert result.alpha == path.alphas[index]
    assert result.penalty_type == "lasso"
    np.testing.assert_array_equal(result.params, path.coefficients[index])
    assert result.deviance == path.deviances[index]
    assert result.kkt == path.kkt[index]
    assert result.n_nonzero() == path.n_nonzero[index]
    chosen = path.coefficients[index][1:] != 0
    assert result.selected_features() == [n for n, c in zip(NAMES[1:], chosen, strict=True) if c]
    mu = np.exp(result.model.problem.design.to_dense() @ path.coefficients[index])
    np.testing.assert_allclose(result.predict(FRAME), mu, rtol=1e-12)
    assert f"{path.alphas[index]:g}" in result.summary()


def test_result_out_of_range(path):
    with pytest.raises(IndexError):
        path.result(8)


def test_results_of_arrays_name_columns_by_their_position():
    design = np.column_stack([np.ones(N), FRAME[["x1", "x2", "x3"]]])
    array = rs.lasso_path(FRAME["y"], design, family="poisson", n_alphas=4)
    assert array.feature_names == ["x0", "x1", "x2", "x3"]
    assert array.result(3).selected_features() == [1, 2, 3]
    assert array.result(3).family == "Poisson"


def test_it_can_be_pickled(path):
    other = pickle.loads(pickle.dumps(path))
    np.testing.assert_array_equal(other.coefficients, path.coefficients)
    np.testing.assert_array_equal(other.result(4).predict(FRAME), path.result(4).predict(FRAME))


# ---- table -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda frame: frame, pd.DataFrame),
        (pl.from_pandas, pl.DataFrame),
        (lambda frame: pl.from_pandas(frame).lazy(), pl.DataFrame),
        (lambda frame: pa.Table.from_pandas(frame, preserve_index=False), pa.Table),
    ],
)
def test_the_table_is_of_the_kind_of_the_data(path, make, kind):
    other = path_of(make(FRAME))
    table = other.to_dataframe()
    assert isinstance(table, kind)
    assert isinstance(other.result(2).relativities(), kind)
    columns = table.column_names if kind is pa.Table else list(table.columns)
    assert columns == ["alpha", *NAMES]
    np.testing.assert_allclose(np.asarray(table["alpha"]), path.alphas, rtol=1e-12)
    for name, values in zip(NAMES, path.coefficients.T, strict=True):
        np.testing.assert_allclose(np.asarray(table[name]), values, rtol=1e-9, atol=1e-12)


def test_the_table_of_arrays_is_of_pandas():
    design = np.column_stack([np.ones(N), FRAME["x1"]])
    names = {"feature_names": ["one", "x"]}
    table = rs.lasso_path(FRAME["y"], design, n_alphas=3, **names).to_dataframe()
    assert isinstance(table, pd.DataFrame)
    assert list(table.columns) == ["alpha", "one", "x"]
    assert len(table) == 3


def test_a_column_called_alpha_does_not_hide_the_alphas():
    data = FRAME.rename(columns={"x2": "alpha"})
    path = path_of(data, "y ~ x1 + alpha + x3")
    table = path.to_dataframe()
    assert list(table.columns) == ["alpha", "Intercept", "x1", "alpha[2]", "x3"]
    np.testing.assert_array_equal(table["alpha"], path.alphas)
    np.testing.assert_array_equal(table["alpha[2]"], path.coefficients[:, 2])


# ---- chart -------------------------------------------------------------------------------------


def curves(ax):
    """Lines by label; those without one have labels that begin with an underscore."""
    return {line.get_label(): line for line in ax.get_lines()}


def test_plot(path, monkeypatch):
    monkeypatch.setattr(plt, "show", lambda *args, **options: pytest.fail("shown"))
    ax = path.plot()
    assert isinstance(ax, plt.Axes)
    assert ax.get_xlabel() == "alpha (penalty falls to the right)"
    assert ax.get_ylabel() == "coefficient"
    assert ax.get_xscale() == "log"
    left, right = ax.get_xlim()
    assert left > right
    lines = curves(ax)
    assert set(NAMES[1:]) <= set(lines)
    assert "Intercept" not in lines
    for name in NAMES[1:]:
        np.testing.assert_array_equal(lines[name].get_xdata(), path.alphas)
        values = path.coefficients[:, NAMES.index(name)]
        np.testing.assert_array_equal(lines[name].get_ydata(), values)
    zero = [line for line in ax.get_lines() if set(line.get_ydata()) == {0.0}]
    assert len(zero) == 1
    assert len(ax.get_lines()) == 6
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    largest = np.abs(path.coefficients[:, 1:]).max(axis=0)
    assert named == [NAMES[1 + k] for k in np.argsort(-largest)]


def test_plot_on_given_axes_without_logarithm_and_legend(path):
    _, (one, other) = plt.subplots(1, 2)
    assert path.plot(ax=other, log_scale=False, show_legend=False) is other
    assert other.get_legend() is None
    assert other.get_xscale() == "linear"
    assert not one.get_lines()
    assert not set(NAMES) & set(curves(other))
    assert len(other.get_lines()) == 6


def test_an_alpha_of_0_has_no_place_on_a_logarithmic_axis():
    path = path_of(alphas=[0.1, 0.01, 0.0])
    line = curves(path.plot())["x1"]
    np.testing.assert_array_equal(line.get_xdata(), [0.1, 0.01])
    line = curves(path.plot(log_scale=False))["x1"]
    np.testing.assert_array_equal(line.get_xdata(), [0.1, 0.01, 0.0])
    assert isinstance(path_of(alphas=[0.0]).plot(), plt.Axes)


def test_the_largest_dozen_is_named_and_the_rest_is_grey():
    rng = np.random.default_rng(0)
    design = np.column_stack([np.ones(N), rng.normal(size=(N, 15))])
    y = design @ np.r_[0.0, np.arange(15, 0, -1.0)]
    path = rs.lasso_path(y, design, n_alphas=20)
    ax = path.plot()
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    assert named == [f"x{k}" for k in range(1, 13)]
    grey = [line for line in ax.get_lines() if line.get_color() == "0.6"]
    assert len(grey) == 3


def test_only_what_is_in_the_last_model_is_named():
    path = path_of(alphas=[10.0, 9.0])
    assert (path.n_nonzero == 0).all()
    ax = path.plot()
    assert ax.get_legend() is None
    assert len(ax.get_lines()) == 6


def test_plot_without_matplotlib(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"charts need matplotlib: pip install .*\[plot\]"):
        path.plot()
