"""The report of a fitted model: what it says of itself, of its factors and of data, on one page.

    result -> tables, tests, diagnostics, charts -> blocks (`page.py`) -> HTML

It computes nothing of its own: each section asks the result what a user would ask it, so that a
number on the page is the number in Python. A factor has one place: its relativities, and actual
against expected, of the test data as well where there are some, with charts and tables.
Cost: the tests of factors (some refits), a diagnosis of each data set, and for each chart of test
data a prediction.
"""

import platform
from datetime import UTC, datetime

from rustystats.charts.svg import to_svg
from rustystats.frames import frame_lists
from rustystats.report import page

PACKAGES = ("rustystats", "numpy", "scipy", "scikit-learn", "narwhals", "formulaic", "matplotlib")
READING = (
    "Actual is what was observed, expected what the model predicts, both with exposure and "
    "weights. Actual / expected of 1.05: 5 % more was observed than predicted.",
    "A relativity is what a level multiplies the prediction by, compared with the base level. The "
    "base risk times one relativity of each factor is the prediction.",
    "The Gini says how well the predictions put the risks in order, from 0 (at random) to 1 (as "
    "well as the observed values themselves). It depends on the portfolio: compare models by it "
    "on the same data alone.",
    "Intervals hold with 95 %, each by itself, if the model does.",
    "A click on the head of a column sorts a table.",
)


def model_report(result, samples, factors, title):
    """The page as text.

    `samples` are the data to judge the model on by name, None for those of the fit, which are the
    first; `factors` are lists of categorical and of continuous columns.
    """
    found = {name: result.diagnostics(data, *factors) for name, data in samples.items()}
    draw = _Charts(result)
    sections = [
        _overview(result, found),
        _model(result),
        _factors(result, samples, found, draw),
        _performance(samples, found, draw),
        _residuals(next(iter(found.values())), draw),
        _audit(result),
    ]
    subtitle = result.formula or f"{result.response} ~ {' + '.join(result.feature_names)}"
    return page.render(title, subtitle, sections, _version("rustystats"))


class _Charts:
    """Draws, and gives each chart of the page a name of its own."""

    def __init__(self, result):
        self.plot = result.plot
        self.n_drawn = 0

    def __call__(self, kind, caption, *args, **options):
        """(svg, caption) of ``result.plot.<kind>(*args, **options)``."""
        from matplotlib import pyplot

        self.n_drawn += 1
        ax = getattr(self.plot, kind)(*args, **options)
        try:
            return to_svg(ax, f"chart{self.n_drawn}", caption), caption
        finally:
            pyplot.close(ax.figure)


def _overview(result, found):
    rows = {
        "Rows": [part.model_summary.n_observations for part in found.values()],
        "Exposure": [part.calibration.exposure_total for part in found.values()],
        f"Actual {result.response}": [part.calibration.actual_total for part in found.values()],
        f"Expected {result.response}": [p.calibration.predicted_total for p in found.values()],
        "Actual / expected": [p.calibration.actual_expected_ratio for p in found.values()],
        "Deviance explained": [p.fit_statistics.deviance_explained for p in found.values()],
        "Gini": [part.discrimination.gini_coefficient for part in found.values()],
    }
    formats = {"Rows": None, "Actual / expected": ".4f", "Deviance explained": ".2%", "Gini": ".4f"}
    texts = {
        name: [page.number(value, formats.get(name, ",.6g")) for value in values]
        for name, values in rows.items()
    }
    if len(found) == 1:
        shown = page.figures({name: value for name, (value,) in texts.items()})
    else:
        columns = {
            name.capitalize(): list(part)
            for name, part in zip(found, zip(*texts.values(), strict=True), strict=True)
        }
        shown = page.table("Both data sets", {"": list(texts), **columns})
    said = [] if result.converged else [f"The fit did not converge: {result.message}."]
    if result.separated:
        said.append(f"The likelihood has no maximum along {', '.join(result.separated)}.")
    for name, part in found.items():
        of = "" if len(found) == 1 else f"{name.capitalize()}: "
        said += [f"{of}{warning['message']}" for warning in part.warnings]
    return page.section(
        "overview",
        "Overview",
        [
            shown,
            page.heading("warnings", "Warnings"),
            page.notes(said) if said else page.text("None."),
            page.heading("reading", "How to read this page"),
            page.notes(READING),
        ],
    )


def _model(result):
    facts = {
        "Family": result.family,
        "Link": result.link,
        "Exposure": result.volume_name if result.model.exposure is not None else "none",
        "Weights": result.weights_name or "none",
        "Coefficients": page.number(len(result.params)),
        "Residual degrees of freedom": page.number(int(result.df_resid)),
        "Deviance": page.number(result.deviance, ",.8g"),
        "Log-likelihood": page.number(result.llf(), ",.8g"),
        "AIC": page.number(result.aic(), ",.8g"),
        "Dispersion": page.number(result.scale(), ".4f"),
        "Penalty": _penalty(result),
        "Fit": f"{'' if result.converged else 'not '}converged in {result.iterations} steps",
    }
    coefficients = frame_lists(result.coef_table())
    why = f"No standard errors: {result.no_errors}." if result.no_errors else ""
    return page.section(
        "model",
        "Model",
        [
            page.figures(facts),
            page.text(why) if why else None,
            page.table("Coefficients", coefficients, {"Pr(>|z|)": ".3g"}, folded=True),
        ],
    )


def _penalty(result):
    if not result.is_regularized:
        return "none"
    return f"{result.penalty_type}, alpha {result.alpha:.4g}, l1_ratio {result.l1_ratio:.4g}"


def _factors(result, samples, found, draw):
    blocks = [page.heading("tests", "Tests of factors"), _tests(result)]
    relativities = _relativities(result)
    shown = {factor.name: factor for factor in next(iter(found.values())).factors}
    for at, name in enumerate(dict.fromkeys([*shown, *relativities])):
        outside = name in shown and not shown[name].in_model
        blocks.append(
            page.heading(f"factor{at}", f"{name} (not in the model)" if outside else name)
        )
        drawn, tables = [], []
        if name in relativities:
            caption = f"{name}: relativities"
            drawn.append(draw("relativities", caption, name))
            tables.append(
                page.table(caption, relativities[name], {"Exposure": ",.6g"}, folded=True)
            )
        for sample, part in found.items() if name in shown else ():
            caption = f"{name}: actual and expected, {sample}"
            bins = next(one.actual_vs_expected for one in part.factors if one.name == name)
            drawn.append(draw("actual_expected", caption, name, samples[sample]))
            tables.append(_bins(caption, "Level", [one.bin_label for one in bins], bins))
        blocks += [page.charts(drawn), *tables]
    return page.section("factors", "Factors", blocks)


def _tests(result):
    """The table of `anova`, or why there is none."""
    try:
        tests = frame_lists(result.anova())
    except ValueError as reason:
        return page.text(f"None: {reason}.")
    caption = "Likelihood-ratio tests, each factor beside the others (type 2)"
    return page.table(caption, tests, {"Pr(>Chisq)": ".3g"})


def _relativities(result):
    """Columns of the relativities by factor; none where the link is not log."""
    if result.link != "log":
        return {}
    table = frame_lists(result.relativities())
    rows = {}
    for at, name in enumerate(table.pop("Factor")):
        rows.setdefault(name, []).append(at)
    del rows["Base"]
    return {
        name: {key: [values[at] for at in found] for key, values in table.items()}
        for name, found in rows.items()
    }


def _bins(caption, head, labels, bins):
    """A folded table of what was observed and predicted in each bin."""
    keys = {
        "Rows": "count",
        "Exposure": "exposure",
        "Actual": "actual_sum",
        "Expected": "predicted_sum",
        "Actual mean": "actual_mean",
        "Expected mean": "predicted_mean",
        "Actual / expected": "actual_expected_ratio",
        "Lower": "ae_confidence_interval_lower",
        "Upper": "ae_confidence_interval_upper",
    }
    formats = dict.fromkeys(("Exposure", "Actual", "Expected"), ",.6g")
    formats |= dict.fromkeys(("Actual / expected", "Lower", "Upper"), ".3f")
    columns = {name: [getattr(one, key) for one in bins] for name, key in keys.items()}
    return page.table(caption, {head: labels, **columns}, formats, folded=True)


def _performance(samples, found, draw):
    blocks = [_measures(found)]
    for at, (name, part) in enumerate(found.items()):
        data, deciles = samples[name], part.calibration.by_decile
        drawn = [
            draw("lift", f"Lift, {name}", data),
            draw("calibration", f"Calibration, {name}", data),
        ]
        if part.discrimination.gini_coefficient is not None:  # as `lorenz` asks
            drawn.append(draw("lorenz", f"Lorenz curve, {name}", data))
        numbers = [one.bin_index + 1 for one in deciles]
        blocks += [
            page.heading(f"performance{at}", name.capitalize()),
            page.charts(drawn),
            _bins(f"Parts of equal exposure by prediction, {name}", "Part", numbers, deciles),
        ]
        if part.interaction_candidates:
            blocks.append(_interactions(name, part.interaction_candidates))
    return page.section("performance", "Performance", blocks)


def _measures(found):
    """One column of numbers for each data set."""
    columns = {"Measure": [], **{name.capitalize(): [] for name in found}}
    for section in ("fit_statistics", "loss_metrics", "discrimination", "model_comparison"):
        parts = [getattr(part, section) for part in found.values()]
        for key in parts[0]:
            values = [part[key] for part in parts]
            if isinstance(values[0], list) or all(value is None for value in values):
                continue
            columns["Measure"].append(key.replace("_", " "))
            for name, value in zip(found, values, strict=True):
                columns[name.capitalize()].append(value)
    return page.table("Measures", columns)


def _interactions(name, candidates):
    return page.table(
        f"Pairs of factors that say more together than each alone, {name}",
        {
            "Factor": [pair.factor1 for pair in candidates],
            "and": [pair.factor2 for pair in candidates],
            "Strength": [pair.interaction_strength for pair in candidates],
            "p-value": [pair.pvalue for pair in candidates],
            "Cells": [pair.n_cells for pair in candidates],
        },
        {"p-value": ".3g"},
    )


def _residuals(part, draw):
    rows = [
        (kind, name, value)
        for kind, numbers in part.residual_summary.items()
        for name, value in _flat(numbers)
    ]
    kinds, names, values = zip(*rows, strict=True)
    columns = {"Residual": kinds, "Statistic": names, "Value": values}
    drawn, said = _residual_charts(draw)
    return page.section(
        "residuals",
        "Residuals",
        [page.charts(drawn), page.table("Residuals in numbers", columns, folded=True)],
        f"Of the rows of the fit. {said}",
    )


def _residual_charts(draw):
    """Charts of the quantile residuals, or of the deviance residuals where there are none."""
    try:
        drawn = [
            draw("residuals", "Quantile residuals against fitted values"),
            draw("worm", "Worm plot of the quantile residuals"),
        ]
    except ValueError as reason:
        drawn = [draw("residuals", "Deviance residuals against fitted values", "deviance")]
        return drawn, f"There are no quantile residuals: {reason}."
    return drawn, "Quantile residuals are standard normal if the model is right."


def _flat(numbers):
    """Names and numbers of the statistics, the percentiles among them."""
    for name, value in numbers.items():
        yield from value.items() if name == "percentiles" else [(name, value)]


def _audit(result):
    """What it takes to make the model again, and to know that it is the same."""
    hashes = result.input_hashes()
    packages = {"Python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}
    made = f"{datetime.now(UTC):%d %B %Y, %H:%M:%S} UTC"
    return page.section(
        "audit",
        "Audit",
        [
            page.figures({"Made": made, "Solver": result.method}),
            page.table(
                "What the model was fitted to",
                {"Column": list(hashes), "Hash": list(hashes.values())},
            ),
            page.table("Versions", {"Package": list(packages), "Version": list(packages.values())}),
        ],
    )


def _version(package):
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "-"
