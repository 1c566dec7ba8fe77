"""The command line: ``rustystats demo`` runs the main job on a simulated motor portfolio.

    rustystats demo [--rows 100000] [--seed 0] [--threads N]
    rustystats --version

The demo fits a claim-frequency model with splines, categoricals and exposure, prints coefficients
and relativities, times the fit and compares it with the truth behind the portfolio. typer and rich
(the extra ``cli``) are imported when a command runs, not when the package is.
"""

import sys
import textwrap
import time
from typing import Annotated

import numpy as np

from rustystats import datasets
from rustystats.formula import parse_formula
from rustystats.inference.summary import WIDTH
from rustystats.model import glm

FORMULA = (
    "ClaimNb ~ ns(DrivAge, df=6) + bs(VehAge, df=4) + log(BonusMalus) + VehPower + log(Density)"
    " + C(VehBrand) + C(VehGas) + C(Region)"
)
MIN_ROWS = 1_000
MAX_ROWS = 100_000_000
MANY_LEVELS = 13  # a factor with more levels than this is shown at about a dozen of them


def main():
    """Entry point of the console script."""
    try:
        app = make_app()
    except ImportError as error:
        missing = error.name or "typer"
        print(
            f'rustystats: {missing} is not installed: pip install "rustystats[cli]"',
            file=sys.stderr,
        )
        raise SystemExit(1) from None
    app()


def make_app():
    """The typer application.

    Raises
    ------
    ImportError
        If typer or rich is not installed.
    """
    import rich  # noqa: F401  missing rich is reported here, not in the middle of the demo
    import typer

    app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None)

    @app.callback()
    def root(
        version: Annotated[
            bool,
            typer.Option("--version", callback=_print_version, is_eager=True, help="Print it."),
        ] = False,
    ):
        """Generalized linear models for insurance pricing."""

    @app.command()
    def demo(
        rows: Annotated[int, typer.Option(min=MIN_ROWS, max=MAX_ROWS, help="Policies.")] = 100_000,
        seed: Annotated[int, typer.Option(min=0, help="Seed of the simulation.")] = 0,
        threads: Annotated[
            int | None,
            typer.Option(min=1, help="Threads; default OMP_NUM_THREADS, else all processors."),
        ] = None,
    ):
        """Fit a claim-frequency model on a simulated motor portfolio, and print it."""
        run_demo(rows, seed, threads)

    return app


def _print_version(asked):
    if asked:
        from importlib.metadata import version

        import typer

        print(f"rustystats {version('rustystats')}")
        raise typer.Exit


def run_demo(rows, seed, threads):
    """Simulate, fit, print.

    Parameters
    ----------
    rows, seed : int
    threads : int or None
    """
    print(f"Simulating {rows:,} motor policies (seed {seed}) ...")
    data = datasets.make_motor_portfolio(rows, seed)
    parse_formula(FORMULA)  # loads the formula library, so that the clock sees the fit alone
    result, seconds = timed_fit(data, threads)
    call = f'rs.glm("{FORMULA}", data, family="poisson", exposure="Exposure").fit()'
    print(textwrap.fill(call, WIDTH, subsequent_indent="       "), end="\n\n")
    print(result.summary(title="Claim frequency of the simulated portfolio"))
    print()
    print_relativities(result.relativities())
    print(speed_line(rows, seconds))
    print(truth_line(result, data))


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


def representative(relativities, base):
    """Positions of the rows to show: all of few, else a dozen spread evenly, and the base row."""
    n = len(relativities)
    if n <= MANY_LEVELS:
        return np.arange(n)
    spread = np.linspace(0, n - 1, MANY_LEVELS - 1).round().astype(int)
    return np.union1d(spread, base)


def print_relativities(table):
    """Relativities by factor; of a factor with many levels, about a dozen.

    Parameters
    ----------
    table : pandas.DataFrame, from `GLMResults.relativities`
    """
    from rich.console import Console

    base, factors = table.iloc[0], table.iloc[1:]
    console = Console(width=WIDTH, highlight=False)
    console.print("Relativities", style="bold")
    console.print(
        f"Base risk: {base.Relativity:.4f} claims per year ({base.CI_Lower:.4f} to "
        f"{base.CI_Upper:.4f}); times one relativity of each factor it is the prediction.\n"
        f"A factor with more than {MANY_LEVELS} values is shown at about a dozen of them."
    )
    console.print(_relativity_table(factors))


_COLUMNS = (
    ("Factor", "left"),
    ("Level", "right"),
    ("Relativity", "right"),
    ("95% interval", "right"),
    ("Exposure", "right"),
    ("", "left"),
)


def _relativity_table(factors):
    from rich import box
    from rich.table import Table

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, side in _COLUMNS:
        shown.add_column(name, justify=side, no_wrap=True)
    for factor, part in factors.groupby("Factor", sort=False):
        _add_factor(shown, factor, part.reset_index(drop=True))
    return shown


def _add_factor(shown, factor, part):
    factor = [factor]
    if len(part) > MANY_LEVELS:
        factor.append(f"({len(part)} values)")
    # The base is compared with itself: the one relativity without uncertainty.
    base = np.flatnonzero((part.CI_Lower == 1.0) & (part.CI_Upper == 1.0))[:1]
    rows = representative(part, base)
    for count, position in enumerate(rows):
        row = part.iloc[position]
        shown.add_row(
            factor[count] if count < len(factor) else "",
            row.Level,
            f"{row.Relativity:.3f}",
            f"{row.CI_Lower:.3f} to {row.CI_Upper:.3f}",
            f"{row.Exposure:,.{0 if row.Exposure >= 10 else 1}f}",
            "base" if position in base else "",
        )
    shown.add_section()
