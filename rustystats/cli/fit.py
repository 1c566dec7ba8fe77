"""``rustystats fit``: a table and a formula to a model, printed, saved, reported."""

import time
from numbers import Real

from rustystats import frames
from rustystats.cli.console import print_json, say, working
from rustystats.cli.tables import print_relativities
from rustystats.inference.relativities import relativity_table
from rustystats.model import glm

SCHEMA_VERSION = 1


def run_fit(data, formula, model_options, fit_options, save, report, as_json, said):
    """Read, fit, save, report, print.

    Parameters
    ----------
    data : Path
    formula : str
    model_options, fit_options : dict, of `glm` and of its `fit`
    save, report : Path or None
    as_json : bool
    said : list of the warnings so far
    """
    for file in (save, report):
        if file is not None and not file.parent.is_dir():  # before the work, not after it
            raise FileNotFoundError(f"there is no folder {file.parent} to write {file.name} in")
    with working("Reading"):
        table = frames.read_file(data)
    start = time.perf_counter()
    with working("Fitting"):
        result = glm(formula, table, **model_options).fit(**fit_options)
        result.bse()
    seconds = time.perf_counter() - start
    if save is not None:
        with working("Saving"):
            result.save(save)
    if report is not None:
        with working("Writing the report"):
            result.report(report, table)
    if as_json:
        print_json(answer(result, seconds, save, report, said))
        return
    print(result.summary(title=f"{formula.split('~')[0].strip()} of {data.name}"))
    if result.link == "log" and result.has_covariance:
        print()
        print_relativities(result.factor_effects())
    written = {"saved to": save, "report in": report}
    done = "".join(f"; {what} {file}" for what, file in written.items() if file is not None)
    say(f"Fitted in {seconds:.2f} s{done}")


def answer(result, seconds, save, report, said):
    """What `fit --json` prints."""
    columns = {
        "name": result.feature_names,
        "estimate": result.params,
        "std_error": result.bse(),
        "z": result.tvalues(),
        "p_value": result.pvalues(),
        "ci_lower": result.conf_int()[:, 0],
        "ci_upper": result.conf_int()[:, 1],
    }
    measures = {
        "deviance": result.deviance,
        "null_deviance": result.null_deviance(),
        "log_likelihood": result.llf(),
        "aic": result.aic(),
        "bic": result.bic(),
        "pearson_chi2": result.pearson_chi2(),
        "dispersion": result.scale(),
    }
    parameters = {name: getattr(result, name) for name in ("theta", "var_power", "l1_ratio")}
    relativities = None
    if result.link == "log" and result.has_covariance:
        relativities = _rows(
            {k.lower(): v for k, v in relativity_table(result.factor_effects()).items()}
        )
    return {
        "schema_version": SCHEMA_VERSION,
        "formula": result.formula,
        "response": result.response,
        "family": result.family,
        "link": result.link,
        "offset": result.model.offsets.describe(),
        "weights": result.weights_name,
        "n_obs": result.nobs,
        "df_resid": result.df_resid,
        "df_model": result.df_model,
        **{name: float(value) for name, value in measures.items()},
        "alpha": result.alpha,
        **{k: float(v) if isinstance(v, Real) else None for k, v in parameters.items()},
        "converged": bool(result.converged),
        "iterations": result.iterations,
        "aliased": [n for n, a in zip(result.feature_names, result.aliased, strict=True) if a],
        "separated": list(result.separated),
        "coefficients": _rows(columns),
        "relativities": relativities,
        "inputs": result.input_hashes(),
        "versions": result.versions,
        "warnings": list(said),
        "seconds": seconds,
        "saved": None if save is None else str(save),
        "report": None if report is None else str(report),
    }


def _rows(columns):
    """A dict a row."""
    values = [v.tolist() if hasattr(v, "tolist") else v for v in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]
