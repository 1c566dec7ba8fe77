"""The model file: what a model is, to and from plain JSON. The format: doc/model_file.md.

`plain.py` has numbers and values, `factors.py` a pair of small functions for each kind of factor,
`parts.py` terms, offsets, family, link, penalty and fit, `document.py` the file itself: checksum,
version, and what is said of a file that cannot be read. Nothing in a file is executed: objects are
made by constructors that check what they are given, and expressions are arithmetic alone
(`terms/expression.py`).
"""
