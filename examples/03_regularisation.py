"""
Regularisation with cross-validation
====================================

With many candidate columns the maximum likelihood fit takes noise for
effects. A lasso leaves out what it cannot tell from noise. How strong its
penalty should be is what cross-validation finds, and stability selection
says which columns it would choose again on other data.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

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
# On hundreds of thousands of policies a penalty changes little. It matters
# where data are few, so the models are fitted to a sample, as of a branch
# office, and judged on all other policies.

order = np.random.default_rng(0).permutation(len(data))
train, holdout = data.iloc[order[:40_000]], data.iloc[order[40_000:]]

# %%
# Many candidates
# ---------------
#
# Main effects, and the interactions of fuel with brand and with area. Many
# of these columns will be nothing.

model = rs.glm(
    "ClaimNb ~ ns(DrivAge, df=4) + log(BonusMalus) + VehPower"
    " + ns(VehAge, df=3) + log(Density) + C(Region)"
    " + C(VehBrand) * C(VehGas) + C(Area) * C(VehGas)",
    train,
    family="poisson",
    exposure="Exposure",
)
print(model.n_params, "columns")

# %%
# The lasso path
# --------------
#
# Coefficients along decreasing penalties, from the empty model on.
# ``standardize=True`` penalises each coefficient in units of its column's
# standard deviation, which is fair to columns of different size;
# coefficients remain those of the columns as they are.

path = model.regularization_path(
    n_alphas=30, alpha_min_ratio=1e-3, standardize=True
)
ax = path.plot()

# %%
# ``kkt`` is the largest violation of the conditions for a minimum: each fit
# is proved.

steps = pd.DataFrame(
    {"alpha": path.alphas, "columns": path.n_nonzero, "kkt": path.kkt}
)
steps.iloc[::5]

# %%
# Cross-validation
# ----------------
#
# The path again on four fifths of the policies at a time, each scored by
# the deviance of the fifth held out. The best alpha keeps what predicts;
# within one standard error of it the score cannot be told from the best,
# and the largest such alpha gives the sparser model (``selection="1se"``).
# Where claims are rare that error is large, as it is here, and the model
# very sparse: look at how far the score falls between the two lines before
# you take it.

best = model.fit(
    regularization="lasso",
    cv=5,
    n_alphas=20,
    alpha_min_ratio=1e-2,
    random_state=0,
    standardize=True,
)
found = best.cv_result
print(f"best alpha {found.alpha_best:.2g}")
print(f"within one standard error {found.alpha_1se:.2g}")
ax = found.plot()

# %%
# Both models come from the same cross-validation.

sparse = best.cv_result.result_1se
print("sparse:", ", ".join(sparse.selected_features()))
print("best:", *best.selected_features(), sep="\n  ")

# %%
# Whole factors
# -------------
#
# A lasso picks single levels. A group lasso (``group="term"``) lets a
# factor in or leaves it out as a whole, which is what a tariff needs.

grouped = model.fit(
    regularization="lasso",
    group="term",
    cv=5,
    n_alphas=10,
    alpha_min_ratio=1e-2,
    random_state=0,
    standardize=True,
)
print(f"{grouped.n_nonzero()} columns at alpha {grouped.alpha:.2g}")

# %%
# Would it choose them again?
# ---------------------------
#
# The lasso path on halves of the policies, many times over. A column that
# is chosen on most halves is stable. The number of false ones among them is
# bounded (the bound holds for the alphas down to which the paths go: the
# further down, the more is chosen and the less it says).

stable = model.stability_selection(
    n_subsamples=20,
    n_alphas=12,
    max_false=1.0,
    random_state=0,
    standardize=True,
)
print("stable:", ", ".join(stable.selected()))
print(f"false ones expected: at most {stable.expected_false():.2f}")
ax = stable.plot()

# %%
# Without the penalty
# -------------------
#
# A lasso shrinks what it keeps. ``refit_selected`` fits the chosen columns
# without penalty. Its standard errors are too small, as the same data chose
# the columns, and its summary says so.

refit = best.refit_selected()
print(refit.note)
refit.coef_table().head(12).round(4)

# %%
# Which model predicts?
# ---------------------
#
# On policies that none of them has seen: mean deviance, by how much it is
# above the best one's, with the standard error of that difference, the
# share explained, Gini. Compare the fit of all columns with the penalised
# ones, and the lasso with its refit. A ridge keeps all columns and shrinks
# them.

ridge = model.fit(
    regularization="ridge",
    cv=5,
    n_alphas=10,
    random_state=0,
    standardize=True,
)
models = {
    "no penalty": model.fit(),
    "ridge": ridge,
    "lasso, best": best,
    "its refit": refit,
    "lasso, one standard error": sparse,
    "group lasso": grouped,
}
table = rs.compare_predictions(
    holdout, models, y="ClaimNb", exposure="Exposure", family="poisson"
)
table.insert(1, "Columns", [one.n_nonzero() for one in models.values()])
table.drop(columns=["Actual", "Predicted"]).round(5)

# %%
# The same as a picture: where the best lasso and the fit without penalty
# disagree, which follows what was observed?

ax = best.plot.double_lift(
    models["no penalty"], holdout, names=("lasso", "no penalty")
)

# %%

plt.show()
