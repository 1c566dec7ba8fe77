"""Wrote model_v1.json and model_v1_predictions.json, once, with version 1 of the model format.

    python tests/golden/model_v1.py

Not to be run again: the files are what a model saved at the time looks like. Every kind of factor
is in it.
"""

import json
import sys
from pathlib import Path

import rustystats as rs

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "results"))
FORMULA = (
    "claims ~ bs(age, df=5) + ns(power, df=3) + C(area, ref='C') + C(zone, coding='sum')"
    " + area:power + cut(age, [0, 30, 50, inf]) + C(power > 3) + poly(power, 2)"
    " + standardize(zone) + I(power**2) + TE(brand) + FE(area:brand) + offset(shift)"
)

if __name__ == "__main__":
    from test_loaded import stored_portfolio

    data = stored_portfolio()
    model = rs.glm(FORMULA, data, family="negbinomial", theta=1.5, exposure="years", seed=3)
    result = model.fit(alpha=0.01)
    result.save(HERE / "model_v1.json")
    predicted = [value.hex() for value in result.predict(data).tolist()]
    (HERE / "model_v1_predictions.json").write_text(json.dumps(predicted, indent=0) + "\n")
