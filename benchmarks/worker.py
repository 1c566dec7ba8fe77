"""The driver's end of a worker process: start it, ask it, notice when it has died."""

import json
import os
import subprocess
import threading
from pathlib import Path

import envs

FILES = {
    "ours": "ours.py",
    "upstream": "upstream.py",
    "glum": "glum_.py",
    "scikit-learn": "sklearn_.py",
    "category_encoders": "category_encoders_.py",
    "statsmodels": "statsmodels_.py",
    "R": "glm.R",
    "glmnet": "glmnet.R",
}
WORKERS = Path(__file__).resolve().parent / "workers"
PATIENCE_S = 900


def surroundings():
    """The environment variables of the programs in ``workers``, which import from each other."""
    return {**os.environ, "PYTHONPATH": str(WORKERS), "PYTHONDONTWRITEBYTECODE": "1"}


class Worker:
    """One process that holds its data and fits when asked."""

    def __init__(self, work, row, cache):
        program = envs.interpreter(row.system)
        script = WORKERS / FILES[row.system]
        # Python must see no folder of ours before the environment's own
        safe = [] if script.suffix == ".R" else ["-P"]
        self._log = open(cache / f"{row.system}.log", "a")  # noqa: SIM115 (closed in `close`)
        self._process = subprocess.Popen(
            [program, *safe, str(script), work, row.variant, str(cache)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            cwd=cache,
            env=surroundings(),
        )
        try:
            self.versions = self._answer()["versions"]
        except envs.Unavailable:
            self.close()
            raise

    def ask(self, what):
        """Have it do ``"fit"`` or ``"peak"`` once; the numbers it reports."""
        try:
            self._process.stdin.write(json.dumps({"do": what}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise envs.Unavailable("its process has ended; see its log in .cache") from None
        return self._answer()

    def close(self):
        """Let it end by itself, and end it where it does not."""
        self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def _answer(self):
        timer = threading.Timer(PATIENCE_S, self._process.kill)
        timer.start()
        try:
            line = self._process.stdout.readline()
        finally:
            timer.cancel()
        if not line:
            raise envs.Unavailable("its process ended, or took too long; see its log in .cache")
        answer = json.loads(line)
        if "error" in answer:
            raise envs.Unavailable(answer["error"])
        return answer
