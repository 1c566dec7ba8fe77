"""What a model is, as plain data: terms with what they learned, offsets, names; no rows.

All that a prediction needs beside coefficients, family and link. `prepare.Model` adds the rows that
it was made from; a model that is read from a file has none.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rustystats import frames
from rustystats.offsets import OffsetTerms
from rustystats.terms.array import ArrayColumns
from rustystats.terms.term import ModelTerms


@dataclass(frozen=True, eq=False)
class Specification:
    """A model without rows.

    Parameters
    ----------
    terms : ModelTerms, learned
    offsets : OffsetTerms
    names : names of the design columns
    response : str
    weights_name : str or None
    n_threads : int or None, as asked
    """

    terms: ModelTerms
    offsets: OffsetTerms
    names: list[str]
    response: str
    weights_name: str | None
    n_threads: int | None

    def read(self, data: Any, names: Iterable[str]) -> Any:
        """The columns of new data: those of the terms, and `names`."""
        if self.terms.is_array and not frames.is_frame(data):
            return ArrayColumns(data, self.n_threads)
        return frames.read_columns(data, (*self.terms.columns, *names), self.n_threads)
