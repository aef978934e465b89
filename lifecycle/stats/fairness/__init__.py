"""How differently are groups treated: rates per group, and gaps between groups.

A group is a `BinaryTally`; its rate is a proportion of counts, and a gap compares groups.
"""

from lifecycle.stats.fairness.gaps import (
    MINIMUM,
    Gap,
    base_rate_difference,
    demographic_parity_difference,
    demographic_parity_ratio,
    equal_opportunity_difference,
    equal_opportunity_ratio,
    equalized_odds_difference,
    equalized_odds_ratio,
    impact_ratio,
    impact_ratios,
    predictive_parity_difference,
    predictive_parity_ratio,
)
from lifecycle.stats.fairness.means import (
    MeanGap,
    calibration_bias,
    calibration_difference,
    error_parity_difference,
    error_parity_ratio,
    mean_error_difference,
)
from lifecycle.stats.fairness.rates import (
    NO_NEGATIVE,
    NO_POSITIVE,
    GroupRate,
    base_rate,
    false_negative_rate,
    false_positive_rate,
    positive_predictive_value,
    selection_rate,
    true_negative_rate,
    true_positive_rate,
)

__all__ = [
    "MINIMUM",
    "NO_NEGATIVE",
    "NO_POSITIVE",
    "Gap",
    "GroupRate",
    "MeanGap",
    "base_rate",
    "base_rate_difference",
    "calibration_bias",
    "calibration_difference",
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equal_opportunity_difference",
    "equal_opportunity_ratio",
    "equalized_odds_difference",
    "equalized_odds_ratio",
    "error_parity_difference",
    "error_parity_ratio",
    "false_negative_rate",
    "false_positive_rate",
    "impact_ratio",
    "impact_ratios",
    "mean_error_difference",
    "positive_predictive_value",
    "predictive_parity_difference",
    "predictive_parity_ratio",
    "selection_rate",
    "true_negative_rate",
    "true_positive_rate",
]
