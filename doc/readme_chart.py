"""Draw the chart of the README: its model, on three quarters of the French policies.

RUSTYSTATS_DATA=... python -P doc/readme_chart.py
"""

from io import BytesIO
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

import rustystats as rs

data = rs.datasets.load_fremtpl2_freq(rs.datasets.fremtpl2_folder(), cap=True)
held_out = np.random.default_rng(0).random(len(data)) < 0.25
train, holdout = data[~held_out], data[held_out]
result = rs.glm(
    "ClaimNb ~ bs(DrivAge, df=5) + ns(VehAge, df=4) + BonusMalus + C(Area) + C(Region)",
    train,
    family="poisson",
    exposure="Exposure",
).fit()
figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.6), layout="constrained")
result.plot.relativities("DrivAge", ax=axes[0])
result.plot.actual_expected("DrivAge", holdout, n_bins=12, ax=axes[1])
axes[1].set_xlabel("DrivAge, of the policies held out")
picture = BytesIO()
figure.savefig(picture, dpi=150)
palette = Image.open(picture).convert("RGB").quantize(64)  # a third of the bytes
palette.save(Path(__file__).parent / "_static" / "drivage.png", optimize=True)
