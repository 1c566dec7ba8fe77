"""Diagnostics of a fitted model, and of data before a fit.

`rows.py` has the numbers that all is made of, `computer.py` one method for each section, the
sections' formulas stand in files of their own; `compute.py` is the way from a fitted model.
Before a fit `exploration.py` is the way, from `portfolio.py` and `explored_factors.py`.
"""

from rustystats.diagnostics.compute import compute_diagnostics
from rustystats.diagnostics.computer import DiagnosticsComputer
from rustystats.diagnostics.exploration import DataExploration, explore_data
from rustystats.diagnostics.explorer import DataExplorer
from rustystats.diagnostics.sections import ModelDiagnostics

__all__ = [
    "DataExploration",
    "DataExplorer",
    "DiagnosticsComputer",
    "ModelDiagnostics",
    "compute_diagnostics",
    "explore_data",
]
