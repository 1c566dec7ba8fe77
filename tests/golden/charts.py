"""Draw what `tests/charts/test_images.py` compares with: look at the pictures before you commit.

    python tests/golden/charts.py [folder]

Without a folder the baseline is replaced.
"""

import importlib.util
import json
import sys
from pathlib import Path

import matplotlib as mpl
from PIL import Image

TESTS = Path(__file__).parents[1] / "charts"


def load(name):
    spec = importlib.util.spec_from_file_location(name, TESTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    baseline = not sys.argv[1:]
    folder = TESTS / "baseline" if baseline else Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.png") if baseline else ():
        old.unlink()
    charts = load("conftest")
    for name in charts.PICTURES:
        _, dots = charts.drawn(name)
        picture = Image.fromarray(dots).convert("RGB")
        picture.quantize(64).save(folder / f"{name}.png", optimize=True)  # a palette is small
    if baseline:
        note = json.dumps({"matplotlib": mpl.__version__})
        (folder / "drawn_with.json").write_text(note + "\n")
