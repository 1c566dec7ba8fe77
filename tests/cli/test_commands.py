"""explore, fit and predict: answers, files, exit codes, and what is said of bad input."""

import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import rustystats as rs
from rustystats import cli, frames

FORMULA = "ClaimNb ~ bs(DrivAge, df=4) + C(Area)"
OPTIONS = ["--family", "poisson", "--exposure", "Exposure"]


@pytest.fixture(scope="module")
def portfolio():
    return rs.datasets.make_motor_portfolio(4_000, seed=2).drop(columns="IDpol")


@pytest.fixture(scope="module")
def folder(portfolio, tmp_path_factory):
    """Policies to fit to and to predict, and a model."""
    folder = tmp_path_factory.mktemp("cli")
    train, new = portfolio.iloc[:3_000], portfolio.iloc[3_000:].reset_index(drop=True)
    train.to_csv(folder / "data.csv", index=False)
    new.to_csv(folder / "new.csv", index=False)
    result = rs.glm(FORMULA, train, family="poisson", exposure="Exposure").fit()
    result.save(folder / "model.json")
    return folder


def run(*arguments):
    """What a command does, its standard error apart."""
    try:
        runner = CliRunner(mix_stderr=False)
    except TypeError:  # it always is, from click 8.2 on
        runner = CliRunner()
    return runner.invoke(cli.make_app(), [str(argument) for argument in arguments])


def fails(code, *arguments):
    """The message of a command that fails, with nothing on standard output."""
    result = run(*arguments)
    assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return " ".join(result.stderr.split())


# ---- fit ----------------------------------------------------------------------------------------


def test_fit_prints_summary_and_relativities_and_saves(folder, portfolio, tmp_path):
    path = tmp_path / "model.json"
    result = run("fit", folder / "data.csv", FORMULA, *OPTIONS, "--save", path)
    assert result.exit_code == 0, result.stderr
    model = rs.glm(FORMULA, portfolio.iloc[:3_000], family="poisson", exposure="Exposure").fit()
    assert model.summary(title="ClaimNb of data.csv") in result.stdout
    area = model.relativities().set_index(["Factor", "Level"]).loc[("Area", "D"), "Relativity"]
    assert f" {area:.3f} " in result.stdout
    assert f"model in {path}" in result.stderr
    loaded = rs.load(path)
    assert np.array_equal(loaded.predict(portfolio), model.predict(portfolio))


def test_fit_writes_a_report_of_both_tables(folder, tmp_path):
    pytest.importorskip("jinja2")
    path = tmp_path / "report.html"
    command = ["fit", folder / "data.csv", "ClaimNb ~ C(Area)", *OPTIONS]
    report = ["--report", path, "--test-data", folder / "new.csv", "--json"]
    result = run(*command, *report)
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["report"] == str(path)
    page = path.read_text(encoding="utf-8")
    assert "test data" in page
    assert "Area" in page
    assert "pass --report" in fails(1, *command, *report[2:])


def test_fit_as_json_is_the_only_output_and_has_the_numbers_of_the_fit(folder, portfolio):
    result = run("fit", folder / "data.csv", FORMULA, *OPTIONS, "--json")
    found = json.loads(result.stdout)
    model = rs.glm(FORMULA, portfolio.iloc[:3_000], family="poisson", exposure="Exposure").fit()
    table = pd.DataFrame(found["coefficients"])
    assert table["name"].tolist() == model.feature_names
    assert table["estimate"].tolist() == model.params.tolist()
    assert table["std_error"].tolist() == model.bse().tolist()
    assert table[["ci_lower", "ci_upper"]].to_numpy().tolist() == model.conf_int().tolist()
    relativities = pd.DataFrame(found["relativities"])
    assert relativities["relativity"].tolist() == model.relativities()["Relativity"].tolist()
    for name, value in {
        "schema_version": 1,
        "family": "poisson",
        "link": "log",
        "offset": "log(Exposure)",
        "weights": None,
        "n_obs": 3000,
        "deviance": model.deviance,
        "aic": model.aic(),
        "null_deviance": model.null_deviance(),
        "dispersion": 1.0,
        "alpha": 0.0,
        "l1_ratio": None,
        "converged": True,
        "warnings": [],
        "saved": None,
        "inputs": model.input_hashes(),
    }.items():
        assert found[name] == value, name


def test_fit_without_a_log_link_has_no_relativities(folder):
    command = ["fit", folder / "data.csv", "ClaimAmount ~ C(Area)"]
    found = json.loads(run(*command, "--json").stdout)
    assert (found["link"], found["relativities"]) == ("identity", None)
    result = run(*command)
    assert "Area[T.B]" in result.stdout
    assert "Relativity" not in result.stdout
    assert "Relativity" in run(*command[:2], FORMULA, *OPTIONS).stdout


def test_fit_options_reach_the_fit(folder, portfolio):
    options = [
        "--family",
        "tweedie",
        "--var-power",
        "1.4",
        "--link",
        "log",
        "--weights",
        "Exposure",
    ]
    penalty = ["--link", "log", "--alpha", "0.02", "--l1-ratio", "1"]
    command = ["fit", folder / "data.csv", "ClaimAmount ~ VehAge + C(Area)", *options, *penalty]
    found = json.loads(run(*command, "--json", "--threads", "1").stdout)
    model = rs.glm(
        "ClaimAmount ~ VehAge + C(Area)", portfolio.iloc[:3_000], family="tweedie",
        var_power=1.4, weights="Exposure",
    ).fit(0.02, 1.0)  # fmt: skip
    estimates = [row["estimate"] for row in found["coefficients"]]
    np.testing.assert_allclose(estimates, model.params, rtol=1e-12)
    assert (found["var_power"], found["weights"], found["l1_ratio"]) == (1.4, "Exposure", 1.0)
    assert {row["std_error"] for row in found["coefficients"]} == {None}
    assert "No standard errors" in run(*command).stdout


@pytest.mark.parametrize("selection", [[], ["--selection", "1se"]])
def test_folds_choose_the_alpha(folder, portfolio, selection):
    formula = "ClaimNb ~ C(Area) + VehPower + BonusMalus"
    penalty = ["--cv", "4", "--l1-ratio", "1", "--seed", "5", *selection]
    command = ["fit", folder / "data.csv", formula, *OPTIONS, *penalty, "--threads", "1"]
    found = json.loads(run(*command, "--json").stdout)
    model = rs.glm(formula, portfolio.iloc[:3_000], family="poisson", exposure="Exposure").fit(
        l1_ratio=1.0, cv=4, selection=(selection or ["min"])[-1], random_state=5, n_threads=1
    )
    assert (found["alpha"], found["l1_ratio"]) == (pytest.approx(model.alpha, rel=1e-12), 1.0)
    estimates = [row["estimate"] for row in found["coefficients"]]
    np.testing.assert_allclose(estimates, model.params, rtol=1e-8)


def test_warnings_go_to_standard_error_and_into_json(folder, portfolio, tmp_path):
    data = portfolio.iloc[:500].copy()
    data.loc[data["Area"] == "F", "ClaimNb"] = 0
    frames.write_file(data, tmp_path / "some.csv")
    command = ["fit", tmp_path / "some.csv", "ClaimNb ~ C(Area)", *OPTIONS]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = run(*command, "--json")
    assert result.exit_code == 0, result.stderr
    assert result.stderr.count("Warning: the likelihood has no maximum (separation)") == 1
    assert "separation" in json.loads(result.stdout)["warnings"][0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ClaimNb ~ Age", *OPTIONS], "unknown column 'Age'"),
        (["ClaimNb ~ bs(DrivAge, df=", *OPTIONS], "cannot read the formula"),
        (["ClaimNb ~ DrivAge", "--family", "poison"], "Unknown family 'poison'"),
        (["ClaimNb ~ DrivAge", "--family", "gamma"], "is outside (0, inf) in"),
        (["ClaimNb ~ DrivAge", "--exposure", "Exposure"], "exposure needs a log link"),
        (["ClaimNb ~ DrivAge", "--handle-unknown", "drop"], "handle_unknown='drop'"),
        (["ClaimNb ~ DrivAge", "--cv", "3", "--l1-ratio", "1", "--selection", "2se"], "'2se'"),
    ],
)
def test_what_is_wrong_with_model_or_data_exits_with_1(folder, arguments, message):
    assert message in fails(1, "fit", folder / "data.csv", *arguments, "--json")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--alpha", "-1"], "--alpha"),
        (["--alpha", "0.1", "--l1-ratio", "2"], "--l1-ratio"),
        (["--l1-ratio", "1"], "--l1-ratio"),
        (["--cv", "5"], "--cv"),
        (["--cv", "5", "--l1-ratio", "1", "--alpha", "0.1"], "--cv"),
        (["--cv", "1", "--l1-ratio", "1"], "--cv"),
        (["--selection", "1se"], "--selection"),
        (["--seed", "1"], "--seed"),
        (["--theta", "many", "--family", "negbinomial"], "--theta"),
        (["--threads", "0"], "--threads"),
        (["--colour"], "--colour"),
    ],
)
def test_what_is_wrong_with_the_command_exits_with_2(folder, arguments, named):
    assert named in fails(2, "fit", folder / "data.csv", FORMULA, *arguments)


def test_file_and_formula_in_the_wrong_order(folder):
    assert "the file comes first" in fails(1, "fit", FORMULA, folder / "data.csv")


def test_a_folder_that_is_not_there_is_said_before_the_work(folder, monkeypatch):
    monkeypatch.setattr("rustystats.cli.fit.glm", None)
    path = folder / "none" / "model.json"
    for option in ("--save", "--report"):
        assert "there is no folder" in fails(1, "fit", folder / "data.csv", FORMULA, option, path)


# ---- predict ------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".arrow"])
def test_predict_writes_the_table_with_a_column_more(folder, portfolio, tmp_path, suffix):
    if suffix != ".csv":
        pytest.importorskip("pyarrow")
    output = tmp_path / f"scored{suffix}"
    result = run("predict", folder / "model.json", folder / "new.csv", "-o", output)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == ""
    assert "1,000 rows" in result.stderr
    new = portfolio.iloc[3_000:]
    scored = frames.read_file(output)
    names = frames.column_names(scored)
    assert names == [*new.columns, "prediction"]
    expected = rs.load(folder / "model.json").predict(new)
    assert np.array_equal(np.asarray(scored["prediction"]), expected)
    assert np.asarray(scored["Area"]).tolist() == new["Area"].tolist()


def test_predict_per_unit_and_by_a_name(folder, portfolio, tmp_path):
    output = tmp_path / "scored.csv"
    command = ["predict", folder / "model.json", folder / "new.csv", "--output", output, "--json"]
    result = run(*command, "--exposure", "1", "--column", "rate")
    found = json.loads(result.stdout)
    rates = rs.load(folder / "model.json").predict(portfolio.iloc[3_000:], exposure=1.0)
    assert np.array_equal(np.asarray(frames.read_file(output)["rate"]), rates)
    assert (found["rows"], found["column"], found["output"]) == (1000, "rate", str(output))
    np.testing.assert_allclose(found["total"], rates.sum())
    run(*command, "--exposure", "DrivAge")
    by_age = rs.load(folder / "model.json").predict(portfolio.iloc[3_000:], exposure="DrivAge")
    assert np.array_equal(np.asarray(frames.read_file(output)["prediction"]), by_age)


def test_predict_refuses_what_it_cannot_do(folder, portfolio, tmp_path):
    model, new, output = folder / "model.json", folder / "new.csv", tmp_path / "scored.csv"
    assert "there is no file" in fails(1, "predict", model, tmp_path / "none.csv", "-o", output)
    assert "none.json" in fails(1, "predict", tmp_path / "none.json", new, "-o", output)
    assert "has extension '.xlsx'" in fails(1, "predict", model, new, "-o", tmp_path / "a.xlsx")
    assert "has a column 'Area' already" in fails(
        1, "predict", model, new, "-o", output, "--column", "Area"
    )
    assert "--output" in fails(2, "predict", model, new)
    nowhere = tmp_path / "none" / "scored.csv"
    assert "there is no folder" in fails(1, "predict", model, new, "-o", nowhere)
    broken = tmp_path / "broken.json"
    broken.write_text(model.read_text()[:-40])
    assert "damaged or truncated" in fails(1, "predict", broken, new, "-o", output)
    frames.write_file(portfolio.drop(columns="Area"), tmp_path / "less.csv")
    assert "unknown column 'Area'" in fails(
        1, "predict", model, tmp_path / "less.csv", "-o", output
    )
    frames.write_file(portfolio.assign(Area="Z"), tmp_path / "other.csv")
    assert "has 1 level that the model has not seen" in fails(
        1, "predict", model, tmp_path / "other.csv", "-o", output
    )
    assert not output.exists()


# ---- explore ------------------------------------------------------------------------------------


def test_explore_prints_a_report_or_json(folder, portfolio):
    command = ["explore", folder / "data.csv", "--response", "ClaimNb", "--exposure", "Exposure"]
    chosen = ["--categorical", "Area", "--categorical", "Region", "--continuous", "DrivAge"]
    train = portfolio.iloc[:3_000]
    found = rs.explore_data(train, "ClaimNb", ["Area", "Region"], ["DrivAge"], exposure="Exposure")
    assert run(*command, *chosen).stdout == f"{found}\n"
    assert json.loads(run(*command, *chosen, "--json").stdout) == json.loads(found.to_json())
    assert "VehBrand" in run(*command).stdout  # all columns without a choice
    assert "unknown factor 'Zone'" in fails(1, *command, "--categorical", "Zone")
    assert "--response" in fails(2, "explore", folder / "data.csv")


# ---- as a program -------------------------------------------------------------------------------


def test_the_whole_way_in_processes_of_their_own(folder, portfolio, tmp_path):
    def program(*command):
        command = [str(argument) for argument in command]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
        )

    script = Path(sys.executable).parent / "rustystats"
    fit = ["fit", folder / "data.csv", FORMULA, *OPTIONS, "--save", "m.json", "--json"]
    fitted = program(script, *fit)
    assert fitted.returncode == 0, fitted.stderr
    assert json.loads(fitted.stdout)["saved"] == "m.json"
    module = [sys.executable, "-P", "-m", "rustystats"]
    scored = program(*module, "predict", "m.json", folder / "new.csv", "-o", "scored.csv")
    assert (scored.returncode, scored.stdout) == (0, ""), scored.stderr
    expected = rs.load(folder / "model.json").predict(portfolio.iloc[3_000:])
    found = np.asarray(frames.read_file(tmp_path / "scored.csv")["prediction"])
    assert np.array_equal(found, expected)


def test_the_entry_point_ends_with_the_exit_code(folder, monkeypatch, capsys):
    command = ["rustystats", "fit", str(folder / "data.csv"), "ClaimNb ~ Age"]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("Error: cannot read the formula: unknown column 'Age'")
