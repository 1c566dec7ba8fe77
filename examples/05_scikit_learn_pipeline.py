"""
A scikit-learn pipeline with grid search
========================================

``GLMRegressor``, ``SplineTransformer`` and ``TargetEncoder`` are
scikit-learn estimators: they go into a ColumnTransformer, a Pipeline and a
search like any other. What is special in insurance is the exposure, which
has to reach the model, the encoder and the score. Metadata routing brings
it there (through a search into a Pipeline from scikit-learn 1.8 on).
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import PoissonRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import rustystats as rs

# %%
# Data
# ----
#
# The French motor data where the environment variable ``RUSTYSTATS_DATA``
# names their folder, else a simulated portfolio with the same columns.

folder = rs.datasets.fremtpl2_folder()
if folder is None:
    data = rs.datasets.make_motor_portfolio(100_000, seed=1)
else:
    data = rs.datasets.load_fremtpl2_freq(folder, cap=True)

print("simulated portfolio" if folder is None else "French motor data")
print(f"{len(data):,} policies, {data['Exposure'].sum():,.0f} years")
print(f"{data['ClaimNb'].sum():,} claims")

# %%
# Region and brand together are one factor with many levels, which will be
# encoded by its claim rate.

data["RegionBrand"] = (
    data["Region"].astype(str) + " " + data["VehBrand"].astype(str)
)
order = np.random.default_rng(0).permutation(len(data))
train, holdout = data.iloc[order[:20_000]], data.iloc[order[40_000:]]
print(data["RegionBrand"].nunique(), "levels")

# %%
# The pipeline
# ------------
#
# Each step says what it asks for: the encoder and the model want the
# exposure, the model's score as well, for claims are judged against the
# claims expected in the time insured. Everything else is plain
# scikit-learn.

sklearn.set_config(enable_metadata_routing=True)

encoder = rs.TargetEncoder(seed=1).set_fit_request(exposure=True)
splines = rs.SplineTransformer(kind="ns")
model = rs.GLMRegressor("poisson")
model = model.set_fit_request(exposure=True).set_score_request(
    exposure=True
)
columns = ColumnTransformer(
    [
        ("splines", splines, ["DrivAge", "VehAge"]),
        ("rate", encoder, ["RegionBrand"]),
        (
            "levels",
            OneHotEncoder(drop="first", sparse_output=False),
            ["Area", "VehGas"],
        ),
        ("numbers", "passthrough", ["BonusMalus", "VehPower"]),
    ],
    verbose_feature_names_out=False,
).set_output(transform="pandas")
pipeline = make_pipeline(columns, model)

# %%
# The search
# ----------
#
# The exposure is given once, to the search, and reaches each step with the
# rows of each fold. In each fold knots and rates are learned anew from the
# rows that are fitted, so that no row is judged by what it taught. The
# score is the share of the deviance explained (D2).

grid = {
    "columntransformer__splines__df": [4, 8],
    "columntransformer__rate__prior_weight": [1.0, 30.0],
    "glmregressor__alpha": [1e-4, 1e-3],
}
search = GridSearchCV(pipeline, grid, cv=3)
search.fit(train, train["ClaimNb"], exposure=train["Exposure"])
for name, value in search.best_params_.items():
    print(name, value)

# %%
# The candidates by their score. The spread over the folds is mostly that of
# the claims in them, the same for all candidates.

results = pd.DataFrame(search.cv_results_)
names = {f"param_{name}": name.rpartition("__")[2] for name in grid}
shown = ["rank_test_score", "mean_test_score", "std_test_score"]
results.sort_values("rank_test_score")[[*names, *shown]].rename(
    columns=names
).round(5)

# %%
# What was found
# --------------
#
# The last step is a fitted model with all its answers in ``result_``; names
# of columns come from the transformers. A ridge has standard errors, of the
# shrunken estimates.

best = search.best_estimator_
result = best[-1].result_
result.coef_table().head(12).round(4)

# %%
# On policies that the search has not seen:

score = best.score(
    holdout, holdout["ClaimNb"], exposure=holdout["Exposure"]
)
print(f"share of the deviance explained: {score:.4f}")

# %%
# Charts need rows as the model sees them: the transformed columns, with
# response and exposure.

X = best[:-1].transform(holdout)
given = {"y": holdout["ClaimNb"], "exposure": holdout["Exposure"]}
figure, axes = plt.subplots(1, 2, figsize=(8.4, 4), layout="constrained")
result.plot.lift(X, ax=axes[0], **given)
ax = result.plot.calibration(X, ax=axes[1], **given)

# %%
# Against scikit-learn's PoissonRegressor
# ---------------------------------------
#
# PoissonRegressor knows no exposure: it takes rates, weighted by the years.
# That is the same model. (The penalty is held against the mean deviance,
# over rows in one and over years in the other, so alpha is rescaled.) On
# the same columns the coefficients agree; what it does not have are
# standard errors, tests, and everything else that ``result_`` answers.

X = columns.fit_transform(
    train, train["ClaimNb"], exposure=train["Exposure"]
)
y, exposure, alpha = train["ClaimNb"], train["Exposure"], 1e-3
ours = rs.GLMRegressor("poisson", alpha=alpha).fit(X, y, exposure=exposure)
theirs = PoissonRegressor(
    alpha=alpha * len(X) / exposure.sum(),
    solver="newton-cholesky",
    tol=1e-8,
).fit(X, y / exposure, sample_weight=exposure)
print(
    "largest difference of a coefficient:",
    f"{abs(ours.coef_ - theirs.coef_).max():.1e}",
)

# %%

sklearn.set_config(enable_metadata_routing=False)
plt.show()
