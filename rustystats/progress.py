"""How far long work has come: solvers report it, whoever asked listens.

Solvers call `report` at the end of each step, alpha or fold. Nobody listens by default, which costs
a look at a context variable; a thread or task has listeners of its own. A listener that raises ends
the work there, as an interrupt does: nothing is assigned before the end.
"""

import sys
from contextlib import contextmanager
from contextvars import ContextVar

_LISTENER = ContextVar("rustystats_listener", default=None)


def report(stage, **facts):
    """Say that a stage has ended: "step" of a fit, "round" of theta or power, "alpha", "fold"."""
    listener = _LISTENER.get()
    if listener is not None:
        listener(stage, facts)


@contextmanager
def listening(listener):
    """Let a function of (stage, facts) hear what is reported meanwhile."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


@contextmanager
def shown(verbose, task, stages, total=None):
    """Show the user how many of some stages have ended, and no others.

    A bar on standard error where that is a terminal and tqdm is installed; else lines.

    Parameters
    ----------
    verbose : bool
        False shows nothing, and leaves an outer listener alone.
    task : str, what is under way
    stages : tuple of str
    total : int or None, how many of the first stage there will be
    """
    if not verbose:
        yield
        return
    bar = _bar(task, stages[0], total)
    counts = dict.fromkeys(stages, 0)

    def show(stage, facts):
        if stage not in counts:
            return
        counts[stage] += 1
        if bar is None:
            print(_line(stage, counts[stage], total, facts), file=sys.stderr, flush=True)
        elif stage == stages[0]:
            bar.set_postfix(facts)
            bar.update(1)

    try:
        with listening(show):
            yield
    finally:
        if bar is not None:
            bar.close()


def _bar(task, unit, total):
    if not sys.stderr.isatty():
        return None
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    return tqdm(total=total, desc=task, unit=unit)


def _line(stage, count, total, facts):
    of_all = "" if total is None else f" of {total}"
    said = ", ".join(f"{name} {value:.10g}" for name, value in facts.items())
    return f"{stage} {count}{of_all}{': ' if said else ''}{said}"
