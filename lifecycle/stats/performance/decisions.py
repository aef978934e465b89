"""How good are a binary classifier's decisions: rates of the positive class and agreement.

Rows without an outcome or without a decision are left out; ``rows`` of the tally counts them.
"""

import numpy as np

from lifecycle.stats.inference import (
    CONFIDENCE,
    Estimate,
    bounded,
    nothing,
    proportion,
    wilson,
)
from lifecycle.stats.performance import agreement
from lifecycle.stats.summaries import NEGATIVE, POSITIVE, UNKNOWN, BinaryTally, CountArray


def _confusion(tally: BinaryTally) -> CountArray:
    return tally.decisions[:UNKNOWN, :UNKNOWN]


def accuracy(tally: BinaryTally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the share of decisions that were right."""
    return agreement.accuracy(_confusion(tally), confidence=confidence)


def precision(tally: BinaryTally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the share of positive decisions that were right."""
    chosen = _confusion(tally)[:, POSITIVE]
    return proportion(
        int(chosen[POSITIVE]),
        int(chosen.sum()),
        confidence=confidence,
        empty="no labelled row was decided positive",
    )


def recall(tally: BinaryTally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the share of positives that were found."""
    positives = _confusion(tally)[POSITIVE]
    return proportion(
        int(positives[POSITIVE]),
        int(positives.sum()),
        confidence=confidence,
        empty="no decided row has a positive outcome",
    )


def specificity(tally: BinaryTally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the share of negatives that were decided negative."""
    negatives = _confusion(tally)[NEGATIVE]
    return proportion(
        int(negatives[NEGATIVE]),
        int(negatives.sum()),
        confidence=confidence,
        empty="no decided row has a negative outcome",
    )


def f1(tally: BinaryTally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the harmonic mean of precision and recall.

    Notes
    -----
    ``F = 2 J / (1 + J)`` with J the share of true positives among rows that are positive by label
    or decision, so Wilson's interval of J carries over. Source: van Rijsbergen (1979),
    "Information Retrieval", chapter 7.
    """
    confusion = _confusion(tally)
    hits, n = int(confusion[POSITIVE, POSITIVE]), int(confusion.sum())
    either = n - int(confusion[NEGATIVE, NEGATIVE])
    if either == 0:
        return nothing("no row is positive, neither by outcome nor by decision", n=n)
    low, high = (2 * j / (1 + j) for j in wilson(hits, either, confidence=confidence))
    return bounded(2 * hits / (hits + either), n=n, interval=(low, high), confidence=confidence)


def balanced_accuracy(tally: BinaryTally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the mean of the two classes' recall; both must occur among the outcomes."""
    confusion = _confusion(tally)
    totals = confusion.sum(axis=1)
    if np.any(totals == 0):
        return nothing("only one of the two classes occurs among the outcomes", n=int(totals.sum()))
    return agreement.averaged(confusion, rate="recall", average="labelled", confidence=confidence)


def mcc(tally: BinaryTally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the Matthews correlation of outcomes and decisions."""
    return agreement.matthews(_confusion(tally), confidence=confidence)


def cohen_kappa(tally: BinaryTally, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the agreement of outcomes and decisions beyond chance."""
    return agreement.cohen_kappa(_confusion(tally), confidence=confidence)
