"""StabilitySelection: what is stable, false ones to expect, table and chart; both faces."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import ConvergenceWarning

import rustystats as rs
from rustystats.results.stability import StabilitySelection
from rustystats.solvers.stability import HalfSelections

N, P = 600, 8
RNG = np.random.default_rng(41)
X = np.column_stack([np.ones(N), RNG.normal(size=(N, P))])
Y = RNG.poisson(np.exp(0.4 * X[:, 1] - 0.3 * X[:, 3])).astype(float)
FRAME = pd.DataFrame(
    {
        "y": Y,
        "x": X[:, 1],
        "z": X[:, 2],
        "area": RNG.choice(list("ABC"), N),
        "e": RNG.uniform(0.2, 1, N),
    }
)
OPTIONS = {"family": "poisson", "n_subsamples": 8, "random_state": 3}

# 4 alphas, 3 candidates, 4 subsamples: positions of the first alpha at which each was selected
FIRST = np.array([[0, 2, 4], [0, 3, 4], [1, 2, 3], [0, 4, 4]])
COUNTS = np.array([[3, 0, 0], [4, 0, 0], [4, 2, 0], [2, 3, 1]])  # one may leave again
ALPHAS = np.array([0.8, 0.4, 0.2, 0.1])


def by_hand(**options):
    found = HalfSelections(COUNTS, FIRST, 0)
    return StabilitySelection(ALPHAS, ["a", "b", "c"], found, **{"threshold": 0.7} | options)


def test_shares_by_hand():
    stable = by_hand()
    np.testing.assert_array_equal(stable.probabilities, COUNTS / 4)
    np.testing.assert_array_equal(stable.max_probability, [1.0, 0.75, 0.25])
    assert stable.selected() == ["a", "b"]
    assert stable.selected(0.8) == ["a"]
    assert stable.selected(0.75) == ["a", "b"]  # the threshold belongs to it
    assert stable.selected(alpha_min=0.2) == ["a"]
    assert stable.selected(0.9, alpha_min=0.8) == []


def test_false_ones_expected_by_hand():
    stable = by_hand()
    assert stable.average_selected() == (2 + 2 + 3 + 1) / 4
    assert stable.average_selected(0.2) == (2 + 1 + 2 + 1) / 4
    assert stable.average_selected(0.8) == 3 / 4
    assert stable.expected_false(0.8) == pytest.approx(2.0**2 / (0.6 * 3))
    assert stable.expected_false() == 3.0  # 2^2 / (0.4 * 3) is more than there are
    assert stable.expected_false(0.9, 0.2) == pytest.approx(1.5**2 / (0.8 * 3))


def test_the_alphas_end_where_too_many_false_ones_are_expected():
    # at threshold 0.7: 0.47, 0.83, 1.875, 3 false ones
    for max_false, alpha_min, probability in (
        (4.0, 0.1, [1.0, 0.75, 0.25]),
        (2.0, 0.2, [1.0, 0.5, 0.0]),
        (1.0, 0.4, [1.0, 0.0, 0.0]),
        (0.5, 0.8, [0.75, 0.0, 0.0]),
    ):
        stable = by_hand(max_false=max_false)
        assert stable.alpha_min == alpha_min
        np.testing.assert_array_equal(stable.max_probability, probability)
        assert stable.expected_false() <= max_false
    with pytest.raises(ValueError, match=r"even at the largest alpha 0\.469 false.*max_false=0\.4"):
        by_hand(max_false=0.4)


def test_table():
    table = by_hand(max_false=2.0).to_dataframe()
    assert table.to_dict("list") == {
        "feature": ["a", "b", "c"],
        "max_probability": [1.0, 0.5, 0.0],
        "alpha": [0.4, 0.2, 0.8],
        "selected": [True, False, False],
    }


def test_what_it_says_of_itself():
    assert repr(by_hand(max_false=2.0)) == (
        "<StabilitySelection: 1 of 3 selected in 70% of 4 subsamples, alphas from 0.8 to 0.2, at "
        "most 1.9 false ones expected>"
    )


def test_chart():
    stable = by_hand()
    ax = stable.plot()
    curves = {line.get_label(): line.get_xydata() for line in ax.get_lines()}
    np.testing.assert_allclose(curves["a (1.00)"], np.column_stack([ALPHAS, [0.75, 1, 1, 0.5]]))
    assert "b (0.75)" in curves
    assert not any(label.startswith("c") for label in curves)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a (1.00)", "b (0.75)"]
    assert ax.get_xlim()[0] > ax.get_xlim()[1]
    assert len(ax.get_lines()) == 4  # three candidates and the threshold
    given = plt.figure().add_subplot()
    assert by_hand(max_false=2.0).plot(given) is given
    assert len(given.get_lines()) == 5  # and the end of the alphas
    plt.close("all")


def test_wrong_questions():
    stable = by_hand()
    for wrong in (0.5, 1.1, "high", np.nan):
        with pytest.raises(ValueError, match="threshold must be above"):
            stable.selected(wrong)
        with pytest.raises(ValueError, match="threshold must be above"):
            stable.expected_false(wrong)
    with pytest.raises(ValueError, match=r"alpha_min=0\.9 is above all alphas.*0\.8"):
        stable.selected(alpha_min=0.9)


def test_the_array_face():
    stable = rs.stability_selection(Y, X, **OPTIONS)
    path = rs.lasso_path(Y, X, family="poisson", n_alphas=30, alpha_min_ratio=0.05)
    np.testing.assert_allclose(stable.alphas, path.alphas, rtol=1e-6)  # those of all rows
    assert stable.names == [f"x{j}" for j in range(1, P + 1)]
    assert stable.n_subsamples == 8
    assert stable.threshold == 0.6
    assert {"x1", "x3"} <= set(stable.selected())
    assert stable.max_probability[[0, 2]].tolist() == [1.0, 1.0]
    named = rs.stability_selection(Y, X, **OPTIONS, feature_names=[f"f{j}" for j in range(P + 1)])
    assert named.names == [f"f{j}" for j in range(1, P + 1)]
    np.testing.assert_array_equal(named.probabilities, stable.probabilities)


def test_the_seed_decides():
    one, two, other = (
        rs.stability_selection(Y, X, **OPTIONS | {"random_state": seed}) for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(one.probabilities, two.probabilities)
    assert (one.probabilities != other.probabilities).any()
    threaded = rs.stability_selection(Y, X, **OPTIONS, n_threads=1)
    np.testing.assert_array_equal(one.probabilities, threaded.probabilities)
    states = (OPTIONS | {"random_state": np.random.RandomState(3)} for _ in range(2))
    legacy = [rs.stability_selection(Y, X, **options).probabilities for options in states]
    np.testing.assert_array_equal(*legacy)


def test_noise_alone_stays_below_the_bound():
    noise = RNG.poisson(1.0, N).astype(float)
    options = OPTIONS | {"n_subsamples": 20}
    stable = rs.stability_selection(noise, X, **options, max_false=1.0, threshold=0.75)
    assert stable.expected_false() <= 1.0
    assert len(stable.selected()) <= 1


def formula_face(data=FRAME, **options):
    model = rs.glm("y ~ x + z + C(area)", data, family="poisson", exposure="e")
    return model.stability_selection(**{"n_subsamples": 6, "random_state": 0} | options)


def test_the_formula_face_by_column_and_by_term():
    columns = formula_face()
    assert columns.names == ["x", "z", "area[T.B]", "area[T.C]"]
    terms = formula_face(by="term")
    assert terms.names == ["x", "z", "C(area)"]
    np.testing.assert_array_equal(terms.probabilities[:, :2], columns.probabilities[:, :2])
    # a term is selected where any of its columns is
    single, term = columns.probabilities[:, 2:], terms.probabilities[:, 2]
    assert (term >= single.max(axis=1)).all()
    assert (term <= single.sum(axis=1)).all()
    assert (term > single.max(axis=1)).any()


def test_a_half_learns_target_encodings_from_its_own_rows():
    """A half is a model of its rows alone, or the halves of a pair would know of each other."""
    rng = np.random.default_rng(1)
    data = FRAME.assign(brand=rng.integers(0, 15, N), name=rng.choice(list("abcdefghij"), N))
    formula, alphas = "y ~ x + TE(brand) + TE(name, prior_weight=3)", [0.05, 0.02, 0.005]
    model = rs.glm(formula, data, family="poisson", exposure="e")
    found = model.stability_selection(alphas=alphas, n_subsamples=10, random_state=5, tol=1e-9)
    shuffles, selected = np.random.default_rng(5), []
    for _ in range(5):
        rows = shuffles.permutation(np.arange(N))
        for half in (rows[: N // 2], rows[N // 2 : N // 2 * 2]):
            part = rs.glm(formula, data.iloc[np.sort(half)], family="poisson", exposure="e")
            fits = [part.fit(alpha=alpha, l1_ratio=1.0, tol=1e-9) for alpha in alphas]
            selected.append([fit.params[1:] != 0 for fit in fits])
    np.testing.assert_allclose(found.probabilities, np.mean(selected, axis=0), rtol=1e-12)


def test_a_table_of_the_kind_that_went_in():
    table = formula_face(pl.from_pandas(FRAME)).to_dataframe()
    assert isinstance(table, pl.DataFrame)
    assert table["feature"].to_list() == ["x", "z", "area[T.B]", "area[T.C]"]


def test_unpenalised_columns_are_no_candidates():
    assert formula_face(penalty_factor={"x": 0}).names == ["z", "area[T.B]", "area[T.C]"]
    assert formula_face(penalty_factor={"area[T.B]": 0}, by="term").names == ["x", "z", "C(area)"]
    assert formula_face(penalty_factor={"C(area)": 0}, by="term").names == ["x", "z"]
    with pytest.raises(ValueError, match="no column is penalised"):
        formula_face(penalty_factor=0.0, alphas=[0.1])


def test_deviations_from_a_prior_are_selected():
    stable = formula_face(prior_coef={"z": 0.5}, alphas=[0.05])
    assert stable.max_probability[1] == 1.0  # z has no effect: far from its prior
    assert formula_face(alphas=[0.05]).max_probability[1] < 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_subsamples": 7}, "n_subsamples must be an even number"),
        ({"n_subsamples": 0}, "n_subsamples must be an even number"),
        ({"n_subsamples": 4.0}, "n_subsamples must be an even number"),
        ({"threshold": 0.5}, "threshold must be above"),
        ({"max_false": 0}, "max_false must be a number above 0"),
        ({"l1_ratio": 0.0}, "a ridge penalty keeps every column"),
        ({"by": "factor"}, "by must be 'column' or 'term', not 'factor'"),
        ({"alphas": [-1.0]}, "alphas must be"),
    ],
)
def test_wrong_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        formula_face(**options)


def test_data_at_fault():
    with pytest.raises(ValueError, match="X contains NaN or infinity: 1 values"):
        rs.stability_selection(
            Y, np.where(np.arange(N * (P + 1)).reshape(N, -1) == 47, np.nan, X), **OPTIONS
        )
    with pytest.raises(ValueError, match="3 rows of weight: too few to halve"):
        rs.stability_selection(Y, X, **OPTIONS, weights=(np.arange(N) < 3).astype(float))


def test_fits_that_do_not_converge_are_counted():
    with pytest.warns(ConvergenceWarning) as record:
        rs.stability_selection(Y, X, **OPTIONS, max_iter=1, tol=1e-12)
    messages = [str(warning.message) for warning in record]
    assert "of the path did not converge" in messages[0]
    assert messages[1].split(":")[0].endswith("of 240 fits to subsamples did not converge")
