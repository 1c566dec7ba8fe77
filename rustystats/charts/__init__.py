"""Charts: one function for each, from numbers to an Axes, `ax` or a new one; none knows a model.

What is drawn is computed elsewhere (`inference/`, `diagnostics/`) and asked for by
`results/plot.py`, where ``result.plot.<kind>()`` lives. The look of all of them is `style.py`.
matplotlib is loaded with the first chart, and is an extra: ``rustystats[plot]``.
"""
