"""Which categorical factors of a term keep all their levels, so that no column is redundant.

The space of a term with categorical factors {a, b} is the sum of the contrast spaces of all subsets
{}, {a}, {b}, {a, b}. A term codes the subsets that earlier terms with the same numeric factors have
not spanned; two subsets that differ by one factor merge into one product in which that factor keeps
all its levels (1 + contrasts of a = all levels of a). This is the rule of S, as patsy states it:
``x:C(a)`` without ``x`` has one slope a level, ``0 + C(a)`` one mean a level.
"""

from itertools import combinations


def code_terms(terms):
    """Codings of each term.

    Parameters
    ----------
    terms : list of (numeric factors, categorical factors), each a tuple of hashables
        In the order of the model.

    Returns
    -------
    list of list of frozenset
        For each term its products; a product maps to the pair (factors present, factors in full).
    """
    spanned = {}
    coded = []
    for numeric, categorical in terms:
        done = spanned.setdefault(frozenset(numeric), set())
        subsets = [
            frozenset(subset)
            for size in range(len(categorical) + 1)
            for subset in combinations(categorical, size)
        ]
        needed = [subset for subset in subsets if subset not in done]
        done.update(subsets)
        coded.append(_absorb([(subset, frozenset()) for subset in needed]))
    return coded


def _absorb(products):
    """Merge products that differ by one contrast-coded factor until none does."""
    merging = True
    while merging:
        merging = False
        for short, long in combinations(sorted(products, key=lambda p: len(p[0])), 2):
            extra = long[0] - short[0]
            if len(extra) == 1 and short[0] < long[0] and long[1] - extra == short[1]:
                products.remove(short)
                products[products.index(long)] = (long[0], long[1] | extra)
                merging = True
                break
    return products
