"""Time this package and its peers side by side: ``python benchmarks/run.py``.

Every system runs in a process and a virtual environment of its own. The processes load their data
first and are then asked for one fit each, in turn, again and again, so that a slow minute of the
machine hits all of them. The medians go to RESULTS.md.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import envs
import report
from worker import FILES, WORKERS, Worker, surroundings
from works import WORKS

CACHE = envs.HERE / ".cache"
PAUSE_S = 0.3  # lets the threads of the last system go to sleep before the next one starts


class Outcome:
    """What one row of a table has come to so far."""

    def __init__(self, row):
        self.row = row
        self.failure = row.skip
        self.versions = {}
        self.seconds = []
        self.peak_mb = None
        self.checks = {}

    def record(self, answer):
        """Keep the numbers of one answer of the worker."""
        if "seconds" in answer:
            self.seconds.append(answer["seconds"])
        self.peak_mb = answer.get("peak_mb", self.peak_mb)
        self.checks = {name: answer.get(name) for name in ("deviance", "coef", "se", "alpha")}


def measure(name, work, systems, repeat):
    """Run one work; one `Outcome` per row, also for those that could not run."""
    outcomes = [Outcome(row) for row in work.rows if row.system in systems]
    alive = [outcome for outcome in outcomes if not outcome.failure]
    if work.together:
        rounds(name, alive, repeat)
    else:
        for outcome in alive:
            rounds(name, [outcome], repeat)
    return outcomes


def rounds(name, outcomes, repeat):
    """Start a worker for each row, take its peak memory, then time the rows in turn.

    The fit whose memory is measured comes first and is not timed: it is the warm-up as well.
    """
    workers = {}
    try:
        for outcome in outcomes:
            say(f"{name}: {outcome.row.system} ({outcome.row.variant}) starts")
            with_failure_noted(outcome, start, name, outcome, workers)
        for number in range(repeat):
            # every other round backwards, so that nobody always follows the same neighbour
            for outcome in outcomes if number % 2 == 0 else reversed(outcomes):
                if outcome in workers and not outcome.failure and number < outcome.row.most:
                    time.sleep(PAUSE_S)
                    with_failure_noted(outcome, one_fit, workers[outcome], outcome)
            say(f"{name}: round {number + 1} of {repeat}")
    finally:
        for worker in workers.values():
            worker.close()


def start(name, outcome, workers):
    """Start the worker of a row and measure its memory."""
    worker = workers[outcome] = Worker(name, outcome.row, CACHE)
    outcome.versions = worker.versions
    outcome.record(worker.ask("peak"))


def one_fit(worker, outcome):
    """Time one fit."""
    outcome.record(worker.ask("fit"))


def with_failure_noted(outcome, action, *arguments):
    """A system that is absent or fails costs its own row, not the run."""
    try:
        action(*arguments)
    except envs.Unavailable as reason:
        outcome.failure = str(reason)
        say(f"    {outcome.row.system} ({outcome.row.variant}): {reason}")


def prepare(data):
    """Write the data for the workers into the cache, once."""
    CACHE.mkdir(exist_ok=True)
    program = envs.interpreter("data")
    command = [program, "-P", str(WORKERS / "prepare.py"), str(data.resolve()), str(CACHE)]
    subprocess.run(command, check=True, env=surroundings())


def say(message):
    """Progress goes to stderr; stdout stays empty."""
    print(message, file=sys.stderr, flush=True)


def arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = os.environ.get("RUSTYSTATS_DATA", envs.ROOT.parent / "shared" / "data")

    def names(known):
        def read(text):
            chosen = text.split(",")
            if unknown := sorted(set(chosen) - set(known)):
                raise argparse.ArgumentTypeError(f"{unknown}; known are {sorted(known)}")
            return chosen

        return read

    parser.add_argument("--only", type=names(WORKS), default=list(WORKS), help="works, by comma")
    parser.add_argument("--systems", type=names(FILES), default=list(FILES), help="by comma")
    parser.add_argument("--repeat", type=int, default=7, help="timed fits per system (7)")
    parser.add_argument("--data", type=Path, default=Path(default), help="folder of freMTPL2")
    parser.add_argument("--output", type=Path, default=envs.HERE / "RESULTS.md")
    return parser.parse_args()


def main():
    """Measure what was asked for and write the tables."""
    asked = arguments()
    prepare(asked.data)
    before = os.getloadavg()[0]
    outcomes = {}
    for name in asked.only:
        outcomes[name] = measure(name, WORKS[name], asked.systems, asked.repeat)
    asked.output.write_text(report.document(outcomes, asked.repeat, before))
    say(f"written: {asked.output.name}")


if __name__ == "__main__":
    main()
