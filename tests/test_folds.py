"""Folds: what each way of asking for them gives, and everything that would spoil one."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
)

from rustystats.design.blocks import constant_block
from rustystats.design.matrix import DesignMatrix
from rustystats.families import get_family
from rustystats.folds import make_folds
from rustystats.links import get_link
from rustystats.solvers.problem import Problem

N = 23
Y = np.arange(N, dtype=float) % 3
GROUPS = np.arange(N) // 4  # six of them, the last smaller
LABELS = np.array(list("abcdef"))[GROUPS]


def problem_of(y=Y, family="poisson", weights=None):
    family = get_family(family)
    design = DesignMatrix([constant_block(len(y))])
    return Problem(design, np.asarray(y, float), family, get_link(None, family), weights)


def assert_same(folds, expected):
    assert len(folds) == len(expected)
    for ours, theirs in zip(folds, expected, strict=True):
        for one, two in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(one, np.sort(two))


@pytest.mark.parametrize("n_folds", [2, 5, N])
def test_a_number_of_folds_cuts_one_shuffle(n_folds):
    folds = make_folds(n_folds, problem_of(), random_state=3)
    order = np.random.default_rng(3).permutation(N)
    expected = [np.sort(part) for part in np.array_split(order, n_folds)]
    for (train, test), part in zip(folds, expected, strict=True):
        np.testing.assert_array_equal(test, part)
        np.testing.assert_array_equal(train, np.setdiff1d(np.arange(N), part))
    sizes = [len(test) for _, test in folds]
    assert max(sizes) - min(sizes) <= 1


def test_random_state():
    first, again = (make_folds(3, problem_of(), random_state=1) for _ in range(2))
    assert_same(first, again)
    other = make_folds(3, problem_of(), random_state=2)
    assert not np.array_equal(first[0][1], other[0][1])
    assert_same(first, make_folds(3, problem_of(), random_state=np.random.default_rng(1)))
    legacy = [make_folds(3, problem_of(), random_state=np.random.RandomState(1)) for _ in range(2)]
    assert_same(*legacy)
    for bad in ("a", -1, 1.5):
        with pytest.raises(ValueError, match="random_state must be a whole number of 0 or more"):
            make_folds(3, problem_of(), random_state=bad)


@pytest.mark.parametrize(
    "labels", [GROUPS, LABELS, LABELS.tolist(), pd.Series(LABELS), pl.Series(LABELS)]
)
def test_a_number_of_folds_keeps_groups_together(labels):
    folds = make_folds(3, problem_of(), labels, random_state=0)
    order = np.random.default_rng(0).permutation(6)
    for (train, test), part in zip(folds, np.array_split(order, 3), strict=True):
        np.testing.assert_array_equal(test, np.flatnonzero(np.isin(GROUPS, part)))
        assert not set(GROUPS[train]) & set(GROUPS[test])


@pytest.mark.parametrize(
    ("splitter", "groups"),
    [
        (KFold(4), None),
        (KFold(4, shuffle=True, random_state=1), None),
        (StratifiedKFold(4), None),
        (TimeSeriesSplit(3), None),
        (ShuffleSplit(1, random_state=0), None),
        (GroupKFold(3), LABELS),
        (LeaveOneGroupOut(), LABELS),
    ],
    ids=str,
)
def test_splitters_of_scikit_learn(splitter, groups):
    expected = list(splitter.split(np.zeros((N, 1)), Y, groups))
    assert_same(make_folds(splitter, problem_of(), groups), expected)
    if groups is not None:
        assert_same(make_folds(splitter, problem_of(), pl.Series(groups)), expected)


def test_pairs_of_rows_and_masks():
    pairs = [([5, 1, 2, 4], [0, 3]), (np.arange(10), np.arange(10, N))]
    assert_same(make_folds(pairs, problem_of()), pairs)
    assert_same(make_folds(iter(pairs), problem_of()), pairs)
    mask = np.arange(N) < 12
    assert_same(make_folds([(mask, ~mask)], problem_of()), [(np.arange(12), np.arange(12, N))])


# ---- errors -----------------------------------------------------------------------------------

HALF = np.arange(12), np.arange(12, N)
LAST_ONLY = np.zeros(N)
LAST_ONLY[-1] = 1.0
FIRST_HALF = (np.arange(N) < 12).astype(float)


@pytest.mark.parametrize(
    ("cv", "options", "message"),
    [
        (1, {}, "cv must be at least 2 folds, not 1"),
        (0, {}, "at least 2 folds"),
        (N + 1, {}, r"cv=24 folds need as many rows, and there are 23 \(n_samples=23\)"),
        (7, {"groups": LABELS}, "cv=7 folds need as many groups, and there are 6"),
        (5, {"groups": LABELS[1:]}, "groups has shape"),
        (5, {"groups": [None, *LABELS[1:]]}, "groups has 1 missing label"),
        (True, {}, "cv must be a whole number of folds, a splitter.*not True"),
        (None, {}, "cv must be a whole number of folds.*not None"),
        (2.0, {}, "cv must be .*not 2.0"),
        ("KFold", {}, "cv must be .*not 'KFold'"),
        (KFold(3), {"random_state": 0}, "give the random_state to the splitter"),
        ([HALF], {"random_state": 0}, "give the random_state to the splitter"),
        (KFold(3), {"groups": LABELS}, "groups= is not used by KFold: take GroupKFold"),
        (TimeSeriesSplit(3), {"groups": LABELS}, "groups= is not used by TimeSeriesSplit"),
        ([HALF], {"groups": LABELS}, "groups= has no use where cv is pairs"),
        (GroupKFold(3), {}, "GroupKFold needs groups="),
        (KFold(30), {}, "cv=KFold cannot split these 23 rows"),
        ([], {}, "cv holds no fold"),
        ([HALF, HALF[0]], {}, "fold 2: cv must hold pairs"),
        ([1, 2], {}, "fold 1: cv must hold pairs"),
        ([(HALF[0], [])], {}, "fold 1 of 1 has no test rows"),
        ([HALF, ([], HALF[1])], {}, "fold 2 of 2 has no training rows"),
        ([HALF, (HALF[0], [-1])], {}, "fold 2: rows must lie between 0 and 22"),
        ([(HALF[0], [N])], {}, "fold 1: rows must lie between 0 and 22"),
        ([(HALF[0], [0.5])], {}, "fold 1: rows must be positions"),
        ([(HALF[0], [True, False])], {}, "fold 1: rows must be positions"),
        ([HALF, (HALF[0], [3, 4, 20])], {}, "fold 2 of 2 holds out 2 rows that it is fitted to"),
    ],
)
def test_what_cannot_be(cv, options, message):
    with pytest.raises(ValueError, match=message):
        make_folds(cv, problem_of(), **options)


def test_other_warnings_of_a_splitter_stay_what_they_are():
    with pytest.raises(UserWarning, match="least populated class in y has only 1"):
        make_folds(StratifiedKFold(3), problem_of(np.r_[np.zeros(22), 1.0]))


@pytest.mark.parametrize(
    ("y", "family", "value"),
    [
        (LAST_ONLY, "poisson", 0),
        (LAST_ONLY, "quasipoisson", 0),
        (LAST_ONLY, "negbinomial", 0),
        (LAST_ONLY, "tweedie", 0),
        (LAST_ONLY, "binomial", 0),
        (1 - LAST_ONLY, "binomial", 1),
    ],
)
def test_training_rows_without_events(y, family, value):
    with pytest.raises(
        ValueError,
        match=rf"fold 1 of 1: the response is {value} in all 12 training rows.*StratifiedKFold",
    ):
        make_folds([HALF], problem_of(y, family))


def test_events_of_weight_zero_are_none():
    y, weights = np.zeros(N), np.ones(N)
    y[[0, -1]], weights[0] = 1.0, 0.0
    with pytest.raises(ValueError, match="fold 1 of 1: the response is 0 in all 11 training rows"):
        make_folds([HALF], problem_of(y, weights=weights))


def test_equal_responses_that_are_a_mean_are_no_trouble():
    make_folds([HALF], problem_of(FIRST_HALF, "gaussian"))
    make_folds([HALF], problem_of(FIRST_HALF + 1, "gamma"))
    make_folds([HALF], problem_of(FIRST_HALF, "poisson"))  # no events in the test rows alone


@pytest.mark.parametrize(
    ("weights", "name"), [(FIRST_HALF, "11 test"), (1 - FIRST_HALF, "12 training")]
)
def test_rows_without_weight(weights, name):
    with pytest.raises(ValueError, match=f"the weights of all {name} rows of fold 1 of 1 are 0"):
        make_folds([HALF], problem_of(weights=weights))
