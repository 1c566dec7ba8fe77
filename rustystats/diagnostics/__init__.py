"""Diagnostics of a fitted model, and of data before a fit."""
