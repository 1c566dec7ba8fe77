"""result.report: the numbers of the page are those of the result, whatever the model."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

import rustystats as rs

pytest.importorskip("matplotlib")
FORMULA = "ClaimNb ~ bs(DrivAge, df=4) + C(Area) + VehPower"


class Tables(HTMLParser):
    """The rows of each table by its caption, or by the summary of what folds it."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.rows, self.words = {}, None, None
        self.name = None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag in ("caption", "summary", "td", "th"):
            self.words = ""
        elif tag == "table":
            self.rows = []
        elif tag == "tr":
            self.rows.append([])

    def handle_data(self, data):
        if self.words is not None:
            self.words += data

    def handle_endtag(self, tag):
        if tag in ("caption", "summary"):
            self.name = self.words
        elif tag in ("td", "th"):
            self.rows[-1].append(self.words)
        elif tag == "table":
            self.tables[self.name] = self.rows
        if tag in ("caption", "summary", "td", "th"):
            self.words = None


@pytest.fixture(scope="module")
def samples():
    data = rs.datasets.make_motor_portfolio(6_000, seed=4)
    return data.iloc[:4_000], data.iloc[4_000:]


@pytest.fixture(scope="module")
def result(samples):
    return rs.glm(FORMULA, samples[0], family="poisson", exposure="Exposure").fit()


@pytest.fixture(scope="module")
def page(result, samples, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    assert result.report(path, test_data=samples[1]) == path
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tables(page):
    return Tables(page).tables


def test_both_data_sets_are_judged(result, samples, tables):
    table = {row[0]: row[1:] for row in tables["Both data sets"]}
    for column, data in enumerate(samples):
        found = result.diagnostics(data)
        claims, volume = data["ClaimNb"].sum(), data["Exposure"].sum()
        assert table["Rows"][column] == f"{len(data):,}"
        assert table["Exposure"][column] == f"{volume:,.6g}"
        assert table["Actual ClaimNb"][column] == f"{claims:,.6g}"
        ratio = claims / result.predict(data).sum()
        assert table["Actual / expected"][column] == f"{ratio:.4f}"
        assert table["Gini"][column] == f"{found.discrimination.gini_coefficient:.4f}"


def test_tests_and_relativities_are_those_of_the_result(result, tables):
    (tests,) = [rows for name, rows in tables.items() if name.startswith("Likelihood-ratio")]
    expected = result.anova()
    assert [row[0] for row in tests[1:]] == expected["Term"].tolist()
    assert [row[2] for row in tests[1:]] == [f"{x:,.4g}" for x in expected["Chisq"]]
    area = result.relativities().query("Factor == 'Area'")
    assert [row[0] for row in tables["Area: relativities"][1:]] == area["Level"].tolist()
    assert [row[1] for row in tables["Area: relativities"][1:]] == [
        f"{x:,.4g}" for x in area["Relativity"]
    ]


def test_totals_by_factor_add_up_to_the_portfolio(samples, tables):
    for name in ("Area", "DrivAge", "VehPower"):
        for sample, data in zip(("data of the fit", "test data"), samples, strict=True):
            rows = tables[f"{name}: actual and expected, {sample}"][1:]
            assert sum(int(row[1].replace(",", "")) for row in rows) == len(data)
            claims = sum(float(row[3].replace(",", "")) for row in rows)
            assert claims == data["ClaimNb"].sum()


def test_charts_of_every_factor_and_ids_that_do_not_meet(page):
    for label in (
        "Area: relativities",
        "DrivAge: actual and expected, test data",
        "Lift, test data",
    ):
        assert page.count(f'aria-label="{label}"') == (1 if "Lift" in label else 2), label
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', page))
    assert used <= set(ids)


def test_hashes_and_versions_for_an_audit(result, tables):
    hashes = {row[0]: row[1] for row in tables["What the model was fitted to"][1:]}
    assert hashes == result.input_hashes()
    versions = {row[0]: row[1] for row in tables["Versions"][1:]}
    assert versions["numpy"] == np.__version__


def test_factors_that_the_model_lacks(result, tmp_path):
    path = result.report(
        tmp_path / "r.html", categorical_factors=["VehGas"], continuous_factors=["VehAge"]
    )
    page = path.read_text(encoding="utf-8")
    assert "VehGas (not in the model)" in page
    assert "VehAge: actual and expected, data of the fit" in page


@pytest.mark.parametrize(
    ("formula", "options", "penalty", "said"),
    [
        ("y ~ x + C(Area)", {"family": "gaussian"}, {}, "Likelihood-ratio tests"),
        ("hit ~ x + C(Area)", {"family": "binomial"}, {}, "auc"),
        ("y ~ x + C(Area)", {"family": "gamma", "weights": "w"}, {"alpha": 0.1, "l1_ratio": 1.0},
         "No standard errors"),
        ("y ~ x * C(Area)", {"family": "gamma"}, {"alpha": 0.1, "l1_ratio": 0.0}, "None: tests of"),
        ("hit ~ x", {"family": "quasipoisson"}, {}, "no quantile residuals: family quasipoisson"),
        ("y ~ x", {"family": "poisson"}, {}, "no quantile residuals: the response, times"),
        ("y ~ x", {"family": "tweedie", "var_power": 2.5}, {}, "Deviance residuals against"),
        ("flat ~ x", {"family": "poisson"}, {}, "Quantile residuals against"),
        ("flat ~ x", {"family": "gaussian"}, {}, "no quantile residuals: a dispersion of 0"),
    ],
    ids=["gaussian", "binomial", "lasso", "ridge-interaction", "quasi", "no counts", "Tweedie 2.5",
         "constant", "exact"],
)  # fmt: skip
def test_other_models(formula, options, penalty, said, tmp_path):
    import pandas as pd

    rng = np.random.default_rng(0)
    n = 500
    data = pd.DataFrame({"x": rng.normal(size=n), "Area": rng.choice(list("ABC"), n)})
    data["y"] = rng.gamma(2.0, np.exp(0.3 * data["x"]))
    data["hit"] = rng.uniform(size=n) < 0.3
    data["w"], data["flat"] = rng.uniform(1.0, 2.0, n), 3.0
    result = rs.glm(formula, data, **options).fit(**penalty)
    page = result.report(tmp_path / "r.html", title="A <model>").read_text(encoding="utf-8")
    assert "<h1>A &lt;model&gt;</h1>" in page
    assert said in page


def test_a_model_of_an_array_has_no_factors_of_its_own(tmp_path):
    rng = np.random.default_rng(0)
    design = rng.normal(size=(300, 2))
    result = rs.fit_glm(rng.poisson(1.0, 300), design, "poisson")
    page = result.report(tmp_path / "r.html").read_text(encoding="utf-8")
    (coefficients,) = [t for name, t in Tables(page).tables.items() if "oefficients" in name]
    assert [row[0] for row in coefficients[1:]] == ["x0", "x1"]
    assert "actual and expected" not in page


def test_what_is_wrong_is_said_before_a_file_is_written(result, samples, tmp_path, monkeypatch):
    path = tmp_path / "r.html"
    with pytest.raises(ValueError, match="VehGaz"):
        result.report(path, categorical_factors=["VehGaz"])
    with pytest.raises(ValueError, match="Exposure"):
        result.report(path, test_data=samples[1].drop(columns="Exposure"))
    assert not path.exists()


def test_a_level_without_claims_and_a_package_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr("rustystats.report.model_report.PACKAGES", ("numpy", "no-such-package"))
    data = rs.datasets.make_motor_portfolio(500, seed=4)
    data.loc[data["Area"] == "F", "ClaimNb"] = 0
    with pytest.warns(UserWarning, match="separation"):
        result = rs.glm("ClaimNb ~ C(Area)", data, family="poisson", exposure="Exposure").fit()
    page = result.report(tmp_path / "r.html").read_text(encoding="utf-8")
    (level,) = result.separated
    assert f"The likelihood has no maximum along {level}." in page
    versions = {row[0]: row[1] for row in Tables(page).tables["Versions"][1:]}
    assert versions["no-such-package"] == "-"
