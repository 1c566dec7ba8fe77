"""Micro-benchmarks of the kernels, in asv's style: a class has params, setup and time_* methods.

`asv run` finds them; without asv, ``python -P benchmarks/micro.py`` prints the median of 9 calls of
each. The rows are the simulated portfolio's, so the tables have a tariff's skewness.
"""

import statistics
import time
from itertools import product

import numpy as np

from rustystats import codes, datasets, families, frames, links
from rustystats._kernels.irls import accumulate_irls
from rustystats.design.blocks import DenseBlock, constant_block
from rustystats.design.matrix import DesignMatrix
from rustystats.formula import parse_formula
from rustystats.threads import single_threaded_blas

ROWS = 500_000
TERMS = (
    "y ~ bs(DrivAge, df=7) + bs(VehAge, df=6) + bs(BonusMalus, df=6) + VehPower + log(Density)"
    " + Area + VehBrand + VehGas + Region"
)


def _design(storage, n_threads):
    if storage == "tables":
        data = datasets.make_motor_portfolio(ROWS, seed=0)
        terms = parse_formula(TERMS).terms
        columns = frames.read_columns(data, terms.columns, n_threads)
        return terms.resolve(columns).learn(columns).design(columns)[0]
    values = np.random.default_rng(0).standard_normal((ROWS, 28))
    return DesignMatrix([constant_block(ROWS), DenseBlock(values)], n_threads)


class Sums:
    """Passes over the rows: five packs and a look-up column, or 28 dense columns."""

    params = (["tables", "dense"], [1, 2])
    param_names = ("storage", "n_threads")

    def setup(self, storage, n_threads):
        self.design = _design(storage, n_threads)
        rng = np.random.default_rng(1)
        self.y = rng.poisson(0.1, ROWS).astype(float)
        self.weight = rng.uniform(0.5, 1.5, ROWS)
        self.coef = np.zeros(self.design.shape[1])

    def time_matvec(self, storage, n_threads):
        self.design.matvec(self.coef)

    def time_score(self, storage, n_threads):
        self.design.transpose_matvec(self.weight)

    def time_gram(self, storage, n_threads):
        self.design.gram(self.weight)

    def time_irls_pass(self, storage, n_threads):
        self._pass(False)

    def time_irls_pass_with_gram(self, storage, n_threads):
        self._pass(True)

    def _pass(self, with_gram):
        with single_threaded_blas():
            accumulate_irls(
                self.design.rows, *self.design.expand(self.coef), self.y, None, None,
                families.Poisson(), links.Log(), with_gram, self.design.n_threads,
            )  # fmt: skip


class Coding:
    """Level codes of one column."""

    params = (["int16", "float64", "continuous"], [1, 2])
    param_names = ("values", "n_threads")

    def setup(self, values, n_threads):
        rng = np.random.default_rng(2)
        self.column = {
            "int16": rng.integers(18, 100, ROWS).astype(np.int16),
            "float64": np.round(rng.gamma(2.0, 300.0, ROWS)),
            "continuous": rng.standard_normal(ROWS),
        }[values]

    def time_encode(self, values, n_threads):
        codes.encode_numbers(self.column, codes.level_limit(ROWS), n_threads)


class Links:
    """Inverse links on half a million rows."""

    params = (["Log", "Logit"],)
    param_names = ("link",)

    def setup(self, link):
        self.link = getattr(links, link)()
        self.eta = np.random.default_rng(3).standard_normal(ROWS)

    def time_inverse(self, link):
        self.link.inverse(self.eta)


def _median(call, repeats=9):
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main():
    """Print the median of each benchmark in milliseconds."""
    for kind in (Sums, Coding, Links):
        for values in product(*kind.params):
            bench = kind()
            bench.setup(*values)
            for name in sorted(n for n in dir(kind) if n.startswith("time_")):
                median = _median(lambda b=bench, n=name, v=values: getattr(b, n)(*v))
                label = f"{kind.__name__}.{name[5:]}({', '.join(map(str, values))})"
                print(f"{label:<48} {1e3 * median:9.2f} ms")


if __name__ == "__main__":
    main()
