"""Charts: one pure function for each, from the numbers to an Axes; nothing here knows a model.

What is drawn is computed elsewhere (`inference/`, `diagnostics/`) and asked for by
`results/plot.py`, where ``result.plot.<kind>()`` lives. The look of all of them is `style.py`.
matplotlib is loaded with the first chart, and is an extra: ``rustystats[plot]``.
"""
