import numpy as np
import pandas as pd

from rustystats.design.blocks import TableBlock
from rustystats.design.cells import ArrowGram, CellDesign, cells_of
from rustystats.design.matrix import DesignMatrix
from rustystats.formula import parse_formula
from rustystats.frames import read_columns

N = 3000
RNG = np.random.default_rng(5)
FRAME = pd.DataFrame(
    {
        "a": RNG.integers(0, 20, N),
        "b": RNG.integers(0, 18, N),
        "c": RNG.choice(list("uvw"), N),
        "x": RNG.normal(size=N),
        "age": RNG.integers(18, 90, N),
        "d": RNG.integers(0, 250, N),
        "f": RNG.integers(0, 260, N),
    }
)


def design_of(formula):
    terms = parse_formula(formula, response=False).terms
    columns = read_columns(FRAME, terms.columns)
    return terms.resolve(columns).learn(columns).design(columns)[0]


def whole(arrow):
    return np.block([[np.diag(arrow.cells), arrow.side], [arrow.side.T, arrow.rest]])


def test_gram_of_cells_is_that_of_indicators():
    design = design_of("C(a) * C(b) + C(c) + x + bs(age, df=5)")
    cells, pack = cells_of(design)
    assert isinstance(cells, CellDesign)
    weight = RNG.uniform(0.1, 2.0, N)
    arrow = cells.gram(weight)
    assert isinstance(arrow, ArrowGram)
    X = cells.to_dense()
    assert X.shape[1] == 360 + 2 + 1 + 4
    np.testing.assert_allclose(whole(arrow), X.T @ (weight[:, None] * X), rtol=1e-12, atol=1e-10)
    # the pack's columns are functions of the indicators
    expected = design.to_dense()[:, pack.columns]
    np.testing.assert_allclose(X[:, :360] @ pack.basis, expected, atol=1e-14)


def test_gram_of_cells_beside_two_tables_is_that_of_indicators():
    cells, _ = cells_of(design_of("C(a) * C(b) + C(d) + C(f)"))
    assert len(cells.packs) == 3
    weight = RNG.uniform(0.1, 2.0, N)
    X = cells.to_dense()
    expected = X.T @ (weight[:, None] * X)
    np.testing.assert_allclose(whole(cells.gram(weight)), expected, rtol=1e-12, atol=1e-10)


def test_a_part_keeps_its_rows():
    rows = np.sort(RNG.choice(N, 2000, replace=False))
    part = design_of("C(a) * C(b) + x").take(rows)
    cells, _ = cells_of(part)
    np.testing.assert_array_equal(cells.to_dense()[:, -1], FRAME.x.to_numpy()[rows])
    assert whole(cells.gram(np.ones(2000)))[:360, :360].trace() == 2000


def test_no_cells_where_they_are_no_gain():
    assert cells_of(design_of("C(a) + C(b) + x")) is None  # no table has many columns
    assert cells_of(design_of("C(a) * C(b)")) is not None
    assert cells_of(design_of("x + bs(age, df=5)")) is None
    codes = np.arange(N, dtype=np.uint16) % 400
    fewer = TableBlock(codes, RNG.normal(size=(400, 310)))  # columns than levels with rows
    assert cells_of(DesignMatrix([fewer])) is None
    fewer = TableBlock(codes % 310, RNG.normal(size=(400, 310)))
    assert cells_of(DesignMatrix([fewer])) is not None


def test_the_intercept_stays_with_the_cells_beside_a_longer_table():
    blocks = design_of("C(a) * C(b)").blocks
    longer = TableBlock(RNG.integers(0, 400, N).astype(np.uint16), RNG.normal(size=(400, 2)))
    _, pack = cells_of(DesignMatrix([*blocks, longer]))
    assert 0 in pack.columns
    assert pack.basis.shape == (360, 360)
