"""
Getting started: every family once
==================================

A GLM has three parts: a family (how the variance follows the mean), a link
(on which scale effects add up) and terms (what the mean depends on). This
page fits each family once, on the response that it is for, and shows both
faces of the package: a formula as in R, and a scikit-learn estimator.
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

data[
    ["ClaimNb", "Exposure", "DrivAge", "BonusMalus", "Area", "VehGas"]
].head()

# %%
# Numbers of claims: Poisson
# --------------------------
#
# Claims happen one by one, so the Poisson family is where to begin. Its
# link is the logarithm, and effects multiply. ``exposure=`` is the time
# insured: twice the time, twice the claims. The age of the driver enters as
# a smooth curve (a B-spline), bonus-malus by its logarithm, area and fuel
# with a level of their own each.

terms = "bs(DrivAge, df=5) + log(BonusMalus) + C(Area) + C(VehGas)"
poisson = rs.glm(
    f"ClaimNb ~ {terms}", data, family="poisson", exposure="Exposure"
).fit()
print(poisson.summary())

# %%
# Coefficients are on the logarithmic scale, and those of a spline mean
# nothing one by one. The chart shows what a factor does: the relativity of
# each value to the base, with 95 % intervals, over the exposure behind it.
# Where there is little exposure the interval is wide.

figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.6), layout="constrained")
for ax, factor in zip(axes, ["DrivAge", "Area"], strict=True):
    poisson.plot.relativities(factor, ax=ax)

# %%
# A prediction is of the claims in the time insured; ``exposure=1.0`` gives
# those of a year.

few = data.head()
pd.DataFrame(
    {
        "Exposure": few["Exposure"],
        "claims expected": poisson.predict(few),
        "claims a year": poisson.predict(few, exposure=1.0),
    }
).round(4)

# %%
# The same as a scikit-learn estimator
# ------------------------------------
#
# ``GLMRegressor`` is the same engine with ``fit``, ``predict`` and
# ``score``, for Pipelines and searches. ``result_`` has everything that the
# formula face answers.

model = rs.GLMRegressor("poisson", formula=terms, exposure="Exposure")
model.fit(data, data["ClaimNb"])
print(
    "the same coefficients:", np.allclose(model.coef_, poisson.params[1:])
)
print(
    "share of the deviance explained:",
    round(model.score(data, data["ClaimNb"]), 4),
)

# %%
# Without a formula all columns are features, texts as factors and numbers
# as they are:

features = data[["DrivAge", "BonusMalus", "Area", "VehGas", "Exposure"]]
model = rs.GLMRegressor("poisson", exposure="Exposure").fit(
    features, data["ClaimNb"]
)
model.result_.coef_table().round(4)

# %%
# Numbers of claims that vary more: quasi-Poisson, negative binomial
# ------------------------------------------------------------------
#
# Drivers differ in more than the factors show, so claims may vary more than
# Poisson allows, and its standard errors are then too small. Two ways out:
#
# * ``quasipoisson`` keeps the coefficients and multiplies the errors by the
#   root of a dispersion that is estimated. It has no likelihood of its own,
#   so no AIC.
# * ``negbinomial`` has the variance mu + mu^2 / theta, with theta estimated
#   by maximum likelihood. The smaller theta, the further from Poisson.

quasi = rs.glm(
    f"ClaimNb ~ {terms}", data, family="quasipoisson", exposure="Exposure"
).fit()
negative = rs.glm(
    f"ClaimNb ~ {terms}", data, family="negbinomial", exposure="Exposure"
).fit()
print(f"theta {negative.theta:.2f}, standard error {negative.theta_se:.2f}")

at = poisson.feature_names.index("log(BonusMalus)")
pd.DataFrame(
    [
        {
            "family": family,
            "log(BonusMalus)": result.params[at],
            "standard error": result.bse()[at],
            "dispersion": result.scale(),
            "AIC": np.nan if family == "quasipoisson" else result.aic(),
        }
        for family, result in [
            ("poisson", poisson),
            ("quasipoisson", quasi),
            ("negbinomial", negative),
        ]
    ]
).round(4)

# %%
# Compare the standard errors of the three, and the AIC of the two that have
# one: a negative binomial with a clearly smaller AIC says that there is
# more spread than Poisson allows. Beware of the dispersion at low
# frequencies: it hangs on the few policies with a claim in a short time.
#
# Yes or no: binomial
# -------------------
#
# Whether a policy has any claim. With the link ``cloglog`` and the
# logarithm of the exposure as an offset, the coefficients are those of
# claim rates, as in the Poisson model: the two columns agree as far as one
# bit a policy (a claim or none) knows what the number of claims says.

data["AnyClaim"] = (data["ClaimNb"] > 0).astype(int)
data["LogExposure"] = np.log(data["Exposure"])
binomial = rs.glm(
    f"AnyClaim ~ {terms} + offset(LogExposure)",
    data,
    family="binomial",
    link="cloglog",
).fit()
pd.DataFrame(
    {
        "column": poisson.feature_names,
        "poisson": poisson.params,
        "cloglog": binomial.params,
    }
).round(3)

# %%
# Proportions are binomial with the number of trials as weights. If groups
# differ more than chance allows, ``quasibinomial`` says so by a dispersion
# above 1: here the share of policies with a claim, by region and brand,
# explained by the brand alone.

cells = data.groupby(["Region", "VehBrand"], observed=True)["AnyClaim"].agg(
    ["mean", "size"]
)
cells = cells.reset_index().rename(
    columns={"mean": "Share", "size": "Policies"}
)
shares = rs.glm(
    "Share ~ C(VehBrand)", cells, family="quasibinomial", weights="Policies"
).fit()
print(f"{len(cells)} cells, dispersion {shares.scale():.2f}")

# %%
# Costs of claims: Gamma, inverse Gaussian, Gaussian
# --------------------------------------------------
#
# The mean cost of a policy's claims, weighted by their number; the dearest
# one per cent is capped, as a few very large claims would decide
# everything. Gamma has a constant coefficient of variation; inverse
# Gaussian a variance that grows with the cube of the mean, for heavier
# tails. Gaussian is for anything with a constant variance, as the logarithm
# of the cost roughly has. For these three the dispersion is estimated.

costs = claims["ClaimAmount"] / claims["PaidClaimNb"]
claims["Cost"] = costs.clip(upper=costs.quantile(0.99))
terms = "bs(DrivAge, df=4) + log(BonusMalus) + VehPower"
severities = {
    family: rs.glm(
        f"Cost ~ {terms}",
        claims,
        family=family,
        link="log",
        weights="PaidClaimNb",
    ).fit()
    for family in ["gamma", "inverse_gaussian"]
}
severities["gaussian of the logarithm"] = rs.glm(
    f"log(Cost) ~ {terms}", claims, family="gaussian", weights="PaidClaimNb"
).fit()

# %%
# Worm plots judge the families: ordered quantile residuals, less what is
# expected of them. A worm within the band is a good fit, a slope a wrong
# spread, a bend skewness, an S tails that are heavier or lighter than the
# family's.

figure, axes = plt.subplots(1, 3, figsize=(10, 3.6), layout="constrained")
for ax, (family, result) in zip(axes, severities.items(), strict=True):
    result.plot.worm(ax=ax)
    ax.set_title(family, loc="left", pad=32)

# %%
# A family can fit the single claim badly and the mean well. Predicted over
# paid, of the whole portfolio: Gamma with a log link is close to 1, while
# the exponential of a mean logarithm is well below. It is nearer to the
# median than to the mean, and would not pay for the claims.

paid = (claims["Cost"] * claims["PaidClaimNb"]).sum()
for family, result in severities.items():
    cost = np.asarray(result.fittedvalues)
    cost = np.exp(cost) if family.startswith("gaussian") else cost
    print(f"{family:26} {(cost * claims['PaidClaimNb']).sum() / paid:.3f}")

# %%
# Pure premiums: Tweedie
# ----------------------
#
# What a policy costs in a year: mostly nothing, else an amount. A Tweedie
# family with a power between 1 and 2 is a Poisson number of Gamma costs,
# zeros included. Costs per year are weighted by the years.
# ``var_power="auto"`` would estimate the power; the example of pure
# premiums does so.

amounts = (claims["Cost"] * claims["PaidClaimNb"]).set_axis(claims["IDpol"])
data["Premium"] = data["IDpol"].map(amounts).fillna(0.0) / data["Exposure"]
tweedie = rs.glm(
    "Premium ~ log(BonusMalus) + C(Area)",
    data,
    family="tweedie",
    var_power=1.5,
    weights="Exposure",
).fit()
ax = tweedie.plot.relativities("Area")

# %%
# All of them
# -----------
#
# The dispersion of Poisson, binomial and negative binomial is 1 by
# definition. The share of the deviance explained is small for single
# policies whatever the model: most of what happens to one of them in a year
# is chance.

fits = [
    poisson,
    quasi,
    negative,
    binomial,
    shares,
    *severities.values(),
    tweedie,
]
pd.DataFrame(
    [
        {
            "family": result.family,
            "link": result.link,
            "response": result.response,
            "rows": result.nobs,
            "dispersion": result.scale(),
            "explained": 1 - result.deviance / result.null_deviance(),
        }
        for result in fits
    ]
).round(4)

# %%

plt.show()
