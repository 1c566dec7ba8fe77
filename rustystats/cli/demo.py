"""``rustystats demo``: the main job on a simulated motor portfolio.

Fits a claim-frequency model with splines, categoricals and exposure, prints coefficients and
relativities, times the fit and compares it with the truth behind the portfolio. It ends with the
report of the model, a file in the current folder.
"""

import textwrap
import time

import numpy as np

from rustystats import datasets
from rustystats.cli.console import say, working
from rustystats.cli.tables import print_relativities
from rustystats.formula import parse_formula
from rustystats.inference.summary import WIDTH
from rustystats.model import glm

FORMULA = (
    "ClaimNb ~ ns(DrivAge, df=6) + bs(VehAge, df=4) + log(BonusMalus) + VehPower + log(Density)"
    " + C(VehBrand) + C(VehGas) + C(Region)"
)
MIN_ROWS = 1_000
MAX_ROWS = 100_000_000


def run_demo(rows, seed, threads, report=None):
    """Simulate, fit, print, report."""
    print(f"Simulating {rows:,} motor policies (seed {seed}) ...")
    data = datasets.make_motor_portfolio(rows, seed)
    parse_formula(FORMULA)  # loads the formula library, so that the clock sees the fit alone
    result, seconds = timed_fit(data, threads)
    call = f'rs.glm("{FORMULA}", data, family="poisson", exposure="Exposure").fit()'
    print(textwrap.fill(call, WIDTH, subsequent_indent="       "), end="\n\n")
    print(result.summary(title="Claim frequency of the simulated portfolio"))
    print()
    print_relativities(result.factor_effects(), "claims per year")
    print(speed_line(rows, seconds))
    print(truth_line(result, data))
    if report is not None:
        write_report(result, data, report)


def write_report(result, data, path):
    """The report of the model, where what it needs is installed; else what that is."""
    try:
        with working("Writing the report"):
            result.report(path, data, title="Claim frequency of the simulated portfolio")
    except ImportError as error:
        say(f"No report: {error}")
    else:
        print(f"Report: {path}")


def timed_fit(data, threads):
    """The fitted model, and the seconds from DataFrame to coefficients and standard errors."""
    start = time.perf_counter()
    result = glm(FORMULA, data, "poisson", exposure="Exposure", n_threads=threads).fit()
    result.bse()
    return result, time.perf_counter() - start


def speed_line(rows, seconds):
    """How long the fit took, and how many rows a second that is."""
    return (
        f"Speed: fit with standard errors in {seconds:.3f} s, {rows / seconds:,.0f} rows per second"
    )


def truth_line(result, data):
    """Fitted claim rates against those that the portfolio was simulated with."""
    exposure = data["Exposure"].to_numpy()
    fitted = result.predict(data, exposure=1.0)
    true = datasets.motor_true_rate(data)
    error = np.average(np.abs(fitted / true - 1), weights=exposure)
    return (
        f"Truth: claims per year {np.average(fitted, weights=exposure):.4f} fitted, "
        f"{np.average(true, weights=exposure):.4f} true; a policy is off by {100 * error:.1f} % "
        f"on average"
    )
