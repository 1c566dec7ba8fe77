"""What a fitted model adds to scikit-learn's HTML diagrams."""

import re

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rustystats import GLMClassifier, GLMRegressor, GLMRegressorCV

N = 1_200
RNG = np.random.default_rng(8)
X = RNG.normal(size=(N, 2))
Y = RNG.gamma(2.0, np.exp(X @ [0.3, -0.2]) / 2.0)


def captions(estimator):
    return re.findall(r'<div class="caption">(.*?)</div>', estimator._repr_html_())


def test_family_link_dispersion_and_rows():
    model = GLMRegressor("gamma").fit(X, Y)
    (caption,) = captions(model)
    assert caption == (
        f"gamma family, log link, dispersion {model.result_.scale():.4g}, 1,200 rows, converged "
        f"in {model.n_iter_} steps"
    )
    assert captions(GLMRegressor("gamma")) == []
    assert "GLMRegressor" in GLMRegressor("gamma")._repr_html_()


def test_penalty_parameter_and_convergence():
    ridge = GLMRegressor("tweedie", var_power=1.7, alpha=0.025).fit(X, Y)
    assert re.match(
        r"Tweedie\(var_power=1\.7000\) family, log link, dispersion 0\.\d+, alpha 0\.025, "
        r"l1_ratio 0, 1,200 rows, converged in \d+ steps$",
        *captions(ridge),
    )
    with pytest.warns(ConvergenceWarning):
        short = GLMRegressor("gamma", max_iter=1).fit(X, Y)
    assert captions(short)[0].endswith("NOT converged in 1 step")
    saturated = GLMRegressor().fit(X[:3], Y[:3])
    assert "dispersion -, 3 rows" in captions(saturated)[0]
    chosen = GLMRegressorCV("gamma", n_alphas=3, cv=2, random_state=0).fit(X, Y)
    assert f"alpha {chosen.alpha_:.4g}, l1_ratio 1," in captions(chosen)[0]
    classes = GLMClassifier("cloglog").fit(X, Y > 1)
    assert captions(classes)[0].startswith("binomial family, cloglog link, dispersion 1, 1,200")


def test_inside_pipelines_and_searches():
    pipeline = make_pipeline(StandardScaler(), GLMRegressor("gamma"))
    search = GridSearchCV(pipeline, {"glmregressor__alpha": [0.0, 0.5]}, cv=2).fit(X, Y)
    expected = captions(search.best_estimator_[-1])
    assert "gamma family" in expected[0]
    assert [text for text in captions(search) if "gamma" in text] == expected
    assert not any("gamma" in text for text in captions(pipeline))


def test_what_users_wrote_is_escaped():
    data = pd.DataFrame({"<b>": X[:, 0]})
    model = GLMRegressor("gamma", formula="`<b>`").fit(data, Y)
    html = model._repr_html_()
    assert "gamma family" in captions(model)[0]
    assert "<b>`" not in html
    assert model._repr_mimebundle_()["text/plain"] == repr(model)
    with sklearn.config_context(display="text"):
        assert not hasattr(model, "_repr_html_")
