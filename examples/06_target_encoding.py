"""
A factor with many levels: target encoding
==========================================

A town, a vehicle model, a postcode: thousands of levels, most of them with
a handful of policies. Four ways to use such a factor, judged on policies
that none of them has seen: the mean of each level (which leaks), ordered
statistics (which do not), scikit-learn's TargetEncoder, and a coefficient
for each level under a ridge penalty.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.preprocessing import TargetEncoder

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
# Policies of one region and one density of population live in the same
# town, or in towns alike: together the two columns are a factor with
# thousands of levels.

data["Town"] = (
    data["Region"].astype(str) + " " + data["Density"].astype(str)
)
held_out = np.random.default_rng(0).random(len(data)) < 0.25
train, holdout = data[~held_out].copy(), data[held_out].copy()
years = train.groupby("Town")["Exposure"].sum()
print(f"{len(years):,} towns in {len(train):,} policies")
print(f"half of them have less than {years.median():.1f} years insured")
unseen = ~holdout["Town"].isin(years.index)
print(f"{unseen.mean():.1%} of the policies held out: a new town")

# %%
# The naive mean leaks
# --------------------
#
# The claim rate of each town, drawn towards the rate of all by the weight
# of one year: the obvious encoding. But a row's own claims are part of its
# town's rate. In a town with one policy the encoding is the response
# itself, and the model believes it.

base = "ClaimNb ~ ns(DrivAge, df=4) + log(BonusMalus)"
overall = train["ClaimNb"].sum() / train["Exposure"].sum()
sums = train.groupby("Town")[["ClaimNb", "Exposure"]].sum()
rates = (sums["ClaimNb"] + overall) / (sums["Exposure"] + 1.0)
for rows in (train, holdout):
    rows["Naive"] = rows["Town"].map(rates).fillna(overall)


def fit(terms, **options):
    """A Poisson model of the training rows: age, malus and more."""
    model = rs.glm(
        f"{base}{terms}", train, family="poisson", exposure="Exposure"
    )
    return model.fit(**options)


models = {"without the town": fit(""), "naive mean": fit(" + Naive")}

# %%
# Ordered statistics do not
# -------------------------
#
# ``TE(Town)`` shows each row only the rows of its town that come before it
# in a random order, averaged over a few orders. Its own response is never
# among them. New rows see all of them. ``prior_weight`` is the number of
# years that the overall rate counts for: the more, the less a town with few
# policies is believed.

for weight in (1, 10, 100):
    models[f"TE, prior weight {weight}"] = fit(
        f" + TE(Town, prior_weight={weight})"
    )

# %%
# The coefficient of the encoding tells the story: the naive one is highly
# significant whether or not towns differ at all.

pd.DataFrame(
    [
        {
            "model": name,
            "coefficient": result.params[-1],
            "z": result.tvalues()[-1],
        }
        for name, result in models.items()
        if name != "without the town"
    ]
).round(2)

# %%
# scikit-learn's TargetEncoder
# ----------------------------
#
# It avoids the leak in another way: each fifth of the rows, drawn at
# random, is encoded by the other four. It knows no exposure, so it is given
# the claims a year, and a row counts the same however short its time.

encoder = TargetEncoder(target_type="continuous")
rate = train["ClaimNb"] / train["Exposure"]
train["Folds"] = encoder.fit_transform(train[["Town"]], rate)[:, 0]
holdout["Folds"] = encoder.transform(holdout[["Town"]])[:, 0]
models["scikit-learn's TargetEncoder"] = fit(" + Folds")

# %%
# A coefficient for each town
# ---------------------------
#
# One-hot with a ridge penalty: thousands of columns, each drawn to 0 the
# more, the less its town is known. The other terms are not penalised. A
# town that was not seen has the effect 0 of the reference. Several
# strengths, as there were several priors; cross-validation would choose.

terms = " + C(Town, handle_unknown='reference')"
free = {"ns(DrivAge, df=4)": 0.0, "log(BonusMalus)": 0.0}
for alpha in (1e-5, 1e-4, 1e-3):
    models[f"ridge, alpha {alpha:g}"] = fit(
        terms, alpha=alpha, penalty_factor=free
    )

# %%
# And the two columns that the towns were made of, a level for each region
# and a curve of density:

models["region and density"] = fit(" + C(Region) + ns(log(Density), df=4)")

# %%
# On policies that were held out
# ------------------------------
#
# The share of the deviance explained, and the Gini: on the rows of the fit
# and on those held out. The naive mean explains most where it learned, and
# least where it counts. For the others look at the distance between the
# two, and at whether they beat the model without the town at all: with few
# policies a town, knowing the town may be worth nothing. Rows of the fit
# see half of their town on average, so a heavy prior draws them in more
# than it does new rows: compare a few.

rows = []
for name, result in models.items():
    fitted, new = result.evaluate(), result.evaluate(holdout)
    rows.append(
        {
            "model": name,
            "explained, fit": fitted.deviance_explained,
            "explained, holdout": new.deviance_explained,
            "Gini, fit": fitted.gini,
            "Gini, holdout": new.gini,
        }
    )
pd.DataFrame(rows).set_index("model").round(4)

# %%
# The leak as a picture: observed against predicted rates of the holdout,
# from the lowest prediction to the highest. The naive model promises
# differences that are not there; those of the ordered statistics are.

figure, axes = plt.subplots(1, 2, figsize=(8.4, 4), layout="constrained")
for ax, name in zip(
    axes, ["naive mean", "TE, prior weight 1"], strict=True
):
    models[name].plot.calibration(holdout, ax=ax)
    ax.set_xlabel(f"predicted: {name}")

# %%
# And against each other, where they disagree:

ax = models["TE, prior weight 1"].plot.double_lift(
    models["naive mean"],
    holdout,
    names=("ordered statistics", "naive mean"),
)

# %%

plt.show()
