"""The commands, their options and their help."""

from pathlib import Path
from typing import Annotated

import typer

from rustystats import frames
from rustystats.cli.console import print_json, reported, working
from rustystats.cli.demo import MAX_ROWS, MIN_ROWS, run_demo
from rustystats.cli.fit import Files, run_fit
from rustystats.cli.predict import run_predict
from rustystats.diagnostics import explore_data
from rustystats.families import FAMILIES

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Data = Annotated[Path, typer.Argument(help="CSV, Parquet or Arrow file of policies.")]
Family = Annotated[str, typer.Option(help=f"Family: {', '.join(FAMILIES)}.")]
Exposure = Annotated[str | None, typer.Option(help="Column of the volume of a policy (years).")]
Weights = Annotated[str | None, typer.Option(help="Column of prior weights.")]
Threads = Annotated[
    int | None,
    typer.Option(min=1, help="Threads; default OMP_NUM_THREADS, else all processors."),
]
Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON, and nothing else.")]


def _print_version(asked):
    if asked:
        from importlib.metadata import version

        print(f"rustystats {version('rustystats')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print it."),
    ] = False,
):
    """Generalized linear models for insurance pricing."""


@app.command()
def explore(
    data: Data,
    response: Annotated[str, typer.Option(help="Column of claim counts, amounts, ...")],
    exposure: Exposure = None,
    weights: Weights = None,
    family: Family = "poisson",
    categorical: Annotated[
        list[str] | None, typer.Option(help="A categorical factor; may be repeated.")
    ] = None,
    continuous: Annotated[
        list[str] | None, typer.Option(help="A continuous factor; may be repeated.")
    ] = None,
    threads: Threads = None,
    as_json: Json = False,
):
    """Look at a portfolio before a model is fitted: response, factors, how they go together.

    Without --categorical and --continuous all columns are explored that can be factors.
    """
    with reported():
        with working("Reading"):
            table = frames.read_file(data)
        with working("Exploring"):
            found = explore_data(
                table,
                response,
                categorical or None,
                continuous or None,
                exposure,
                family,  # type: ignore[arg-type]  # in any spelling
                weights=weights,
                n_threads=threads,
            )
        if as_json:
            print_json(found.to_dict())
        else:
            print(found)


@app.command()
def fit(
    data: Data,
    formula: Annotated[str, typer.Argument(help='"ClaimNb ~ bs(DrivAge, df=5) + C(Area)"')],
    family: Family = "gaussian",
    link: Annotated[str | None, typer.Option(help="Link; default the family's.")] = None,
    exposure: Exposure = None,
    offset: Annotated[
        str | None, typer.Option(help="Column of an offset; see offset= of rustystats.glm.")
    ] = None,
    weights: Weights = None,
    theta: Annotated[
        str | None, typer.Option(help="Of negbinomial: a number, or auto (the default).")
    ] = None,
    var_power: Annotated[
        str | None, typer.Option(help="Of tweedie: a number (default 1.5), or auto.")
    ] = None,
    handle_unknown: Annotated[
        str, typer.Option(help="Levels new in a prediction: error, reference or mean.")
    ] = "error",
    handle_missing: Annotated[
        str, typer.Option(help="Missing values of categorical factors: error or level.")
    ] = "error",
    alpha: Annotated[float, typer.Option(min=0.0, help="Size of the penalty.")] = 0.0,
    l1_ratio: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="Share of the L1 penalty: 0 ridge, 1 lasso."),
    ] = None,
    cv: Annotated[
        int | None,
        typer.Option(min=2, help="Folds of the cross-validation that chooses the alpha."),
    ] = None,
    selection: Annotated[
        str | None, typer.Option(help="With --cv: the alpha of the best score, min, or 1se.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="With --cv: of the folds; default 0.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write a report of the model to this HTML file.")
    ] = None,
    test_data: Annotated[
        Path | None, typer.Option(help="File of policies that the report judges the model on too.")
    ] = None,
    save: Annotated[Path | None, typer.Option(help="Write the model to this JSON file.")] = None,
    threads: Threads = None,
    as_json: Json = False,
):
    """Fit a generalized linear model, print it, save it, and write its report."""
    penalty: dict[str, float | str | None] = {"l1_ratio": l1_ratio}
    if cv is None:
        if alpha == 0 and l1_ratio is not None:
            raise typer.BadParameter("it needs --alpha above 0, or --cv", param_hint="--l1-ratio")
        for option, value in (("--selection", selection), ("--seed", seed)):
            if value is not None:
                raise typer.BadParameter("it needs --cv", param_hint=option)
        penalty["alpha"] = alpha
    elif alpha > 0 or l1_ratio is None:
        message = "it chooses the alpha of a penalty: leave --alpha out, and pass --l1-ratio"
        raise typer.BadParameter(message, param_hint="--cv")
    else:
        penalty |= {"cv": cv, "random_state": seed or 0, "selection": selection or "min"}
    model_options = {
        "family": family,
        "link": link,
        "exposure": exposure,
        "offset": offset,
        "weights": weights,
        "theta": _number("--theta", theta),
        "var_power": _number("--var-power", var_power),
        "handle_unknown": handle_unknown,
        "handle_missing": handle_missing,
        "n_threads": threads,
    }
    with reported() as said:
        files = Files(data, test_data, report, save)
        run_fit(files, formula, model_options, penalty, as_json, said)


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(help="File that fit --save wrote.")],
    data: Data,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="CSV, Parquet or Arrow file to write.")
    ],
    column: Annotated[str, typer.Option(help="What the predictions are called.")] = "prediction",
    exposure: Annotated[
        str | None,
        typer.Option(help="Column or number instead of the model's; 1 gives rates per unit."),
    ] = None,
    offset: Annotated[
        str | None, typer.Option(help="Column or number instead of the model's.")
    ] = None,
    as_json: Json = False,
):
    """Predict new policies with a saved model: the table with a column more."""
    with reported() as said:
        run_predict(model, data, output, column, exposure, offset, as_json, said)


@app.command()
def demo(
    rows: Annotated[int, typer.Option(min=MIN_ROWS, max=MAX_ROWS, help="Policies.")] = 100_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulation.")] = 0,
    threads: Threads = None,
    report: Annotated[Path, typer.Option(help="HTML file of the report at the end.")] = Path(
        "rustystats_demo.html"
    ),
    no_report: Annotated[bool, typer.Option("--no-report", help="End without a report.")] = False,
):
    """Fit a claim-frequency model on a simulated motor portfolio: printed, and as a report."""
    with reported():
        run_demo(rows, seed, threads, None if no_report else report)


def _number(option, text):
    """A number, "auto" or None, as an option was given."""
    if text is None or text.lower() == "auto":
        return text and "auto"
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is neither a number nor auto", param_hint=option
        ) from None
