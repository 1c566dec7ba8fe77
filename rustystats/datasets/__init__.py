"""Motor portfolios to learn, test and measure with: the French public data and a simulated one."""

from rustystats.datasets.fremtpl2 import (
    fremtpl2_folder,
    load_fremtpl2_claims_by_policy,
    load_fremtpl2_freq,
    load_fremtpl2_sev,
)
from rustystats.datasets.portfolio import (
    make_motor_portfolio,
    motor_true_rate,
    motor_true_severity,
)

__all__ = [
    "fremtpl2_folder",
    "load_fremtpl2_claims_by_policy",
    "load_fremtpl2_freq",
    "load_fremtpl2_sev",
    "make_motor_portfolio",
    "motor_true_rate",
    "motor_true_severity",
]
