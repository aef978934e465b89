"""The statistics of performance."""

from collections.abc import Callable
from typing import Literal

from lifecycle.stats.catalogue.statistic import Family, Needs, Statistic
from lifecycle.stats.inference import CONFIDENCE, Estimate
from lifecycle.stats.performance import classes, decisions, regression, scores
from lifecycle.stats.summaries import BinaryTally, ClassTally

MINIMUM = 30
"""Below some 30 rows an interval covers most of the range; a house default."""

BINARY = frozenset({Needs.BINARY})
CLASSES = frozenset({Needs.CLASSES})
EITHER = BINARY | CLASSES
REGRESSION = frozenset({Needs.REGRESSION})
ROWS = frozenset({Needs.ROWS})


def _either(
    binary: Callable[..., Estimate], multi: Callable[..., Estimate]
) -> Callable[..., Estimate]:
    """Read whichever of the two classifiers' tallies is given."""

    def measure(tally: BinaryTally | ClassTally, *, confidence: float = CONFIDENCE) -> Estimate:
        if isinstance(tally, BinaryTally):
            return binary(tally, confidence=confidence)
        return multi(tally, confidence=confidence)

    return measure


def _rate(
    name: str,
    title: str,
    definition: str,
    formula: str,
    measure: Callable[..., Estimate],
    *,
    needs: frozenset[Needs],
    source: str,
    better: Literal["lower", "higher"] | None = "higher",
    unit: str = "1",
) -> Statistic:
    """Declare one statistic of performance; none has a house limit."""
    return Statistic(
        name=name,
        title=title,
        family=Family.PERFORMANCE,
        unit=unit,
        definition=definition,
        formula=formula,
        source=source,
        needs=needs,
        better=better,
        limit=None,
        minimum=MINIMUM,
        measure=measure,
    )


WILSON = "interval by Wilson 1927"
DELTA = "interval by the delta method"
MOVER = "interval of Wilson's bounds per class, by Zou and Donner 2008"
RIJSBERGEN = "van Rijsbergen 1979, chapter 7"

ACCURACY = _rate(
    "accuracy",
    "Accuracy",
    "Share of rows predicted right, among those with an outcome and a prediction.",
    "right / rows",
    _either(decisions.accuracy, classes.accuracy),
    needs=EITHER,
    source=WILSON,
)

PRECISION = _rate(
    "precision",
    "Precision",
    "Share of positive decisions that were right; for several classes the macro average.",
    "TP / (TP + FP)",
    _either(decisions.precision, classes.precision_macro),
    needs=EITHER,
    source=f"{RIJSBERGEN}; {WILSON}",
)

_OF_ALL = (
    ACCURACY,
    PRECISION,
    _rate(
        "recall",
        "Recall",
        "Share of positives that were found; for several classes the macro average.",
        "TP / (TP + FN)",
        _either(decisions.recall, classes.recall_macro),
        needs=EITHER,
        source=f"{RIJSBERGEN}; {WILSON}",
    ),
    _rate(
        "specificity",
        "Specificity",
        "Share of negatives that were decided negative; for several classes the macro average, "
        "each class against the rest.",
        "TN / (TN + FP)",
        _either(decisions.specificity, classes.specificity_macro),
        needs=EITHER,
        source=f"Yerushalmy 1947; {WILSON}",
    ),
    _rate(
        "f1",
        "F1",
        "Harmonic mean of precision and recall; for several classes the macro average.",
        "2 TP / (2 TP + FP + FN)",
        _either(decisions.f1, classes.f1_macro),
        needs=EITHER,
        source=f"{RIJSBERGEN}; {WILSON} of the Jaccard share",
    ),
    _rate(
        "balanced_accuracy",
        "Balanced accuracy",
        "Mean recall over the classes that occur among the outcomes.",
        "mean over classes of hits / labelled",
        _either(decisions.balanced_accuracy, classes.balanced_accuracy),
        needs=EITHER,
        source=f"Brodersen et al. 2010, doi:10.1109/ICPR.2010.764; {MOVER}",
    ),
    _rate(
        "mcc",
        "Matthews correlation",
        "Correlation of outcomes and decisions, -1 to 1.",
        "cov(label, decision) / sqrt(var(label) var(decision))",
        _either(decisions.mcc, classes.mcc),
        needs=EITHER,
        source=f"Matthews 1975, Gorodkin 2004; {DELTA} with two rows more",
    ),
    _rate(
        "cohen_kappa",
        "Cohen's kappa",
        "Agreement of outcomes and decisions beyond chance, at most 1.",
        "(agreement - chance) / (1 - chance)",
        _either(decisions.cohen_kappa, classes.cohen_kappa),
        needs=EITHER,
        source="Cohen 1960, doi:10.1177/001316446002000104; Fleiss, Cohen and Everitt 1969 with "
        "two rows more",
    ),
)

_OF_SCORES = (
    _rate(
        "roc_auc",
        "Area under the ROC curve",
        "Chance that a positive scores above a negative, ties counting half.",
        "P(score+ > score-) + P(score+ = score-) / 2",
        scores.roc_auc,
        needs=BINARY,
        source="Hanley and McNeil 1982; interval by DeLong et al. 1988, doi:10.2307/2531595",
    ),
    _rate(
        "average_precision",
        "Average precision",
        "Precision averaged over the steps of recall, without interpolation.",
        "sum (recall_i - recall_(i-1)) precision_i",
        scores.average_precision,
        needs=BINARY,
        source="as scikit-learn; interval by Boyd et al. 2013, doi:10.1007/978-3-642-40994-3_29",
    ),
    _rate(
        "brier",
        "Brier score",
        "Mean squared difference of score and outcome, 0 to 1.",
        "mean (score - outcome)^2",
        scores.brier,
        needs=BINARY,
        source="Brier 1950; interval by Student's t",
        better="lower",
    ),
    _rate(
        "log_loss",
        "Log loss",
        "Mean negative log-likelihood of the outcomes; scores kept off 0 and 1 by 2.2e-16.",
        "mean -ln(score of what happened)",
        scores.log_loss,
        needs=BINARY,
        source="Good 1952, doi:10.1111/j.2517-6161.1952.tb00104.x",
        better="lower",
        unit="nats",
    ),
    _rate(
        "ece",
        "Expected calibration error",
        "Mean gap of score and outcome over ten equal-width bins of the score; biased upward in "
        "small windows.",
        "sum over bins of |outcomes - scores| / rows",
        scores.ece,
        needs=BINARY,
        source="Naeini et al. 2015, doi:10.1609/aaai.v29i1.9602",
        better="lower",
    ),
)

CLASS_SCORES = (
    _rate(
        "roc_auc_ovr",
        "Area under the curve, each class against the rest",
        "Chance that a row of a class scores higher for it than a row of any other, ties counting "
        "half, averaged equally over the classes.",
        "mean over i of P(score_i of a row of i > score_i of a row of another)",
        classes.roc_auc_ovr,
        needs=ROWS,
        source="as scikit-learn; interval as DeLong et al. 1988, doi:10.2307/2531595",
    ),
    _rate(
        "roc_auc_hand_till",
        "Area under the curve, by pairs of classes",
        "Chance that a row of one class scores higher for it than a row of another class, "
        "averaged over all ordered pairs of classes; how common classes are does not matter.",
        "mean over i != j of P(score_i of a row of i > score_i of a row of j)",
        classes.roc_auc_hand_till,
        needs=ROWS,
        source="Hand and Till 2001, doi:10.1023/A:1010920819831",
    ),
)
"""Read labels and the scores of every class: ``measure(labels, scores)``."""

_PER_CLASS = {
    "precision": ("Precision", "hits / predicted"),
    "recall": ("Recall", "hits / labelled"),
    "f1": ("F1", "2 hits / (labelled + predicted)"),
}
_AVERAGES: dict[str, tuple[str, dict[str, Callable[..., Estimate]], str]] = {
    "macro": (
        "averaged equally over the classes that occur",
        {
            "precision": classes.precision_macro,
            "recall": classes.recall_macro,
            "f1": classes.f1_macro,
        },
        MOVER,
    ),
    "micro": (
        "over all classes together, which equals accuracy",
        dict.fromkeys(_PER_CLASS, classes.accuracy),
        WILSON,
    ),
    "weighted": (
        "averaged over classes by how many outcomes each has",
        {
            "precision": classes.precision_weighted,
            "recall": classes.recall_weighted,
            "f1": classes.f1_weighted,
        },
        MOVER,
    ),
}

_OF_CLASSES = tuple(
    _rate(
        f"{name}_{average}",
        f"{title} ({average})",
        f"{title} of each class, {how}.",
        f"{average} average of {formula}",
        measures[name],
        needs=CLASSES,
        source=f"as scikit-learn; {interval}",
    )
    for name, (title, formula) in _PER_CLASS.items()
    for average, (how, measures, interval) in _AVERAGES.items()
)

_OF_ERRORS = (
    _rate(
        "mae",
        "Mean absolute error",
        "Mean size of the error, in the outcome's unit.",
        "mean |prediction - outcome|",
        regression.mae,
        needs=REGRESSION,
        source="interval by Student's t",
        better="lower",
        unit="outcome",
    ),
    _rate(
        "rmse",
        "Root mean squared error",
        "Root of the mean squared error, in the outcome's unit.",
        "sqrt(mean (prediction - outcome)^2)",
        regression.rmse,
        needs=REGRESSION,
        source="interval by Student's t of the squared errors",
        better="lower",
        unit="outcome",
    ),
    _rate(
        "mape",
        "Mean absolute percentage error",
        "Mean size of the error relative to the outcome, 0.1 for a tenth; rows whose outcome is 0 "
        "have none and are left out.",
        "mean |prediction - outcome| / |outcome|",
        regression.mape,
        needs=REGRESSION,
        source="as scikit-learn, on outcomes other than 0; interval by Student's t",
        better="lower",
    ),
    _rate(
        "r2",
        "R² (1 - SSE/SST)",
        "Share of the outcomes' variance explained, at most 1 and below 0 for a model worse than "
        "the mean; not a squared correlation.",
        "1 - sum (prediction - outcome)^2 / sum (outcome - mean)^2",
        regression.r2,
        needs=REGRESSION,
        source="Kvalseth 1985, doi:10.1080/00031305.1985.10479448",
    ),
    _rate(
        "bias",
        "Bias",
        "Mean error, in the outcome's unit; above 0 the model predicts too much.",
        "mean (prediction - outcome)",
        regression.bias,
        needs=REGRESSION,
        source="interval by Student's t",
        better=None,
        unit="outcome",
    ),
)

PERFORMANCE: tuple[Statistic, ...] = (*_OF_ALL, *_OF_SCORES, *_OF_CLASSES, *_OF_ERRORS)
