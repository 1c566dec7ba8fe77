"""What a loaded model cannot do says so; what a file must not be is refused with its cause."""

import copy
import hashlib
import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import rustystats as rs

STORED = Path(__file__).parents[1] / "golden" / "model_v1.json"


@pytest.fixture(scope="module")
def data():
    return rs.datasets.make_motor_portfolio(2_000, seed=1)


@pytest.fixture(scope="module")
def result(data):
    formula = "ClaimNb ~ bs(DrivAge, df=4) + C(Area) + cut(VehAge, [-1, 5, 99])"
    return rs.glm(formula, data, family="poisson", exposure="Exposure").fit()


@pytest.fixture
def path(result, tmp_path):
    result.save(tmp_path / "model.json")
    return tmp_path / "model.json"


def edited(path, change, seal=True):
    """The file with its model changed; `seal` makes the checksum right again, by its definition."""
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    if seal:
        content = {"version": document["version"], "model": document["model"]}
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        document["checksum"] = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


# ---- what it can and cannot do ------------------------------------------------------------------


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model.fittedvalues,
        lambda model: model.linear_predictor,
        lambda model: model.resid_response(),
        lambda model: model.resid_pearson(),
        lambda model: model.resid_deviance(),
        lambda model: model.resid_working(),
        lambda model: model.resid_anscombe(),
        lambda model: model.resid_quantile(0),
        lambda model: model.leverage(),
        lambda model: model.cooks_distance(),
        lambda model: model.bse_robust(),
        lambda model: model.coef_table("HC1"),
        lambda model: model.summary(groups=np.arange(2_000)),
        lambda model: model.conf_int(method="profile"),
        lambda model: model.anova(),
        lambda model: model.anova(type=3, test="Wald"),
        lambda model: model.drop1(),
        lambda model: rs.compare(model, model),
    ],
)
def test_what_needs_the_rows_says_that_they_are_gone(path, ask):
    with pytest.raises(ValueError, match="was loaded from a file, which has no rows of the fit"):
        ask(rs.load(path))


def test_refits_and_profiles_of_parameters_say_so_too(data, tmp_path):
    path = tmp_path / "model.json"
    rs.glm("ClaimNb ~ C(Area)", data, family="poisson").fit(0.01, 1.0).save(path)
    with pytest.raises(ValueError, match="no rows of the fit"):
        rs.load(path).refit_selected()
    rs.glm("ClaimNb ~ 1", data, family="negbinomial", theta=2.0).fit().save(path)
    with pytest.raises(ValueError, match="no rows of the fit"):
        rs.load(path).profile_parameter()


def test_diagnostics_are_those_of_data_that_are_passed(path, result, data):
    loaded, test = rs.load(path), data.iloc[:500]
    assert loaded.diagnostics_json(test, ["Area"]) == result.diagnostics_json(test, ["Area"])
    with pytest.raises(ValueError, match="no rows of the fit"):
        loaded.diagnostics()


def test_charts_of_relativities_need_no_rows(path, result):
    pytest.importorskip("matplotlib")
    heights = []
    for model in (rs.load(path), result):
        figure = model.plot.relativities("Area").figure
        heights.append([bar.get_height() for axes in figure.axes for bar in axes.patches])
    assert heights[0] == heights[1] != []


def test_hashes_and_versions_are_those_of_the_fit(path, result):
    loaded = rs.load(path)
    assert loaded.input_hashes() == result.input_hashes()
    assert loaded.versions == result.versions


# ---- the stored file ----------------------------------------------------------------------------


def stored_portfolio():
    """The rows that the stored file's model was fitted to, in exact arithmetic."""
    at = np.arange(400)
    return pd.DataFrame(
        {
            "claims": (at % 7 == 0).astype(float) + (at % 31 == 0),
            "age": 18 + at * 7 % 60,
            "power": (at * 13 % 97) / 16,
            "zone": at * 5 % 8,
            "area": np.array(list("ABCDE"))[at * 3 % 5],
            "brand": np.array(["x", "y", "z"])[at % 3],
            "years": 0.25 + (at % 4) / 4,
            "shift": (at % 5) / 8,
        }
    )


def test_a_file_of_version_1_loads_and_predicts_to_the_last_bit(tmp_path):
    # tests/golden/model_v1.py wrote it, with the predictions of the model that was saved
    loaded = rs.load(STORED)
    again = tmp_path / "again.json"
    loaded.save(again)
    assert again.read_bytes() == STORED.read_bytes()
    expected = json.loads(STORED.with_name("model_v1_predictions.json").read_text())
    found = loaded.predict(stored_portfolio())
    # to the last bit where it was written; sums and exponentials of another processor's
    # instructions differ in the last place, the numbers they are made of (above) do not
    wanted = np.array([float.fromhex(text) for text in expected])
    np.testing.assert_allclose(found, wanted, rtol=1e-13)


def test_the_stored_file_has_every_kind_of_factor():
    from rustystats.serialization.factors import KINDS

    kinds = {factor["kind"] for factor in json.loads(STORED.read_text())["model"]["factors"]}
    assert kinds == set(KINDS) - {"array"}


# ---- what is no model file ----------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_truncated_file_is_refused(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=r"model\.json is damaged or truncated, or no model file"):
        rs.load(path)


def test_noise_and_other_json_are_refused(path):
    path.write_bytes(b"\x80\x04\x95 a pickle")
    with pytest.raises(ValueError, match="damaged or truncated, or no model file"):
        rs.load(path)
    for text in ("[]", "{}", '{"format": "other"}', '"rustystats model"'):
        path.write_text(text)
        with pytest.raises(ValueError, match="is no model file of rustystats"):
            rs.load(path)
    with pytest.raises(FileNotFoundError):
        rs.load(path.with_name("none.json"))


def test_any_flipped_byte_is_refused(path):
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    for at in rng.choice(len(content) - 1, size=300, replace=False):  # not the last line feed
        damaged = bytearray(content)
        damaged[at] ^= 1 << int(rng.integers(7))
        path.write_bytes(bytes(damaged))
        try:
            loaded = rs.load(path)
        except ValueError as error:
            assert "model.json" in str(error)  # noqa: PT017
        else:  # a digit behind those that tell a double from its neighbours
            path.write_bytes(content)
            assert np.array_equal(loaded.params, rs.load(path).params)
            assert np.array_equal(loaded.fit.gram, rs.load(path).fit.gram)


def test_an_edited_file_is_refused(path):
    def change(document):
        document["model"]["fit"]["coef"][0] += 0.5

    with pytest.raises(ValueError, match="was damaged or edited after it was saved"):
        rs.load(edited(path, change, seal=False))


def test_a_file_that_was_laid_out_anew_still_loads(path, result, data):
    path.write_text(json.dumps(json.loads(path.read_text()), indent=2), encoding="utf-8")
    assert np.array_equal(rs.load(path).predict(data), result.predict(data))


def test_a_newer_version_says_what_to_do(path):
    def change(document):
        document["version"] = 2

    with pytest.raises(ValueError, match=r"version 2 of the model format.*newer release"):
        rs.load(edited(path, change))


@pytest.mark.parametrize("version", [None, 0, "1", True, 1.5])
def test_a_version_that_is_none(path, version):
    def change(document):
        document["version"] = version

    with pytest.raises(ValueError, match="is damaged: its version is"):
        rs.load(edited(path, change))


def test_other_parts_than_those_of_the_format(path):
    def change(document):
        document["signature"] = "mine"

    with pytest.raises(ValueError, match="is not made of format, version, checksum, model"):
        rs.load(edited(path, change))


def test_encodings_need_as_many_levels_of_each_column(data, tmp_path):
    model = rs.glm("ClaimNb ~ FE(Area:VehGas)", data, family="poisson", exposure="Exposure")
    model.fit().save(tmp_path / "model.json")

    def change(document):
        document["model"]["factors"][0]["levels"]["Area"].pop()

    with pytest.raises(ValueError, match="the levels of Area:VehGas differ in number"):
        rs.load(edited(tmp_path / "model.json", change))


def test_keys_that_stand_twice_and_constants_of_javascript(path):
    text = path.read_text()
    path.write_text(text.replace('"face":', '"face":"array","face":', 1))
    with pytest.raises(ValueError, match="a key stands twice"):
        rs.load(path)
    path.write_text(text.replace('"n_obs":2000', '"n_obs":NaN', 1))
    with pytest.raises(ValueError, match="NaN is no number of JSON"):
        rs.load(path)


CHANGES = {
    "terms": lambda model: model["terms"].pop(),
    "missing": lambda model: model.pop("family"),
    "family": lambda model: model.update(family={"name": "cauchy"}),
    "link": lambda model: model.update(link={"name": "power", "exponent": 0}),
    "text": lambda model: model["fit"]["coef"].__setitem__(0, "seven"),
    "number": lambda model: model["fit"].update(deviance=True),
    "short": lambda model: model["fit"]["coef"].pop(),
    "gram": lambda model: model["fit"]["gram"].pop(),
    "row": lambda model: model["fit"]["gram"][2].pop(),
    "index": lambda model: model["fit"].update(aliased=[99]),
    "factor": lambda model: model["terms"][1]["factors"].__setitem__(0, -1),
    "kind": lambda model: model["factors"][0].update(kind="pickle"),
    "levels": lambda model: model["factors"][1].update(levels_learned=[1, 2]),
    "reference": lambda model: model["factors"][1].update(reference=17),
    "face": lambda model: model.update(face="b"),
    "policy": lambda model: model["factors"][1].update(handle_unknown="ignore"),
    "edges": lambda model: model["factors"][2]["source"].update(edges=[3.0, 1.0, 2.0]),
    "knots": lambda model: model["factors"][0].update(boundary_knots=[1.0]),
    "offset": lambda model: model["offsets"].update(exposure=3),
    "list": lambda model: model.update(offsets=[]),
    "source": lambda model: model["factors"][2]["source"].update(kind="module"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_is_wrong_in_itself_is_refused(path, change):
    def applied(document):
        CHANGES[change](document["model"])

    with pytest.raises(ValueError, match=r"model\.json cannot be read, though its checksum"):
        rs.load(edited(path, applied))


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "().__class__.__bases__",
        "open('x')",
        "np.fromfile('x')",
        "[x for x in (1,)]",
        "lambda: 1",
        "np.add(x, 1, x)",
    ],
)
def test_nothing_in_a_file_is_executed(data, tmp_path, text):
    path = tmp_path / "model.json"
    rs.glm("ClaimNb ~ I(DrivAge**2) + offset(VehAge)", data, family="poisson").fit().save(path)
    whole = path.read_bytes()

    def factor(document):
        document["model"]["factors"][0]["expression"] = text

    def offset(document):
        document["model"]["offsets"]["expressions"] = [text]

    for change in (factor, offset):
        with pytest.raises(ValueError, match="cannot be read, though its checksum is right"):
            rs.load(edited(path, change))
        path.write_bytes(whole)


def test_copies_predict_as_the_model_does(path, result, data):
    loaded = rs.load(path)
    for copied in (copy.deepcopy(loaded), pickle.loads(pickle.dumps(loaded))):
        np.testing.assert_array_equal(copied.predict(data), result.predict(data))
    with pytest.raises(AttributeError, match="LoadedModel has no attribute 'columns_'"):
        _ = loaded.model.columns_


def test_a_file_read_twice_gives_models_of_their_own(path, tmp_path):
    shutil.copy(path, tmp_path / "copy.json")
    one, two = rs.load(path), rs.load(tmp_path / "copy.json")
    assert one.params is not two.params
    assert repr(one) == repr(two)
