"""Exposure and offset: what is added to the linear predictor, at fit and at prediction."""

import numpy as np
import pandas as pd
import pytest

from rustystats.frames import read_columns
from rustystats.links import Identity, Log, Logit
from rustystats.offsets import OffsetTerms, evaluate_offsets, learn_offsets, read_vector
from rustystats.terms.expression import Expression

FRAME = pd.DataFrame(
    {"e": [0.5, 1.0, 2.0], "v": [10, 20, 40], "s": [-1.0, 0.0, 1.0], "t": list("abc")}
)
COLUMNS = read_columns(FRAME, FRAME.columns)
E = FRAME["e"].to_numpy()


def evaluate(exposure=None, offset=None, expressions=(), link=None):
    terms = learn_offsets(exposure, offset, expressions, link or Log())
    return evaluate_offsets(terms, COLUMNS, exposure, offset, 3)


def test_nothing_is_none():
    assert evaluate() == (None, None)


@pytest.mark.parametrize("exposure", ["e", E, list(E), pd.Series(E)])
def test_exposure_adds_its_logarithm(exposure):
    shift, values = evaluate(exposure)
    np.testing.assert_allclose(shift, np.log(E), rtol=1e-15)
    np.testing.assert_array_equal(values, E)


def test_named_offset_with_a_log_link_is_an_exposure():
    shift, values = evaluate(offset="e")
    np.testing.assert_allclose(shift, np.log(E), rtol=1e-15)
    np.testing.assert_array_equal(values, E)
    shift, values = evaluate("e", "v")
    np.testing.assert_allclose(shift, np.log(E * FRAME["v"]), rtol=1e-15)
    np.testing.assert_array_equal(values, E * FRAME["v"])


@pytest.mark.parametrize("link", [Identity(), Logit()])
def test_named_offset_with_another_link_is_verbatim(link):
    shift, values = evaluate(offset="s", link=link)
    np.testing.assert_array_equal(shift, FRAME["s"])
    assert values is None


def test_array_offset_is_verbatim_whatever_the_link():
    for link in (Log(), Identity(), Logit()):
        shift, values = evaluate(offset=FRAME["s"].to_numpy(), link=link)
        np.testing.assert_array_equal(shift, FRAME["s"])
        assert values is None


def test_everything_is_summed():
    expressions = (Expression("log(v)"), Expression("s"))
    offset = np.array([0.1, 0.2, 0.3])
    shift, _ = evaluate("e", offset, expressions)
    np.testing.assert_allclose(shift, np.log(E) + offset + np.log(FRAME["v"]) + FRAME["s"])
    np.testing.assert_array_equal(offset, [0.1, 0.2, 0.3])  # not added to in place


def test_scalars_hold_for_every_row():
    np.testing.assert_array_equal(evaluate(2.0)[0], np.full(3, np.log(2.0)))
    np.testing.assert_array_equal(evaluate(offset=-1)[0], np.full(3, -1.0))


@pytest.mark.parametrize("name", ["log_exposure", "LogExposure", "ln_e", "LNEXP", "log"])
def test_named_logarithm_is_refused(name):
    with pytest.raises(ValueError, match=rf"'{name}'.*already.*offset\({name}\)"):
        learn_offsets(None, name, (), Log())
    assert learn_offsets(None, name, (), Identity()).offset == name  # verbatim there


@pytest.mark.parametrize("link", [Identity(), Logit()])
def test_exposure_needs_a_log_link(link):
    with pytest.raises(ValueError, match=rf"log link.*{link.name()}.*weights"):
        learn_offsets("e", None, (), link)


@pytest.mark.parametrize("role", ["exposure", "offset"])
@pytest.mark.parametrize(("bad", "word"), [(np.nan, "missing"), (0.0, "zero"), (-1.0, "negative")])
def test_bad_values_are_counted(role, bad, word):
    frame = FRAME.assign(e=[1.0, bad, bad])
    terms = learn_offsets(
        **{"exposure": None, "offset": None, role: "e"}, expressions=(), link=Log()
    )
    with pytest.raises(ValueError, match=rf"'e'.*{word}.* 2 .*rows.*drop"):
        evaluate_offsets(terms, read_columns(frame, ["e"]), terms.exposure, terms.offset, 3)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_offset_must_be_finite(bad):
    with pytest.raises(ValueError, match=r"offset .*1 rows"):
        evaluate(offset=[0.0, bad, 1.0])
    with pytest.raises(ValueError, match=r"'log\(s\)'.* 2 rows"):
        evaluate(expressions=(Expression("log(s)"),))


def test_read_vector():
    np.testing.assert_array_equal(read_vector("v", COLUMNS, 3, "weights"), [10.0, 20.0, 40.0])
    assert read_vector([1, 2, 3], None, 3, "weights").dtype == np.float64
    with pytest.raises(ValueError, match=r"weights has shape \(2,\).*3 rows"):
        read_vector([1, 2], None, 3, "weights")
    with pytest.raises(ValueError, match=r"offset has shape \(3, 1\)"):
        read_vector(np.ones((3, 1)), None, 3, "offset")
    with pytest.raises(ValueError, match="weights"):
        read_vector(["a", "b", "c"], None, 3, "weights")
    with pytest.raises(ValueError, match="'t' is String, not numeric"):
        read_vector("t", COLUMNS, 3, "weights")
    with pytest.raises(ValueError, match=r"weights='v'.*no DataFrame"):
        read_vector("v", None, 3, "weights")


def test_columns_and_description():
    terms = learn_offsets("e", None, (Expression("log(v) + s"),), Log())
    assert terms.columns == ("e", "v", "s")
    assert terms.describe() == "log(e) + log(v) + s"
    assert learn_offsets(None, "e", (), Log()).describe() == "log(e)"
    assert learn_offsets(None, "e", (), Identity()).describe() == "e"
    assert learn_offsets(E, E, (), Log()).describe() == "log(exposure) + array"
    assert learn_offsets(E, E, (), Log()).columns == ()
    assert OffsetTerms().describe() == "none"


def test_one_column_as_exposure_and_offset_is_refused():
    with pytest.raises(ValueError, match="'e' is given as exposure and as offset"):
        learn_offsets("e", "e", (), Log())
