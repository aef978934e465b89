"""The statistics of fairness: rates of a group, and gaps between groups."""

from collections.abc import Callable
from typing import Literal

from lifecycle.stats import fairness
from lifecycle.stats.catalogue.performance import ACCURACY, PERFORMANCE, PRECISION
from lifecycle.stats.catalogue.statistic import Family, Needs, Statistic
from lifecycle.stats.inference import Estimate

WIDEST = (
    "interval of the widest gap by inverting its test on the angular scale of Anscombe 1948, "
    "accepting as Feldman and Cousins 1998 do"
)


def _fairness(
    name: str,
    title: str,
    definition: str,
    formula: str,
    measure: Callable[..., Estimate],
    *,
    source: str = "interval by Wilson 1927",
    better: Literal["lower", "higher"] | None = None,
    needs: Needs = Needs.BINARY,
    unit: str = "1",
) -> Statistic:
    """Declare one statistic of fairness; none has a house limit."""
    return Statistic(
        name=name,
        title=title,
        family=Family.FAIRNESS,
        unit=unit,
        definition=definition,
        formula=formula,
        source=source,
        needs=frozenset({needs}),
        better=better,
        limit=None,
        minimum=fairness.MINIMUM,
        measure=measure,
    )


FAIRNESS_RATES: tuple[Statistic, ...] = (
    _fairness(
        "selection_rate",
        "Selection rate",
        "Share of rows decided positive, with or without an outcome.",
        "decided positive / decided",
        fairness.selection_rate,
    ),
    _fairness(
        "base_rate",
        "Base rate",
        "Share of positive outcomes, with or without a decision.",
        "positive / labelled",
        fairness.base_rate,
    ),
    _fairness(
        "true_positive_rate",
        "True positive rate",
        "Share of positives decided positive; the same as recall.",
        "TP / (TP + FN)",
        fairness.true_positive_rate,
        better="higher",
    ),
    _fairness(
        "false_positive_rate",
        "False positive rate",
        "Share of negatives decided positive.",
        "FP / (FP + TN)",
        fairness.false_positive_rate,
        better="lower",
    ),
    _fairness(
        "true_negative_rate",
        "True negative rate",
        "Share of negatives decided negative.",
        "TN / (FP + TN)",
        fairness.true_negative_rate,
        better="higher",
    ),
    _fairness(
        "false_negative_rate",
        "False negative rate",
        "Share of positives decided negative.",
        "FN / (TP + FN)",
        fairness.false_negative_rate,
        better="lower",
    ),
    PRECISION,
    ACCURACY,
)

FAIRNESS_ERRORS: tuple[Statistic, ...] = tuple(
    s for s in PERFORMANCE if s.name in {"bias", "mae", "rmse"}
)
"""What is a group's rate where the answer is a number."""


def _pair(
    name: str,
    title: str,
    what: str,
    formula: str,
    difference: fairness.Gap,
    ratio: fairness.Gap,
    *,
    source: str,
) -> tuple[Statistic, Statistic]:
    """Declare a criterion's difference and ratio."""
    return (
        _fairness(
            f"{name}_difference",
            f"{title} difference",
            f"Largest difference between two groups of {what}, 0 to 1.",
            f"max over pairs of |{formula}_a - {formula}_b|",
            difference,
            source=f"{source}; {WIDEST}",
            better="lower",
        ),
        _fairness(
            f"{name}_ratio",
            f"{title} ratio",
            f"Smallest ratio between two groups of {what}, 0 to 1.",
            f"min over pairs of {formula}_a / {formula}_b",
            ratio,
            source=f"{source}; {WIDEST}",
            better="higher",
        ),
    )


FAIRNESS_GAPS: tuple[Statistic, ...] = (
    *_pair(
        "demographic_parity",
        "Demographic parity",
        "the selection rate",
        "selection_rate",
        fairness.demographic_parity_difference,
        fairness.demographic_parity_ratio,
        source="Calders and Verwer 2010, doi:10.1007/s10618-010-0190-x",
    ),
    *_pair(
        "equalized_odds",
        "Equalized odds",
        "the true or the false positive rate, whichever is worse",
        "rate",
        fairness.equalized_odds_difference,
        fairness.equalized_odds_ratio,
        source="Hardt, Price and Srebro 2016, arXiv:1610.02413",
    ),
    *_pair(
        "equal_opportunity",
        "Equal opportunity",
        "the true positive rate",
        "true_positive_rate",
        fairness.equal_opportunity_difference,
        fairness.equal_opportunity_ratio,
        source="Hardt, Price and Srebro 2016, arXiv:1610.02413",
    ),
    *_pair(
        "predictive_parity",
        "Predictive parity",
        "precision",
        "precision",
        fairness.predictive_parity_difference,
        fairness.predictive_parity_ratio,
        source="Chouldechova 2017, doi:10.1089/big.2016.0047",
    ),
    _fairness(
        "impact_ratio",
        "Impact ratio",
        "Smallest selection rate of a group over the best group's, or a reference group's; the "
        "four-fifths rule screens below 0.8 and is no verdict.",
        "min over groups of selection_rate / selection_rate_best",
        fairness.impact_ratio,
        source=f"29 CFR 1607.4(D); {WIDEST}",
        better="higher",
    ),
)

WELCH = "interval by inverting the test of the widest gap, with Welch 1947's degrees of freedom"

CALIBRATION_BIAS = _fairness(
    "calibration_bias",
    "Calibration bias",
    "Mean score less the share of positive outcomes; above 0 a group's scores promise too much.",
    "mean(score) - positive / labelled",
    fairness.calibration_bias,
    source="interval by Student's t on score minus outcome",
)

FAIRNESS_MEANS: tuple[Statistic, ...] = (
    _fairness(
        "calibration_difference",
        "Calibration difference",
        "Largest difference between two groups of the calibration bias.",
        "max over pairs of |bias_a - bias_b|",
        fairness.calibration_difference,
        source=f"calibration within groups, Kleinberg 2016, arXiv:1609.05807; {WELCH}",
        better="lower",
    ),
    _fairness(
        "mean_error_difference",
        "Mean error difference",
        "Largest difference between two groups of the mean error, prediction minus outcome.",
        "max over pairs of |bias_a - bias_b|",
        fairness.mean_error_difference,
        source=f"Calders et al. 2013, doi:10.1109/ICDM.2013.114; {WELCH}",
        better="lower",
        needs=Needs.REGRESSION,
        unit="outcome",
    ),
    _fairness(
        "error_parity_difference",
        "Error parity difference",
        "Largest difference between two groups of the mean absolute error.",
        "max over pairs of |mae_a - mae_b|",
        fairness.error_parity_difference,
        source=WELCH,
        better="lower",
        needs=Needs.REGRESSION,
        unit="outcome",
    ),
    _fairness(
        "error_parity_ratio",
        "Error parity ratio",
        "Smallest ratio between two groups of the mean absolute error, 0 to 1.",
        "min over pairs of mae_a / mae_b",
        fairness.error_parity_ratio,
        source=f"{WELCH}, on the logarithm",
        better="higher",
        needs=Needs.REGRESSION,
    ),
)
"""Gaps of means: calibration within groups, and the errors of a regression."""
