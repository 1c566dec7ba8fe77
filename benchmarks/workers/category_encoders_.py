"""category_encoders' CatBoostEncoder: the same ordered statistics, in the order of the data."""

from functools import partial

from _data import SAMPLE_STEP, levels_pandas, spread
from _loop import Job, serve
from category_encoders import CatBoostEncoder


def encode(data):
    encoder = CatBoostEncoder(cols=["Model"])
    return encoder, encoder.fit_transform(data[["Model"]], data["ClaimNb"])


def check_encoding(data, fitted):
    return spread(fitted[0].transform(data[["Model"]]), data["ClaimNb"])


def levels(cache, kind):
    data = levels_pandas(cache).astype({"Model": kind})
    return Job(data, data[::SAMPLE_STEP], encode, check_encoding)


if __name__ == "__main__":
    serve(
        {
            ("target-encoding", "pandas, CatBoost"): partial(levels, kind="str"),
            ("target-encoding-coded", "pandas category, CatBoost"): partial(
                levels, kind="category"
            ),
        }
    )
