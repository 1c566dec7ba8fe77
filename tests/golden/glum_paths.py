"""Golden values of tests/test_golden_glum.py, by glum. Run in this folder: python glum_paths.py

Needs ``pip install glum``, which rustystats does not. The data are those of `glmnet_R.json`.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from glum import GeneralizedLinearRegressor

# --- What glum minimises, and what we do ----------------------------------------------------------
#
# Ours, with d the unit deviance and the intercept free:
#   1 / (2 sum w) sum_i w_i d(y_i, mu_i)
#     + alpha (l1_ratio sum_j v_j |b_j| + (1 - l1_ratio) / 2 sum_j v_j b_j^2)
# glum's is the same with P1_j for v_j in the first sum and P2_j in the second, so penalty factors
# are given as both. scale_predictors=False: what `standardize` does here is another thing there.

DATA = json.loads(Path("glmnet_R.json").read_text())
X = np.column_stack(list(DATA["x"].values()))
N, P = X.shape
Y = {name: np.array(values, dtype=float) for name, values in DATA["y"].items()}
WEIGHTS, OFFSET = np.array(DATA["w"]), np.array(DATA["o"])

FAMILIES = {  # name in glum, response, link, variance
    "poisson": ("poisson", "count", "log", lambda mu: mu),
    "gamma": ("gamma", "cost", "log", lambda mu: mu**2),
    "tweedie": ("tweedie(1.5)", "pure", "log", lambda mu: mu**1.5),
    "binomial": ("binomial", "won", "logit", lambda mu: mu * (1 - mu)),
}
FACTORS = [1, 0.5, 2, 1, 1, 0, 0.5, 0.5, 0.5, 3]
LOWER = [0, -0.1, 0, -0.2, None, -1, 0, -0.1, None, 0]
UPPER = [0.05, None, 0.1, None, 0.01, None, 0.1, 0, 0.15, 0.02]
KINDS = {
    "": {},
    ", weights and offset": {"weights": True, "offset": True},
    ", P1 factors": {"penalty_factor": FACTORS},
    ", bounds": {"lower_bounds": LOWER, "upper_bounds": UPPER},
    ", all of it": {
        "weights": True,
        "offset": True,
        "penalty_factor": FACTORS,
        "lower_bounds": LOWER,
        "upper_bounds": UPPER,
    },
}


def filled(values, free):
    """An array, with `free` where there is no bound."""
    return np.array([free if value is None else value for value in values], dtype=float)


def violation(case, coef, alpha):
    """Largest violation of the conditions for a minimum of our objective, coefficient 0 first."""
    _, response, _, variance = FAMILIES[case["family"]]
    weights = WEIGHTS if case.get("weights") else np.ones(N)
    eta = coef[0] + X @ coef[1:] + (OFFSET if case.get("offset") else 0.0)
    mu = 1 / (1 + np.exp(-eta)) if case["family"] == "binomial" else np.exp(eta)
    slope = mu * (1 - mu) if case["family"] == "binomial" else mu
    each = weights / weights.sum() * (Y[response] - mu) * slope / variance(mu)
    factors = np.r_[0.0, case.get("penalty_factor", np.ones(P))]
    l1, l2 = alpha * case["l1_ratio"] * factors, alpha * (1 - case["l1_ratio"]) * factors
    smooth = np.r_[each.sum(), X.T @ each] - l2 * coef
    up = smooth - np.where(coef >= 0, l1, -l1)
    down = -smooth - np.where(coef <= 0, l1, -l1)
    upper = np.r_[np.inf, filled(case.get("upper_bounds", [None] * P), np.inf)]
    lower = np.r_[-np.inf, filled(case.get("lower_bounds", [None] * P), -np.inf)]
    up[coef >= upper - 1e-14] = 0  # glum's are there but for rounding
    down[coef <= lower + 1e-14] = 0
    return np.max(np.maximum(np.maximum(up, down), 0))


def fit(case, alpha):
    family, response, link, _ = FAMILIES[case["family"]]
    options = {"family": family, "link": link, "alpha": alpha, "l1_ratio": case["l1_ratio"]}
    if "penalty_factor" in case:
        options["P1"] = options["P2"] = np.array(case["penalty_factor"], dtype=float)
    if "lower_bounds" in case:
        options["lower_bounds"] = filled(case["lower_bounds"], -np.inf)
        options["upper_bounds"] = filled(case["upper_bounds"], np.inf)
    model = GeneralizedLinearRegressor(
        fit_intercept=True,
        scale_predictors=False,
        solver="irls-cd",
        gradient_tol=1e-11,
        max_iter=10_000,
        **options,
    )
    model.fit(
        X,
        Y[response],
        sample_weight=WEIGHTS if case.get("weights") else None,
        offset=OFFSET if case.get("offset") else None,
    )
    return np.r_[model.intercept_, model.coef_]


def call(case):
    """The call as a line of text."""
    family, response, link, _ = FAMILIES[case["family"]]
    parts = [f'family="{family}", link="{link}", alpha=alpha, l1_ratio={case["l1_ratio"]}']
    if "penalty_factor" in case:
        parts.append("P1=penalty_factor, P2=penalty_factor")
    if "lower_bounds" in case:
        parts.append("lower_bounds=lower_bounds, upper_bounds=upper_bounds")
    parts.append('solver="irls-cd", gradient_tol=1e-11, max_iter=10000')
    data = f'x, y["{response}"]'
    data += ", sample_weight=w" if case.get("weights") else ""
    data += ", offset=o" if case.get("offset") else ""
    return f"GeneralizedLinearRegressor({', '.join(parts)}).fit({data})"


cases = []
for family in FAMILIES:
    for l1_ratio in (1, 0.5):
        for kind, options in KINDS.items():
            name = "lasso" if l1_ratio == 1 else "elastic net"
            case = {"name": f"{family} {name}{kind}", "family": family, "l1_ratio": l1_ratio}
            case |= {"response": FAMILIES[family][1]} | options
            case |= {"call": call(case), "alphas": [0.1, 0.02, 0.004, 0.0005]}
            coefs = [fit(case, alpha) for alpha in case["alphas"]]
            kkt = max(map(violation, [case] * len(coefs), coefs, case["alphas"]))
            assert kkt < 1e-9, (case["name"], kkt)
            case["kkt"] = float(f"{kkt:.1e}")
            case["coefficients"] = [[float(f"{b:.10g}") for b in coef] for coef in coefs]
            cases.append(case)

sections = {
    "glum": version("glum"),
    "objective": "1 / (2 sum w) sum_i w_i d(y_i, mu_i) + alpha (l1_ratio sum_j v_j |b_j| + "
    "(1 - l1_ratio) / 2 sum_j v_j b_j^2), v = penalty_factor",
    "note": "x, y, w and o are in glmnet_R.json; each row of coefficients is of one alpha, the "
    "intercept first; a bound of null is none; kkt is the largest slope that a minimum would not "
    "have",
    "cases": cases,
}
lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in list(sections.items())[:-1]]
rows = ",\n".join(json.dumps(case) for case in cases)
Path("glum.json").write_text("{" + ",\n".join([*lines, f'"cases": [\n{rows}]']) + "}\n")
