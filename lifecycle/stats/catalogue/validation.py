"""The statistics of validation: what is read from rows that a model file was run on."""

from collections.abc import Callable
from typing import Literal

from lifecycle.stats.catalogue.statistic import Family, Needs, Statistic
from lifecycle.stats.inference import Estimate
from lifecycle.stats.validation import calibration, levels, paired, resources, weak_spots

MINIMUM = 30
"""As for performance: below some 30 rows an interval covers most of the range."""

METRIC = (
    "The measure is the plan's: area under the ROC curve for scores, accuracy for decisions and "
    "classes, mean absolute error for numbers, unless it names another."
)
PAIRED = (
    "DeLong et al. 1988 (ROC AUC), McNemar 1947 with Agresti and Min 2005 (accuracy), Student's "
    "paired test (Brier score, MAE), paired bootstrap by Efron and Tibshirani 1993 (RMSE)"
)
WILSON = "interval by Wilson 1927"


def _declared(
    name: str,
    title: str,
    definition: str,
    formula: str,
    measure: Callable[..., Estimate],
    *,
    source: str,
    better: Literal["lower", "higher"] | None = "lower",
    unit: str = "1",
) -> Statistic:
    """Declare one statistic of validation; limits are a plan's business."""
    return Statistic(
        name=name,
        title=title,
        family=Family.VALIDATION,
        unit=unit,
        definition=definition,
        formula=formula,
        source=source,
        needs=frozenset({Needs.TRIALS}),
        better=better,
        limit=None,
        minimum=MINIMUM,
        measure=measure,
    )


COMPARISONS = (
    _declared(
        "baseline_gain",
        "Gain over a constant answer",
        "By how much the version is better than the best constant answer, on the same rows. "
        f"{METRIC}",
        "measure(version) - measure(constant), turned so that more is better",
        paired.gain,
        source=PAIRED,
        better="higher",
    ),
    _declared(
        "champion_gain",
        "Gain over the champion",
        f"By how much the version is better than the champion, on the same rows. {METRIC}",
        "measure(version) - measure(champion), turned so that more is better",
        paired.gain,
        source=PAIRED,
        better="higher",
    ),
    _declared(
        "decision_gain",
        "Decisions right beyond the champion's",
        "Accuracy of the version's decisions minus the champion's, on the same rows.",
        "(rows only the version got right - rows only the champion got right) / rows",
        paired.accuracy_difference,
        source="McNemar 1947, doi:10.1007/BF02295996; Agresti and Min 2005, doi:10.1002/sim.1781",
        better="higher",
    ),
)

STABILITY = (
    _declared(
        "generalisation_gap",
        "Generalisation gap",
        f"By how much the version is better on the rows it was trained on. {METRIC}",
        "measure(training rows) - measure(assessed rows), turned so that more is better",
        levels.generalisation_gap,
        source="interval by the normal approximation of two independent values",
    ),
    _declared(
        "fold_spread",
        "Spread over folds",
        "Standard deviation of the measure when the same recipe is fitted again without one fold "
        f"of its training rows after the other. {METRIC}",
        "sd(measure of the fit without fold k)",
        levels.spread,
        source="chi-squared interval of a normal sample",
    ),
    _declared(
        "seed_spread",
        "Spread over seeds",
        "Standard deviation of the measure when the same recipe is fitted again with other seeds. "
        f"{METRIC}",
        "sd(measure of the fit with seed k)",
        levels.spread,
        source="chi-squared interval of a normal sample",
    ),
)

CALIBRATION = (
    _declared(
        "calibration_slope",
        "Calibration slope",
        "Slope of the outcomes' log-odds on the scores'; below 1 scores are too extreme.",
        "b in logit P(outcome) = a + b logit(score)",
        calibration.calibration_slope,
        source="Cox 1958, doi:10.1093/biomet/45.3-4.562",
        better=None,
    ),
    _declared(
        "calibration_intercept",
        "Calibration in the large",
        "By how many log-odds outcomes are likelier than the scores say; 0 is right.",
        "a in logit P(outcome) = a + logit(score)",
        calibration.calibration_intercept,
        source="Cox 1958, doi:10.1093/biomet/45.3-4.562",
        better=None,
    ),
)

ROWS = (
    _declared(
        "training_overlap",
        "Rows seen in training",
        "Share of rows whose features all occur, together, among the training rows.",
        "rows among the training rows / rows",
        weak_spots.share,
        source=WILSON,
    ),
    _declared(
        "duplicate_share",
        "Duplicate rows",
        "Share of rows whose features repeat an earlier row's.",
        "rows that repeat an earlier one / rows",
        weak_spots.share,
        source=WILSON,
    ),
    _declared(
        "single_feature_auc",
        "Outcome told by one column",
        "How well one column alone tells the outcomes apart, in whichever direction; close to 1 "
        "the column may hold the outcome itself. A category counts as its share of positives.",
        "max(AUC, 1 - AUC)",
        levels.single_feature_auc,
        source="DeLong et al. 1988, doi:10.2307/2531595",
        better=None,
    ),
    _declared(
        "outside_training_share",
        "Rows outside what was trained on",
        "Share of rows with a number outside the training rows' range or a category they lack.",
        "rows outside / rows",
        weak_spots.share,
        source=WILSON,
    ),
)

ROBUSTNESS = (
    _declared(
        "noise_loss",
        "Loss under noise",
        "By how much the measure falls when noise of the plan's share of each numeric column's "
        f"standard deviation is added to it. {METRIC}",
        "measure(rows) - measure(rows with noise), turned so that more is better",
        paired.gain,
        source=PAIRED,
    ),
    _declared(
        "missing_loss",
        "Loss when a column is missing",
        f"By how much the measure falls when one column is empty in every row. {METRIC}",
        "measure(rows) - measure(rows without the column), turned so that more is better",
        paired.gain,
        source=PAIRED,
    ),
    _declared(
        "category_loss",
        "Loss when categories shift",
        "By how much the measure falls when a categorical column's values are dealt out anew, or "
        f"are all one that was never seen. {METRIC}",
        "measure(rows) - measure(rows with other categories), turned so that more is better",
        paired.gain,
        source=PAIRED,
    ),
    _declared(
        "worst_slice_gap",
        "Worst slice",
        "Mean loss (squared error of scores, wrong decisions, absolute errors) of the slice of one "
        "or two columns where it most exceeds that of all other rows.",
        "mean loss in the slice - mean loss elsewhere",
        weak_spots.worst_slice_gap,
        source="Welch's interval, Bonferroni over all slices looked at",
    ),
    _declared(
        "flip_share",
        "Decisions that small changes turn",
        "Share of rows whose decision turns for one of twenty random changes of all numeric "
        "columns at once, each by at most the plan's share of its interquartile range and kept "
        "within the training rows' range.",
        "rows with a turned decision / rows",
        weak_spots.share,
        source=WILSON,
    ),
    _declared(
        "monotonicity_breaks",
        "Breaks of an expected direction",
        "Share of rows whose answer moves against the plan's expectation somewhere between the "
        "column's 5th and 95th percentile, everything else held.",
        "rows with a step against the direction / rows",
        weak_spots.share,
        source=WILSON,
    ),
)

RESOURCES = (
    _declared(
        "scoring_latency",
        "Time to score one row",
        "The 95th percentile over single calls, in a worker with one thread.",
        "95th percentile of the milliseconds of a call",
        resources.scoring_latency,
        source="order statistics by the binomial distribution",
        unit="ms",
    ),
    _declared(
        "scoring_memory",
        "Memory to load and score",
        "By how much the worker's largest memory grew while the model was read and run.",
        "largest resident memory after - resident memory before",
        resources.megabytes,
        source="read from the operating system",
        unit="MB",
    ),
    _declared(
        "file_size",
        "Size of the model file",
        "Bytes of the model file.",
        "bytes / 1,000,000",
        resources.megabytes,
        source="read from the file system",
        unit="MB",
    ),
)

VALIDATION: tuple[Statistic, ...] = (
    *COMPARISONS,
    *STABILITY,
    *CALIBRATION,
    *ROWS,
    *ROBUSTNESS,
    *RESOURCES,
)
