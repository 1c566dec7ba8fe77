"""What each term adds to the linear predictor of each row: ``X_t b_t`` for the columns of term t.

A table is looked up, ``(B_t b_t)[codes]``, so a term costs a gather; the design as a whole is not
made. Of a model of arrays every column is a term.
"""

import numpy as np

from rustystats.design.blocks import TableBlock


def term_contributions(model, coef, columns=None):
    """(label, (n,) contribution) of all terms in their order, the intercept's included.

    Parameters
    ----------
    model : prepare.Model; with `columns`, one from a file as well
    coef : (p,) with 0 at aliased columns
    columns : Columns of other rows, or None for the rows of the fit as they were fitted
    """
    out = []
    for index, (term, places) in enumerate(
        zip(model.terms.terms, model.terms.places(), strict=True)
    ):
        if columns is None:
            span = model.spans[index]
            blocks = model.problem.design.blocks[span.start : span.stop]
        else:
            blocks = term.blocks(columns)
        if model.terms.is_array and term.factors:
            values = np.hstack([block.to_dense() for block in blocks]) * coef[places]
            out += zip([model.names[j] for j in places], values.T, strict=True)
        else:
            out.append((term.label, block_products(blocks, coef[places])))
    return out


def block_products(blocks, coef):
    """Blocks side by side times their coefficients, (n,)."""
    total, start = 0.0, 0
    for block in blocks:
        part = coef[start : start + block.n_columns]
        start += block.n_columns
        if isinstance(block, TableBlock):
            total = total + (block.basis @ part)[block.codes]
        else:
            total = total + np.asarray(block.values @ part, dtype=float)
    return total
