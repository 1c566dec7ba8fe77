"""A design matrix against the same matrix written out, however its columns are stored."""

import copy
import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from rustystats.design import matrix
from rustystats.design.blocks import DenseBlock, TableBlock, constant_block, indicator_basis
from rustystats.design.matrix import DesignMatrix

CODE_TYPES = [np.uint8, np.uint16, np.uint32]
MOST_LEVELS = {np.uint8: 256, np.uint16: 65_536, np.uint32: 70_000}


def with_threads(design, n_threads):
    """The design on this many threads, also where the rows would not pay for them."""
    other = design.threaded(n_threads)
    other.n_threads = n_threads
    return other


def table(rng, n, n_levels, n_columns, dtype=None, kind="normal"):
    dtype = dtype or next(t for t in CODE_TYPES if n_levels <= MOST_LEVELS[t])
    codes = rng.integers(0, n_levels, n).astype(dtype)
    if kind == "indicator":
        return TableBlock(codes, indicator_basis(n_levels, 0))
    basis = rng.normal(size=(n_levels, n_columns))
    if kind == "sparse":
        basis = sparse.csr_array(basis * (rng.random(basis.shape) < 0.3))
    return TableBlock(codes, basis)


def dense(rng, n, n_columns, layout="C", dtype=np.float64):
    values = rng.normal(size=(n, n_columns)).astype(dtype)
    if layout == "F":
        values = np.asfortranarray(values)
    elif layout == "strided":
        values = np.repeat(np.repeat(values, 2, axis=0), 2, axis=1)[::2, ::2]
    elif layout == "reversed":
        values = values[::-1, ::-1]
    elif layout == "locked":
        values.flags.writeable = False
    return DenseBlock(values)


# Mixtures that reach each way of storing columns and of summing over rows
CASES = {
    "intercept alone": lambda rng, n: [constant_block(n)],
    "one table": lambda rng, n: [table(rng, n, 12, 4)],
    "intercept and table": lambda rng, n: [
        constant_block(n),
        table(rng, n, 12, 0, kind="indicator"),
    ],
    "intercept last": lambda rng, n: [table(rng, n, 9, 3), dense(rng, n, 1), constant_block(n)],
    "packed": lambda rng, n: [
        constant_block(n),
        *(table(rng, n, k, 2) for k in (3, 40, 2, 5, 100, 4)),
    ],
    "packed to the last level": lambda rng, n: [
        table(rng, n, 16, 5),
        table(rng, n, 16, 5),
        constant_block(n),
    ],
    "one level too many": lambda rng, n: [
        table(rng, n, 257, 5),
        table(rng, n, 16, 5),
        constant_block(n),
    ],
    "code widths": lambda rng, n: [table(rng, n, 7, 3, dtype) for dtype in CODE_TYPES],
    "two bytes": lambda rng, n: [constant_block(n), table(rng, n, 5000, 3), table(rng, n, 6, 2)],
    "four bytes": lambda rng, n: [constant_block(n), table(rng, n, 70_000, 2), table(rng, n, 3, 2)],
    "four bytes, wide": lambda rng, n: [
        constant_block(n),
        table(rng, n, 70_000, 12, kind="sparse"),
    ],
    "look-up": lambda rng, n: [constant_block(n), table(rng, n, 1600, 1), table(rng, n, 4, 3)],
    "look-up of four bytes": lambda rng, n: [table(rng, n, 70_000, 1), table(rng, n, 64, 1)],
    "large pair": lambda rng, n: [
        table(rng, n, 3000, 2),
        table(rng, n, 2900, 3),
        constant_block(n),
    ],
    "sparse basis": lambda rng, n: [
        constant_block(n),
        table(rng, n, 300, 40, kind="sparse"),
        table(rng, n, 5, 2),
    ],
    "sparse indicators": lambda rng, n: [
        constant_block(n),
        table(rng, n, 1100, 0, kind="indicator"),
    ],
    "sparse small": lambda rng, n: [
        table(rng, n, 6, 3, kind="sparse"),
        table(rng, n, 8, 2),
        constant_block(n),
    ],
    "dense": lambda rng, n: [dense(rng, n, 5)],
    "dense column": lambda rng, n: [dense(rng, n, 1)],
    "intercept and dense": lambda rng, n: [constant_block(n), dense(rng, n, 3)],
    "intercept and wide dense": lambda rng, n: [constant_block(n), dense(rng, n, 110)],
    "dense float32": lambda rng, n: [
        constant_block(n),
        dense(rng, n, 9, dtype=np.float32),
        table(rng, n, 4, 3),
    ],
    "dense F": lambda rng, n: [
        dense(rng, n, 4, "F"),
        constant_block(n),
        dense(rng, n, 2, "F", np.float32),
    ],
    "dense strided": lambda rng, n: [
        constant_block(n),
        dense(rng, n, 7, "strided"),
        table(rng, n, 4, 3),
    ],
    "dense reversed": lambda rng, n: [dense(rng, n, 4, "reversed"), table(rng, n, 400, 1)],
    "dense read-only": lambda rng, n: [table(rng, n, 30, 3), dense(rng, n, 16, "locked")],
    "column of dense": lambda rng, n: [
        DenseBlock(dense(rng, n, 5).values[:, 2:3]),
        constant_block(n),
    ],
    "no columns": lambda rng, n: [
        constant_block(n),
        TableBlock(np.zeros(n, np.uint8), np.ones((1, 0))),
    ],
    "everything": lambda rng, n: [
        dense(rng, n, 2),
        table(rng, n, 20, 4),
        table(rng, n, 700, 1),
        constant_block(n),
        table(rng, n, 22, 0, kind="indicator"),
        dense(rng, n, 3, "F", np.float32),
        table(rng, n, 1500, 6),
        table(rng, n, 2, 1),
    ],
}


def case_blocks(name, n=2500):
    return CASES[name](np.random.default_rng(len(name)), n)


def written_out(blocks):
    """X as the definition says, column by column."""
    return np.hstack(
        [
            np.asarray(block.values, dtype=float)
            if isinstance(block, DenseBlock)
            else (block.basis.toarray() if sparse.issparse(block.basis) else block.basis)[
                block.codes
            ]
            for block in blocks
        ]
    )


def check_sums(design, x, rng):
    """Each sum over rows to 1e-12 of the sum of its absolute values."""
    n, p = x.shape
    coef, offset, residual = rng.normal(size=p), rng.normal(size=n), rng.normal(size=n)
    weight = rng.exponential(size=n) * (rng.random(n) < 0.9)
    eta = x @ coef
    close(design.matvec(coef), eta, np.abs(x) @ np.abs(coef) + 1)
    close(design.matvec(coef, offset), eta + offset, np.abs(x) @ np.abs(coef) + 1)
    close(design.transpose_matvec(residual), x.T @ residual, np.abs(x).T @ np.abs(residual) + 1)
    gram = design.gram(weight)
    close(gram, x.T @ (weight[:, None] * x), np.abs(x).T @ (weight[:, None] * np.abs(x)) + 1)
    np.testing.assert_allclose(gram, gram.T, rtol=1e-13, atol=1e-13 * np.abs(gram).max(initial=0))
    check_quadratic_form(design, x, rng)
    labels = rng.integers(0, n // 3 + 1, n)
    order = np.argsort(labels, kind="stable")
    starts = np.r_[0, np.cumsum(np.unique(labels, return_counts=True)[1])]
    sums, sizes = np.zeros((2, n // 3 + 1, p))
    np.add.at(sums, labels, residual[:, None] * x)
    np.add.at(sizes, labels, np.abs(residual[:, None] * x))
    close(design.cluster_gram(residual, order, starts), sums.T @ sums, sizes.T @ sizes + 1)


def check_quadratic_form(design, x, rng):
    M = rng.normal(size=(x.shape[1],) * 2)
    M += M.T
    aliased = rng.random(x.shape[1]) < 0.2
    M[aliased] = M[:, aliased] = np.nan
    known = np.where(np.isnan(M), 0.0, M)
    form, size = ((a @ b) * a for a, b in ((x, known), (np.abs(x), np.abs(known))))
    close(design.quadratic_form(M), form.sum(axis=1), size.sum(axis=1) + 1)


def close(actual, expected, scale):
    assert actual.shape == expected.shape
    assert (np.abs(actual - expected) <= 1e-12 * scale).all()


def check_totals(design, blocks, rng):
    values = rng.normal(size=design.shape[0])
    totals = design.block_totals(values)
    tables = [i for i, block in enumerate(blocks) if isinstance(block, TableBlock)]
    assert sorted(totals) == tables
    for i in tables:
        expected = np.bincount(blocks[i].codes, values, minlength=blocks[i].n_levels)
        np.testing.assert_allclose(totals[i], expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("name", CASES)
def test_equals_the_matrix_written_out(name):
    blocks = case_blocks(name)
    x = written_out(blocks)
    design = DesignMatrix(blocks, n_threads=1)
    assert design.shape == x.shape
    np.testing.assert_array_equal(design.to_dense(), x)
    rng = np.random.default_rng(1)
    check_sums(design, x, rng)
    check_totals(design, blocks, rng)


@pytest.mark.parametrize("name", CASES)
def test_column_scales(name):
    blocks = case_blocks(name)
    scales = DesignMatrix(blocks).column_scales
    expected = []
    for block in blocks:
        if isinstance(block, DenseBlock):
            expected.extend(np.sqrt(np.mean(block.values.astype(float) ** 2, axis=0)))
        elif block.n_columns:
            expected.extend(
                abs(block.basis).max(axis=0).reshape(-1)
                if not sparse.issparse(block.basis)
                else abs(block.basis).max(axis=0).toarray().reshape(-1)
            )
    np.testing.assert_allclose(scales, expected, rtol=1e-12)


# Ways to choose some of n rows: views, indexes, and so few rows that they are copied
TAKEN = {
    "every seventh": lambda rng, n: slice(None, None, 7),
    "a run": lambda rng, n: slice(n // 25, n // 2),
    "four fifths": lambda rng, n: np.sort(rng.permutation(n)[: n * 4 // 5]),
    "a bootstrap": lambda rng, n: rng.integers(0, n, n),
    "a mask": lambda rng, n: rng.random(n) < 0.6,
    "backwards": lambda rng, n: np.arange(-1, -n - 1, -1),
    "few": lambda rng, n: np.sort(rng.permutation(n)[: n // 20]),
    "more than there are": lambda rng, n: np.r_[np.arange(n), rng.integers(0, n, n // 2)],
}


def check_part(part, x, rng):
    """A part, its blocks, and what else is asked of it than sums over its rows."""
    assert part.shape == x.shape
    np.testing.assert_array_equal(part.to_dense(), x)
    check_sums(part, x, rng)
    blocks = part.blocks
    np.testing.assert_array_equal(written_out(blocks), x)
    check_totals(part, blocks, rng)
    alone = DesignMatrix(blocks)
    np.testing.assert_allclose(part.column_scales, alone.column_scales, rtol=1e-12)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("rows", TAKEN)
def test_take_equals_the_rows_written_out(name, rows):
    blocks, rng = case_blocks(name), np.random.default_rng(0)
    rows = TAKEN[rows](rng, 2500)
    check_part(DesignMatrix(blocks).take(rows), written_out(blocks)[rows], rng)


@pytest.mark.parametrize("first", TAKEN)
@pytest.mark.parametrize("second", TAKEN)
def test_take_of_a_take(first, second):
    blocks, rng = case_blocks("everything", 1500), np.random.default_rng(0)
    rows = TAKEN[first](rng, 1500)
    part, x = DesignMatrix(blocks).take(rows), written_out(blocks)[rows]
    rows = TAKEN[second](rng, len(x))
    assert part.column_scales.shape == (x.shape[1],)  # not to be handed on to the smaller part
    check_part(part.take(rows), x[rows], rng)


@pytest.mark.parametrize("rows", TAKEN)
def test_parts_are_copied_and_pickled_and_threaded(rows):
    rows = TAKEN[rows](np.random.default_rng(1), 2500)
    part = DesignMatrix(case_blocks("everything")).take(rows)
    weight = np.random.default_rng(0).exponential(size=part.shape[0])
    expected = part.gram(weight)
    for clone in (copy.copy(part), copy.deepcopy(part), pickle.loads(pickle.dumps(part))):
        np.testing.assert_array_equal(clone.gram(weight), expected)
        np.testing.assert_array_equal(clone.to_dense(), part.to_dense())
    for n_threads in (2, 5):
        other = with_threads(part, n_threads)
        np.testing.assert_allclose(other.gram(weight), expected, rtol=1e-11, atol=1e-9)
        np.testing.assert_array_equal(other.gram(weight), other.gram(weight))


def test_taking_rows_allocates_an_index_and_nothing_else():
    n = 400_000
    rng = np.random.default_rng(0)
    blocks = [constant_block(n), *(table(rng, n, k, 3) for k in (40, 90, 3000)), dense(rng, n, 5)]
    design = DesignMatrix(blocks)
    rows = np.sort(rng.permutation(n)[: n * 4 // 5])
    tracemalloc.start()
    try:
        parts = [design.take(rows) for _ in range(3)]
        run = design.take(slice(1000, n))
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert 0 < held - 3 * 4 * len(rows) < 100_000
    for part in (*parts, run):
        for pack, whole in zip(part.packs, design.packs, strict=True):
            assert np.shares_memory(pack.codes, whole.codes)
    assert [part.rows.n_direct for part in (design, parts[0], run)] == [5, 0, 5]


def test_blocks_of_a_part_share_codes_as_those_of_the_whole_do():
    codes = np.arange(300, dtype=np.uint16) % 290
    blocks = [TableBlock(codes, np.eye(290)), TableBlock(codes, np.ones((290, 1)))]
    for rows in (slice(3, 200), np.arange(250)):
        first, second = DesignMatrix(blocks).take(rows).blocks
        assert first.codes is second.codes
        np.testing.assert_array_equal(first.codes, codes[rows])


# Ways to keep some of p columns
KEPT = {
    "all": lambda rng, p: np.arange(p),
    "every second": lambda rng, p: np.arange(0, p, 2),
    "a third": lambda rng, p: np.sort(rng.permutation(p)[: (p + 2) // 3]),
    "the last": lambda rng, p: np.array([p - 1]),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("kept", KEPT)
def test_restrict_equals_the_columns_written_out(name, kept):
    blocks, rng = case_blocks(name), np.random.default_rng(0)
    design, x = DesignMatrix(blocks), written_out(blocks)
    columns = KEPT[kept](rng, x.shape[1])
    check_part(design.restrict(columns), x[:, columns], rng)
    np.testing.assert_array_equal(design.to_dense(), x)


@pytest.mark.parametrize("kept", KEPT)
@pytest.mark.parametrize("rows", TAKEN)
def test_columns_of_a_part_are_a_part_of_the_columns(rows, kept):
    blocks, rng = case_blocks("everything"), np.random.default_rng(0)
    x = written_out(blocks)
    rows, columns = TAKEN[rows](rng, 2500), KEPT[kept](rng, x.shape[1])
    part = DesignMatrix(blocks).take(rows).restrict(columns)
    check_part(part, x[rows][:, columns], rng)
    other = DesignMatrix(blocks).restrict(columns).take(rows)
    weight = rng.exponential(size=part.shape[0])
    np.testing.assert_array_equal(part.gram(weight), other.gram(weight))


def test_no_columns_at_all():
    design = DesignMatrix(case_blocks("everything")).restrict([])
    assert design.shape == (2500, 0)
    assert design.to_dense().shape == (2500, 0)
    np.testing.assert_array_equal(design.matvec(np.empty(0), np.ones(2500)), np.ones(2500))
    assert design.gram(np.ones(2500)).shape == (0, 0)
    assert design.transpose_matvec(np.ones(2500)).shape == (0,)


def test_a_wide_factor_shrinks_and_is_packed():
    rng = np.random.default_rng(0)
    n = 4000
    blocks = [
        constant_block(n),
        table(rng, n, 50_000, 0, kind="indicator"),
        table(rng, n, 8, 0, kind="indicator"),
    ]
    design = DesignMatrix(blocks)
    columns = np.r_[0, 1 + np.sort(rng.permutation(49_999)[:30]), 50_000:50_007]
    small = design.restrict(columns)
    assert [pack.n_levels for pack in small.packs] == [31 * 8]
    assert small.packs[0].codes.dtype == np.uint8
    coef = rng.normal(size=50_007)
    others = np.setdiff1d(np.arange(50_007), columns)
    coef[others] = 0.0
    np.testing.assert_allclose(small.matvec(coef[columns]), design.matvec(coef), rtol=1e-12)
    residual = rng.normal(size=n)
    np.testing.assert_allclose(
        small.transpose_matvec(residual), design.transpose_matvec(residual)[columns], atol=1e-11
    )


@pytest.mark.parametrize("name", ["everything", "sparse basis", "large pair", "code widths"])
def test_quadratic_form_without_tables_of_all_pairs(name, monkeypatch):
    blocks = case_blocks(name)
    design = DesignMatrix(blocks)
    monkeypatch.setattr(matrix, "CROSS_CELLS", 1)
    check_quadratic_form(design, written_out(blocks), np.random.default_rng(0))


@pytest.mark.parametrize("sizes", [(70_000, 60_000), (60_000, 70_000)])
def test_quadratic_form_of_huge_tables(sizes):  # a table of all their pairs would take 34 GB
    rng = np.random.default_rng(0)
    first, second = sizes
    blocks = [table(rng, 900, first, 12, kind="sparse"), table(rng, 900, second, 9)]
    check_quadratic_form(DesignMatrix(blocks), written_out(blocks), rng)


def test_factors_of_a_huge_pair_have_the_fewer_columns():
    rng = np.random.default_rng(0)
    blocks = [table(rng, 9, 5000, 9), table(rng, 9, 4000, 70, kind="sparse")]
    M = rng.normal(size=(79, 79))
    M += M.T
    for packs in (DesignMatrix(blocks).packs, DesignMatrix(blocks).packs[::-1]):
        left, right = matrix._pair_of_levels(*packs, M)
        assert left.shape[1] == right.shape[1] == 9
        x, z = (pack.basis[[17, 3000]] for pack in packs)
        expected = 2 * (x @ M[np.ix_(packs[0].columns, packs[1].columns)] * z).sum(axis=1)
        found = (left[[17, 3000]] * right[[17, 3000]]).sum(axis=1)
        np.testing.assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize("n", [1, 2, 127, 128, 129, 1023, 1024, 1025, 3072])
def test_rows_beside_the_size_of_a_block(n):
    blocks = case_blocks("everything", n)
    design = DesignMatrix(blocks)
    check_sums(design, written_out(blocks), np.random.default_rng(n))
    check_sums(with_threads(design, 3), written_out(blocks), np.random.default_rng(n))


@pytest.mark.parametrize("name", ["packed", "everything", "four bytes", "intercept and wide dense"])
@pytest.mark.parametrize("n", [3, 2500])
def test_threads_change_nothing_but_rounding(name, n):
    blocks = case_blocks(name, n)
    single = with_threads(DesignMatrix(blocks), 1)
    rng = np.random.default_rng(4)
    residual, weight, coef = (
        rng.normal(size=n),
        rng.exponential(size=n),
        rng.normal(size=single.shape[1]),
    )
    x = np.abs(written_out(blocks))
    for n_threads in (1, 2, 3, 5):
        design = with_threads(single, n_threads)
        assert design.n_threads == n_threads
        gram, score, eta = (
            design.gram(weight),
            design.transpose_matvec(residual),
            design.matvec(coef),
        )
        form = design.quadratic_form(np.outer(coef, coef))
        close(form, single.matvec(coef) ** 2, (x @ np.abs(coef) + 1) ** 2)
        close(gram, single.gram(weight), x.T @ (weight[:, None] * x) + 1)
        close(score, single.transpose_matvec(residual), x.T @ np.abs(residual) + 1)
        close(eta, single.matvec(coef), x @ np.abs(coef) + 1)
        for _ in range(3):  # the same bits every time
            np.testing.assert_array_equal(design.gram(weight), gram)
            np.testing.assert_array_equal(design.transpose_matvec(residual), score)
            np.testing.assert_array_equal(design.matvec(coef), eta)
            np.testing.assert_array_equal(design.quadratic_form(np.outer(coef, coef)), form)


def test_storage_does_not_matter():
    """One matrix as tables, sparse tables, dense blocks of two layouts and single columns."""
    rng = np.random.default_rng(8)
    n = 3000
    codes = [rng.integers(0, k, n).astype(np.uint8) for k in (4, 90, 200)]
    bases = [np.eye(4), rng.normal(size=(90, 6)), rng.normal(size=(200, 1))]
    tables = [TableBlock(c, b) for c, b in zip(codes, bases, strict=True)]
    x = written_out(tables)
    stored = [
        tables,
        [TableBlock(t.codes.astype(np.uint32), t.basis) for t in tables],
        [TableBlock(t.codes, sparse.csr_array(t.basis)) for t in tables],
        [DenseBlock(x)],
        [DenseBlock(np.asfortranarray(x))],
        [DenseBlock(x[:, [k]]) for k in range(x.shape[1])],
        [DenseBlock(x[:, :4]), *tables[1:]],
        [TableBlock(codes[0], bases[0][:, [k]]) for k in range(4)] + tables[1:],
    ]
    for blocks in stored:
        check_sums(DesignMatrix(blocks), x, np.random.default_rng(0))


def test_dense_blocks_are_not_copied():
    values = np.random.default_rng(0).normal(size=(2000, 3))
    design = DesignMatrix([constant_block(2000), DenseBlock(values)])
    before = design.matvec(np.ones(4))
    values += 1.0
    np.testing.assert_allclose(design.matvec(np.ones(4)), before + 3.0, rtol=1e-12)


def test_rows_must_agree():
    with pytest.raises(ValueError, match=r"differ in rows: \[3, 4\]"):
        DesignMatrix([constant_block(3), DenseBlock(np.zeros((4, 1)))])


def test_threaded_leaves_the_design_alone():
    design = DesignMatrix(case_blocks("packed", 40_000), n_threads=1)
    other = design.threaded(2)
    assert (design.n_threads, other.n_threads) == (1, 2)
    assert design.threaded(4000).n_threads <= 40_000 // 8192
    assert other.rows is design.rows
    weight = np.ones(40_000)
    np.testing.assert_allclose(other.gram(weight), design.gram(weight), rtol=1e-12, atol=1e-8)


def test_copies_and_pickles():
    design = DesignMatrix(case_blocks("everything"))
    weight = np.random.default_rng(0).exponential(size=2500)
    expected = design.gram(weight)
    for clone in (copy.copy(design), copy.deepcopy(design), pickle.loads(pickle.dumps(design))):
        np.testing.assert_array_equal(clone.gram(weight), expected)


# ---- any mixture of blocks ---------------------------------------------------------------------


@st.composite
def mixtures(draw):
    """A few blocks of any kind on a few rows."""
    n = draw(st.sampled_from([1, 2, 50, 128, 300, 1030]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    blocks = []
    for _ in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(["normal", "indicator", "sparse", "dense", "constant"]))
        if kind == "dense":
            layout = draw(st.sampled_from(["C", "F", "strided", "reversed", "locked"]))
            dtype = draw(st.sampled_from([np.float32, np.float64]))
            blocks.append(dense(rng, n, draw(st.integers(0, 9)), layout, dtype))
        elif kind == "constant":
            blocks.append(constant_block(n))
        else:
            n_levels = draw(st.sampled_from([1, 2, 3, 16, 17, 64, 65, 255, 256, 257, 300]))
            n_columns = draw(st.integers(0, 4))
            least = next(i for i, t in enumerate(CODE_TYPES) if n_levels <= MOST_LEVELS[t])
            dtype = draw(st.sampled_from(CODE_TYPES[least:]))
            blocks.append(table(rng, n, n_levels, n_columns, dtype, kind))
    return blocks, draw(st.sampled_from([1, 2, 3, 5]))


@pytest.mark.parametrize("columns", [0, 2])
def test_one_level_beside_dense_columns_keeps_its_value(columns):
    """It is no intercept because all rows have it."""
    same = TableBlock(np.zeros(5, np.uint8), np.array([[0.3, 2.0]]))
    blocks = [DenseBlock(np.full((5, columns), 7.0)), same]
    np.testing.assert_array_equal(DesignMatrix(blocks).to_dense(), written_out(blocks))


@settings(max_examples=40)
@given(mixtures())
def test_any_mixture_equals_the_matrix_written_out(mixture):
    blocks, n_threads = mixture
    x = written_out(blocks)
    design = with_threads(DesignMatrix(blocks), n_threads)
    np.testing.assert_array_equal(design.to_dense(), x)
    rng = np.random.default_rng(0)
    check_sums(design, x, rng)
    check_totals(design, blocks, rng)
    check_sums(design.take(slice(None, None, 2)), x[::2], rng)
    rows = rng.integers(0, len(x), len(x))
    check_sums(with_threads(design.take(rows), n_threads), x[rows], rng)
