"""
Claim frequency: from the data to the tariff
============================================

A frequency model as a pricing actuary builds one: look at the data, choose
the terms, test them, see what the model says and where it is wrong, judge
it on policies that it has not seen, and write down the tariff.
"""

import tempfile
import textwrap
from pathlib import Path

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
# Few vehicles are older than 20 years, and few drivers have a bonus-malus
# above 150: they are taken together. A quarter of the policies is put
# aside, drawn at random, and not looked at until there is a model.

data["VehAge"] = data["VehAge"].clip(upper=20)
data["BonusMalus"] = data["BonusMalus"].clip(upper=150)
held_out = np.random.default_rng(0).random(len(data)) < 0.25
train, holdout = data[~held_out], data[held_out]

# %%
# Look before fitting
# -------------------
#
# ``explore_data`` has the rates by factor, how much of the variance of the
# rates each factor explains, and which factors will be hard to tell apart.

found = rs.explore_data(
    train,
    response="ClaimNb",
    categorical_factors=["Area", "VehBrand", "VehGas", "Region"],
    continuous_factors=[
        "DrivAge",
        "BonusMalus",
        "VehAge",
        "VehPower",
        "Density",
    ],
    exposure="Exposure",
    family="poisson",
)
print(found)

# %%
# Look at the last lines. ``Area`` is made from ``Density``: the two are
# nearly the same, and one of them will do.
#
# A model
# -------
#
# Numeric factors are natural splines. Knots are at quantiles unless they
# are given: most drivers have the lowest bonus-malus, so its knots are set
# by hand. Density spans several powers of ten, so its logarithm enters.
# Levels of region and brand are compared with the one that has most
# exposure. ``validate`` looks for trouble before the fit: levels without
# claims, columns that say the same.

numeric = (
    "ns(DrivAge, df=5) + ns(BonusMalus, knots=[60, 80, 100])"
    " + ns(VehAge, df=4) + log(Density)"
)
model = rs.glm(
    f"ClaimNb ~ {numeric} + C(VehGas) + C(Area)"
    " + C(VehBrand, ref='most_exposed') + C(Region, ref='most_exposed')",
    train,
    family="poisson",
    exposure="Exposure",
)
print(model.validate())

# %%

result = model.fit()
print(f"{len(result.params)} coefficients, AIC {result.aic():,.1f}")

# %%
# Does each factor belong in the tariff?
# --------------------------------------
#
# One likelihood-ratio test a factor, all its columns at once: by how much
# the deviance rises without it. The more policies, the smaller the effects
# that are significant; the chi-square per degree of freedom says what
# matters.

tests = result.anova()
tests.assign(**{"Chisq / Df": tests["Chisq"] / tests["Df"]}).round(4)

# %%
# Area has little to add to density and needs five coefficients; the tariff
# can do without it. AIC compares the two models.

tariff = rs.glm(
    f"ClaimNb ~ {numeric} + C(VehGas)"
    " + C(VehBrand, ref='most_exposed') + C(Region, ref='most_exposed')",
    train,
    family="poisson",
    exposure="Exposure",
).fit()
compared = rs.compare(without_area=tariff, with_area=result)
columns = ["Model", "Df", "AIC", "Chisq", "Df Difference", "Pr(>Chisq)"]
compared[columns].round(3)

# %%
# Is something missing? ``add1`` tests terms that the model does not have,
# without fitting them: here the power, the area once more, and whether fuel
# matters more for old vehicles or old drivers. A large chi-square is a term
# to try.

candidates = "C(VehPower) + C(Area) + C(VehGas):DrivAge + C(VehGas):VehAge"
tariff.add1(candidates).round(4)

# %%
# What the model says
# -------------------
#
# Relativities with 95 % intervals, over the exposure behind them. The base
# is the darker column. Read the intervals first: a spline may bend where
# there is hardly any exposure.

figure, axes = plt.subplots(2, 2, figsize=(8.4, 7), layout="constrained")
for ax, factor in zip(
    axes.flat, ["DrivAge", "BonusMalus", "VehAge", "VehBrand"], strict=True
):
    tariff.plot.relativities(factor, ax=ax)

# %%

ax = tariff.plot.relativities("Region")

# %%
# Actual against expected
# -----------------------
#
# Observed and predicted rates by level. Of a factor with levels in the
# model they agree on the policies of the fit by construction, so that the
# holdout is the test. Of a factor that the model does not have, a pattern
# in the difference is a factor missing.

figure, axes = plt.subplots(2, 2, figsize=(8.4, 7), layout="constrained")
tariff.plot.actual_expected("DrivAge", holdout, ax=axes[0, 0])
tariff.plot.actual_expected("BonusMalus", holdout, ax=axes[0, 1])
tariff.plot.actual_expected("Region", holdout, ax=axes[1, 0])
tariff.plot.actual_expected("VehPower", holdout, ax=axes[1, 1])
axes[1, 1].set_xlabel("VehPower (not in the model)")

# %%
# On policies that the model has not seen
# ---------------------------------------
#
# The same numbers on both parts. Balance (actual over expected) should be
# near 1 on the holdout, and its Gini and deviance hardly worse than those
# of the fit: if they are much worse, the model has learned noise.

parts = {"fit": tariff.evaluate(), "holdout": tariff.evaluate(holdout)}
numbers = ["actual_expected", "mean_deviance", "deviance_explained", "gini"]
pd.DataFrame(
    {
        name: [getattr(found, number) for number in numbers]
        for name, found in parts.items()
    },
    index=numbers,
).round(4)

# %%
# Calibration: observed against predicted rates in ten parts of equal
# exposure, from the lowest prediction to the highest. Lorenz: the share of
# claims in the policies predicted lowest.

figure, axes = plt.subplots(1, 2, figsize=(8.4, 4), layout="constrained")
tariff.plot.calibration(holdout, ax=axes[0])
ax = tariff.plot.lorenz(holdout, ax=axes[1])

# %%
# Against the tariff in force
# ---------------------------
#
# Say the present tariff knows bonus-malus and the area, nothing else. The
# double lift sorts the policies by the ratio of the two predictions. At
# both ends they disagree most, and the better model is the one that follows
# what was observed: where the ratio is low, policies are overcharged today;
# where it is high, they are sold too cheaply.

present = rs.glm(
    "ClaimNb ~ BonusMalus + C(Area)",
    train,
    family="poisson",
    exposure="Exposure",
).fit()
ax = tariff.plot.double_lift(
    present, holdout, names=("new tariff", "present tariff")
)

# %%
# Diagnostics
# -----------
#
# Quantile residuals are standard normal for a right model, for counts as
# well. The line is their mean in twenty groups: it should stay at 0, from
# the lowest to the highest prediction.

figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.6), layout="constrained")
tariff.plot.residuals(ax=axes[0])
ax = tariff.plot.worm(ax=axes[1])

# %%
# ``diagnostics`` has everything in numbers, by factor, and as JSON. Its
# warnings are where to look first. Interactions are pairs of factors whose
# cells differ from what the model says, with the share of the residual
# variance that they explain; if none is printed, none was found.

diagnostics = tariff.diagnostics(
    categorical_factors=["Region", "VehBrand", "VehGas"],
    continuous_factors=["DrivAge", "BonusMalus", "VehAge", "VehPower"],
)
for warning in diagnostics.warnings:
    print(textwrap.fill(f"{warning.type}: {warning.message}", 80))
for pair in diagnostics.interaction_candidates:
    share = pair.interaction_strength
    print(f"interaction {pair.factor1} x {pair.factor2}: {share:.4%}")

# %%
# The tariff
# ----------
#
# Base rate times one relativity from each factor is the prediction,
# exactly. Of factors with levels the table has all of them; of numeric ones
# a tariff prints some values.

table = tariff.relativities()
levels = table[
    table["Factor"].isin(["Base", "VehGas", "VehBrand", "Region"])
]
levels.set_index(["Factor", "Level"]).round(3)

# %%

values = {
    "DrivAge": [18, 20, 25, 30, 40, 50, 60, 70, 80],
    "BonusMalus": [50, 60, 80, 100, 125, 150],
    "VehAge": [0, 1, 2, 5, 10, 15, 20],
    "Density": [10, 100, 1_000, 10_000],
}
pd.concat(
    tariff.term_effects(factor, grid=grid, exponentiate=True)
    for factor, grid in values.items()
).round(3)

# %%
# Does the printed tariff give what the model predicts? One policy by hand:

policy = holdout.head(1)
relativity = table.set_index(["Factor", "Level"])["Relativity"]
rate = relativity["Base", ""]
for factor in [
    "DrivAge",
    "BonusMalus",
    "VehAge",
    "Density",
    "VehBrand",
    "VehGas",
    "Region",
]:
    part = relativity[factor, str(policy[factor].iloc[0])]
    rate *= part
    print(f"{factor:12} {policy[factor].iloc[0]!s:>8} {part:8.3f}")
predicted = tariff.predict(policy, exposure=1.0)[0]
print(f"claims a year {rate:.5f}, by the model {predicted:.5f}")

# %%
# Save it
# -------
#
# The file is readable JSON with everything learned, and no data. A loaded
# model predicts, and prints summary and relativities.
# ``tariff.report("report.html")`` writes all of this page, and more, in one
# file for others to read.

with tempfile.TemporaryDirectory() as place:
    path = Path(place) / "frequency.json"
    tariff.save(path)
    loaded = rs.load(path)
    print(f"{path.stat().st_size / 1024:.0f} kB")
same = np.array_equal(loaded.predict(holdout), tariff.predict(holdout))
print("the loaded model predicts the same:", same)

# %%

plt.show()
