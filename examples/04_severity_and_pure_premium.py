"""
Severity and pure premium
=========================

What a policy costs in a year is a number of claims times the cost of a
claim. Two models, multiplied, or one Tweedie model of both at once? Either
way a few large claims decide, unless they are capped.
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
# names their folder, else a simulated portfolio with the same columns. A
# row is a policy; ``claims`` are the policies with a claim amount.

folder = rs.datasets.fremtpl2_folder()
if folder is None:
    data = rs.datasets.make_motor_portfolio(100_000, seed=1)
    claims = data[data["ClaimNb"] > 0].assign(PaidClaimNb=data["ClaimNb"])
else:
    data = rs.datasets.load_fremtpl2_freq(folder, cap=True)
    claims = rs.datasets.load_fremtpl2_claims_by_policy(folder, cap=True)

print("simulated portfolio" if folder is None else "French motor data")
print(f"{len(data):,} policies, {data['Exposure'].sum():,.0f} years")
print(f"{data['ClaimNb'].sum():,} claims")
print(f"{claims['PaidClaimNb'].sum():,} claims with an amount")

# %%
# Frequency and severity must be of the same claims: those that were paid
# for. A claim without an amount costs nothing, and counts in neither.
# Vehicles of 20 years and more are taken together. A quarter of the
# policies is held out.

paid = claims.set_index("IDpol")[["PaidClaimNb", "ClaimAmount"]]
data = data.drop(columns="ClaimAmount", errors="ignore").join(
    paid, on="IDpol"
)
data = data.fillna({"PaidClaimNb": 0, "ClaimAmount": 0.0})
data["VehAge"] = data["VehAge"].clip(upper=20)
held_out = np.random.default_rng(0).random(len(data)) < 0.25

# %%
# Large claims
# ------------
#
# How much of the total do the dearest one per cent of the policies with
# claims cost? A handful of claims says little of who has them, and much of
# who was unlucky. So costs are capped at a quantile, and what lies above it
# is spread over all premiums alike, as a loading.

costs = claims["ClaimAmount"] / claims["PaidClaimNb"]
cap = costs.quantile(0.99)
largest = (
    claims.loc[costs > cap, "ClaimAmount"].sum()
    / claims["ClaimAmount"].sum()
)
print(f"mean cost {costs.mean():,.0f}, median {costs.median():,.0f}")
print(f"largest {costs.max():,.0f}, cap {cap:,.0f}")
print(f"the dearest one per cent: {largest:.1%} of the total")

number = data["PaidClaimNb"].where(data["PaidClaimNb"] > 0)
data["Cost"] = (data["ClaimAmount"] / number).clip(upper=cap)
data["Capped"] = (data["Cost"] * number).fillna(0.0)
data["Premium"] = data["Capped"] / data["Exposure"]
train, holdout = data[~held_out], data[held_out]
loading = train["ClaimAmount"].sum() / train["Capped"].sum()
print(f"loading for what lies above: {loading:.3f}")

# %%
# Severity
# --------
#
# Gamma with a log link, weighted by the number of claims that the mean cost
# is of. The F tests are those for an estimated dispersion.

terms = (
    "ns(DrivAge, df=4) + log(BonusMalus) + VehPower + ns(VehAge, df=3)"
    " + log(Density) + C(VehGas)"
)
with_claims = train[train["PaidClaimNb"] > 0]
severity = rs.glm(
    f"Cost ~ {terms}", with_claims, family="gamma", weights="PaidClaimNb"
).fit()
severity.anova(test="F").round(4)

# %%
# Costs vary much more than frequencies do, and there are few of them:
# compare the F statistics with the relativities' intervals below. Factors
# that tell nothing are better left out of a severity model than fitted.

figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.6), layout="constrained")
severity.plot.actual_expected(
    "DrivAge", n_bins=10, max_levels=12, ax=axes[0]
)
ax = severity.plot.worm(ax=axes[1])

# %%
# Is the family right? Where the worm leaves the band, costs are not Gamma
# distributed (fixed amounts by agreement between insurers, for instance).
# The means may be right all the same, but the standard errors deserve a
# check: robust ones assume nothing about the distribution.

pd.DataFrame(
    {
        "column": severity.feature_names,
        "estimate": severity.params,
        "standard error": severity.bse(),
        "robust": severity.bse_robust(),
    }
).round(4)

# %%
# Frequency
# ---------

frequency = rs.glm(
    f"PaidClaimNb ~ {terms}", train, family="poisson", exposure="Exposure"
).fit()
frequency.anova().round(4)

# %%
# Both at once: Tweedie
# ---------------------
#
# A Tweedie family with a power between 1 and 2 is a Poisson number of Gamma
# costs. The response is the cost of a year, weighted by the years. The
# power is estimated by maximum likelihood; its standard error stands beside
# it.

tweedie = rs.glm(
    f"Premium ~ {terms}",
    train,
    family="tweedie",
    var_power="auto",
    weights="Exposure",
).fit()
print(f"power {tweedie.var_power:.3f} ({tweedie.var_power_se:.4f})")

# %%
# The same factor in the three models. Frequency times severity allows a
# factor to raise one and lower the other, and shows which; Tweedie sees the
# product alone. The fourth chart is what was paid in the holdout, capped,
# against the premium that Tweedie predicts.

figure, axes = plt.subplots(2, 2, figsize=(8.4, 7.4), layout="constrained")
models = {
    "frequency": frequency,
    "severity": severity,
    "pure premium": tweedie,
}
for ax, (name, result) in zip(axes.flat, models.items(), strict=False):
    result.plot.relativities("DrivAge", ax=ax)
    ax.set_xlabel(f"DrivAge: {name}")
ax = tweedie.plot.actual_expected(
    "DrivAge", holdout, n_bins=10, ax=axes[1, 1]
)

# %%
# In numbers, for some ages: the product of the two, and what Tweedie says.

ages = [18, 20, 25, 30, 40, 50, 60, 70, 80]
effects = {
    name: result.term_effects(
        "DrivAge", grid=ages, center="mean", exponentiate=True
    )["Effect"]
    for name, result in models.items()
}
table = (
    pd.DataFrame(effects, index=None)
    .assign(DrivAge=ages)
    .set_index("DrivAge")
)
table.assign(product=table["frequency"] * table["severity"]).round(3)

# %%
# Which predicts the holdout?
# ---------------------------
#
# Premiums for a year. Actual over expected, of capped amounts, is the
# level; the last column has the claims as they were and the loading (the
# holdout has its own luck with large ones). The deviance judges the
# differentiation, at one power for all: the smaller the better. Is the
# difference from the best large beside its standard error? The third line
# charges everybody the same.

products = frequency.predict(holdout, exposure=1.0) * severity.predict(
    holdout
)
one = train["Capped"].sum() / train["Exposure"].sum()
premiums = {
    "frequency x severity": products,
    "Tweedie": tweedie,
    "one premium for all": one,
}
table = rs.compare_predictions(
    holdout,
    premiums,
    y="Premium",
    weights="Exposure",
    family="tweedie",
    var_power=1.5,
)
paid_in_all = holdout["ClaimAmount"].sum()
table["Uncapped A/E"] = paid_in_all / (table["Predicted"] * loading)
table.set_index("Model").round(3)

# %%
# Where the two disagree most, at both ends, which is nearer to what was
# paid? Read the ratios of the first and the last part as well: if they are
# near 1, the choice hardly matters to anybody's premium.

ax = tweedie.plot.double_lift(
    products, holdout, names=("Tweedie", "frequency x severity")
)
tweedie.double_lift(products, holdout).round(3)

# %%
# The premium that is charged
# ---------------------------
#
# Risk premium of some policies, the loading for large claims included.

few = holdout.head()
few[["DrivAge", "BonusMalus", "VehPower", "VehGas"]].assign(
    Frequency=frequency.predict(few, exposure=1.0).round(4),
    Severity=severity.predict(few).round(0),
    Premium=(
        frequency.predict(few, exposure=1.0)
        * severity.predict(few)
        * loading
    ).round(2),
)

# %%

plt.show()
