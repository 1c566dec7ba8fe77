"""How a command speaks: errors, warnings, progress on standard error; JSON on standard output."""

import json
import sys
import warnings
from contextlib import contextmanager

import typer

from rustystats.diagnostics.serialize import plain
from rustystats.progress import listening

EXPECTED = (ValueError, TypeError, OSError, ImportError, MemoryError)


@contextmanager
def reported():
    """Warnings inside are lines on standard error; what is wrong with data or model ends with 1.

    Yields
    ------
    list of the warnings so far, texts
    """
    said = []

    def show(message, category, *_):
        if issubclass(category, UserWarning) and str(message) not in said:
            said.append(str(message))
            say(f"Warning: {message}")

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = show
            yield said
    except EXPECTED as error:
        say(f"Error: {error}" if str(error) else f"Error: {type(error).__name__}")
        raise typer.Exit(1) from None


def say(text):
    """A line beside the answer."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def working(task):
    """Show on a terminal that a task, "Fitting", is under way, and its steps; elsewhere nothing."""
    from rich.console import Console

    counts = {}
    with Console(stderr=True).status(f"{task} ...") as status:

        def show(stage, facts):
            counts[stage] = counts.get(stage, 0) + 1
            deviance = facts.get("deviance")
            beside = "" if deviance is None else f", deviance {deviance:.6g}"
            status.update(f"{task} ... {stage} {counts[stage]}{beside}")

        with listening(show):
            yield


def print_json(content):
    """The answer as JSON and nothing else; NaN and infinity are null."""
    print(json.dumps(plain(content), ensure_ascii=False, allow_nan=False, indent=2))
