"""Diagnostics of a fitted model, and of data before a fit.

`rows.py` has the numbers that all is made of, `computer.py` one method for each section, the
sections' formulas stand in files of their own; `compute.py` is the way from a fitted model.
"""

from rustystats.diagnostics.compute import compute_diagnostics
from rustystats.diagnostics.computer import DiagnosticsComputer
from rustystats.diagnostics.sections import ModelDiagnostics

__all__ = ["DiagnosticsComputer", "ModelDiagnostics", "compute_diagnostics"]
