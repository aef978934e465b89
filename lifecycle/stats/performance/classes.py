"""How good are a multi-class classifier's predictions."""

from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from lifecycle.errors import InvalidInput
from lifecycle.stats.counting import EPSILON
from lifecycle.stats.inference import (
    CONFIDENCE,
    Estimate,
    bounded,
    logit_interval,
    mean_interval,
    nothing,
)
from lifecycle.stats.performance import agreement
from lifecycle.stats.performance.agreement import Average, Rate
from lifecycle.stats.performance.ranking import areas
from lifecycle.stats.summaries import ClassTally, FloatArray


def accuracy(tally: ClassTally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the share of predictions that were right; micro averages all equal it."""
    return agreement.accuracy(tally.confusion, confidence=confidence)


def _averaged(
    tally: ClassTally, *, rate: Rate, average: Average, confidence: float = CONFIDENCE
) -> Estimate:
    return agreement.averaged(tally.confusion, rate=rate, average=average, confidence=confidence)


precision_macro = partial(_averaged, rate="precision", average="macro")
precision_weighted = partial(_averaged, rate="precision", average="weighted")
recall_macro = partial(_averaged, rate="recall", average="macro")
recall_weighted = partial(_averaged, rate="recall", average="weighted")
balanced_accuracy = partial(_averaged, rate="recall", average="labelled")
f1_macro = partial(_averaged, rate="f1", average="macro")
f1_weighted = partial(_averaged, rate="f1", average="weighted")
specificity_macro = partial(_averaged, rate="specificity", average="macro")


def mcc(tally: ClassTally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the Matthews correlation of outcomes and predictions."""
    return agreement.matthews(tally.confusion, confidence=confidence)


def cohen_kappa(tally: ClassTally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the agreement of outcomes and predictions beyond chance."""
    return agreement.cohen_kappa(tally.confusion, confidence=confidence)


def roc_auc_hand_till(labels: ArrayLike, scores: ArrayLike) -> Estimate:
    """Compute the multi-class area under the curve: pairwise areas, averaged over pairs.

    Parameters
    ----------
    labels
        Shape (n,), positions of the classes.
    scores
        Shape (n, k), score of each class; every class must occur.

    Notes
    -----
    Insensitive to how common classes are. Source: Hand and Till (2001),
    doi:10.1023/A:1010920819831.
    """
    label, score = _scored(labels, scores)
    k = score.shape[1]
    members = [score[label == c] for c in range(k)]
    if any(len(rows) == 0 for rows in members):
        return nothing("not every class occurs among the outcomes", n=len(label))
    areas = [
        _area(members[i][:, i], members[j][:, i]) for i in range(k) for j in range(k) if i != j
    ]
    return Estimate(float(np.mean(areas)), len(label))


def roc_auc_ovr(
    labels: ArrayLike, scores: ArrayLike, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate the area under the curve of each class against the rest, averaged over the classes.

    Parameters
    ----------
    labels
        Shape (n,), positions of the classes.
    scores
        Shape (n, k), score of each class; every class must occur.

    Notes
    -----
    The interval, on the logit scale, adds up what each row moves of all areas, as DeLong et al.
    (1988), doi:10.2307/2531595, do for one.
    """
    label, score = _scored(labels, scores)
    of_class = np.eye(score.shape[1])[label]
    if not of_class.any(axis=0).all() or of_class.all(axis=0).any():
        return nothing("not every class occurs among the outcomes", n=len(label))
    value, gains, losses = areas(score, of_class)
    moved = np.sum(np.where(of_class == 1, gains, losses), axis=1)
    interval = logit_interval(value, float(np.sqrt(moved @ moved)), confidence=confidence)
    return bounded(value, n=len(label), interval=interval, confidence=confidence)


def log_loss_classes(
    labels: ArrayLike, scores: ArrayLike, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Compute the mean negative log-likelihood of the outcomes over k classes, in nats.

    Parameters
    ----------
    labels
        Shape (n,), positions of the classes.
    scores
        Shape (n, k), probability of each class.
    """
    label, score = _scored(labels, scores)
    if len(label) == 0:
        return nothing(agreement.NO_ROWS)
    losses = -np.log(np.clip(score[np.arange(len(label)), label], EPSILON, 1 - EPSILON))
    total = float(losses.sum())
    interval = mean_interval(total, float(losses @ losses), len(label), confidence=confidence)
    return bounded(total / len(label), n=len(label), interval=interval, confidence=confidence)


def _scored(labels: ArrayLike, scores: ArrayLike) -> tuple[np.ndarray, FloatArray]:
    label, score = np.asarray(labels, np.int64), np.asarray(scores, np.float64)
    if score.ndim != 2 or len(label) != len(score):  # noqa: PLR2004 -- rows and classes
        raise InvalidInput("multi-class scores need one row per label and one column per class")
    if not np.all(np.isfinite(score)):
        raise InvalidInput("multi-class scores must be finite")
    if len(label) and not 0 <= label.min() <= label.max() < score.shape[1]:
        raise InvalidInput("a label must be the position of a score column")
    return label, score


def _area(above: FloatArray, below: FloatArray) -> float:
    """Return the chance that a value of the first sample exceeds one of the second."""
    ordered = np.sort(below)
    beaten = np.searchsorted(ordered, above) + np.searchsorted(ordered, above, side="right")
    return float(beaten.sum()) / (2 * len(above) * len(below))
