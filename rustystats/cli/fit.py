"""``rustystats fit``: a table and a formula to a model, printed, saved, reported."""

import time
from dataclasses import dataclass
from numbers import Real
from pathlib import Path

from rustystats import frames
from rustystats.cli.console import print_json, say, working
from rustystats.cli.tables import print_relativities
from rustystats.inference.relativities import relativity_table
from rustystats.model import glm

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Files:
    """What a fit reads and writes.

    Parameters
    ----------
    data : Path
    test_data, report, save : Path or None
    """

    data: Path
    test_data: Path | None
    report: Path | None
    save: Path | None

    def check(self):
        """Refuse what the work would end at, before it."""
        if "~" in str(self.data):
            raise ValueError("the file comes first, then the formula: rustystats fit DATA FORMULA")
        if self.test_data is not None and self.report is None:
            raise ValueError("test data are for the report: pass --report report.html as well")
        for path in (self.report, self.save):
            if path is not None and not path.parent.is_dir():
                raise FileNotFoundError(f"there is no folder {path.parent} to write {path.name} in")


def run_fit(files, formula, model_options, fit_options, as_json, said):
    """Read, fit, save, report, print; `said` lists the warnings so far."""
    files.check()
    with working("Reading"):
        table = frames.read_file(files.data)
        test_table = None if files.test_data is None else frames.read_file(files.test_data)
    start = time.perf_counter()
    with working("Fitting"):
        result = glm(formula, table, **model_options).fit(**fit_options)
        result.bse()
    seconds = time.perf_counter() - start
    if files.save is not None:
        with working("Saving"):
            result.save(files.save)
    if not as_json:
        print(result.summary(title=f"{formula.split('~')[0].strip()} of {files.data.name}"))
        if result.link == "log" and result.has_covariance:
            print()
            print_relativities(result.factor_effects())
    if files.report is not None:
        with working("Writing the report"):
            result.report(files.report, table, test_table)
    if as_json:
        print_json(answer(result, seconds, files, said))
    written = [f"model in {files.save}"] if files.save is not None else []
    written += [f"report in {files.report}"] if files.report is not None else []
    say("; ".join([f"Fitted in {seconds:.2f} s", *written]))


def answer(result, seconds, files, said):
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
        "saved": None if files.save is None else str(files.save),
        "report": None if files.report is None else str(files.report),
    }


def _rows(columns):
    """A dict a row."""
    values = [v.tolist() if hasattr(v, "tolist") else v for v in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]
