"""How far do predictions agree with labels, over any number of classes.

Everything reads a confusion matrix: shape (k, k), rows by label (first axis) and prediction.
An averaged rate is bounded by the score bounds of its classes' rates, so a rare class found in
every row, or in none, adds its doubt too. The intervals of agreement beyond chance come from the
delta method on the multinomial counts; it sees no spread where hardly anything disagrees, so two
rows are added first: one that agrees, spread evenly over the classes, and one that does not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np

from lifecycle.stats.inference import (
    Estimate,
    bounded,
    clipped,
    normal_quantile,
    nothing,
    proportion,
    wilson_bounds,
)
from lifecycle.stats.summaries import CountArray, FloatArray

DOUBT = 2
"""Rows added before a spread is taken, one that agrees and one that does not; a house default whose
intervals hold the truth in nine of ten runs and more, however little disagrees."""

NO_ROWS = "no row has both an outcome and a prediction"

Rate = Literal["precision", "recall", "f1", "specificity"]
Average = Literal["macro", "weighted", "labelled"]

_PARTS: dict[Rate, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "precision": ((1, 0, 0, 0), (0, 0, 1, 0)),
    "recall": ((1, 0, 0, 0), (0, 1, 0, 0)),
    "f1": ((2, 0, 0, 0), (0, 1, 1, 0)),
    "specificity": ((1, -1, -1, 1), (0, -1, 0, 1)),
}
"""Each rate of a class is one count over another; above and below, the weights of its hits, its
labelled, its predicted and all rows."""


def accuracy(confusion: CountArray, *, confidence: float) -> Estimate:
    """Return the share of rows predicted right, with Wilson's interval."""
    hits = int(np.trace(confusion))
    return proportion(hits, int(confusion.sum()), confidence=confidence, empty=NO_ROWS)


@dataclass(frozen=True, slots=True, eq=False)
class ClassRates:
    """A rate of every class, and how much each cell of the confusion moves it.

    Parameters
    ----------
    each, base, weights
        Shape (k,): the rates, the shares of rows they are over, and their weights in the average.
    hit, row, column
        Shape (k,), slopes of a class's rate in its hits, its labelled and its predicted rows.
    every
        Shape (k,), slope of a class's rate in every row.
    """

    each: FloatArray
    base: FloatArray
    weights: FloatArray
    hit: FloatArray
    row: FloatArray
    column: FloatArray
    every: FloatArray

    def covariances(self, shares: FloatArray) -> FloatArray:
        """Return shape (k, k), how the rates vary together, times the number of rows."""
        crossed = np.outer(self.row, self.column) * shares
        found = crossed + crossed.T - np.outer(self.every, self.every)
        hits, labelled, predicted = np.diag(shares), shares.sum(axis=1), shares.sum(axis=0)
        alone = self.hit**2 + 2 * self.hit * (self.row + self.column) + 2 * self.row * self.column
        own = hits * alone + self.row**2 * labelled + self.column**2 * predicted - self.every**2
        np.fill_diagonal(found, own)
        return found

    def with_labels(self, shares: FloatArray) -> FloatArray:
        """Return shape (k,), how each rate varies with the rate of a row's label, times rows."""
        labelled = shares.sum(axis=1) * self.each
        found = self.hit * np.diag(shares) * self.each + self.row * labelled
        return found + self.column * (self.each @ shares) + self.every * labelled.sum()


def averaged(confusion: CountArray, *, rate: Rate, average: Average, confidence: float) -> Estimate:
    """Average a rate over the classes that occur as a label or a prediction.

    A class never predicted has precision 0, one never labelled recall 0, as in scikit-learn; the
    interval leaves open what their rate is. ``weighted`` weighs classes by their labels, ``macro``
    equally; ``labelled`` leaves out the classes that occur as a prediction only.

    Notes
    -----
    Wilson's bounds of the classes, put together by how their rates vary with each other (MOVER).
    Source: Zou and Donner (2008), doi:10.1002/sim.3095; with correlations Zou (2007),
    doi:10.1037/1082-989X.12.4.399.
    """
    n = int(confusion.sum())
    if n == 0:
        return nothing(NO_ROWS)
    shares = confusion / n
    if rate == "specificity" and np.count_nonzero(shares.sum(axis=1)) == 1:
        return nothing("only one class occurs as a label, so no row is of another class", n=n)
    rates = class_rates(shares, rate=rate, average=average)
    value, z = float(rates.weights @ rates.each), normal_quantile(confidence)
    below, above = (rates.weights * side for side in _sides(rates, rate=rate, n=n, z=z))
    together = rates.covariances(shares)
    if average == "weighted":
        across, labelled = rates.with_labels(shares), shares.sum(axis=1)
        spread = max(float(labelled @ rates.each**2) - float(labelled @ rates.each) ** 2, 0.0)
        together = np.block([[together, across[:, np.newaxis]], [across, np.array(spread)]])
        half = z * sqrt(spread / n)
        below, above = np.append(below, half), np.append(above, half)
    alike = _correlations(together)
    low, high = (sqrt(max(float(side @ alike @ side), 0.0)) for side in (below, above))
    interval = max(value - low, 0.0), min(value + high, 1.0)
    return bounded(value, n=n, interval=interval, confidence=confidence)


def _sides(rates: ClassRates, *, rate: Rate, n: int, z: float) -> tuple[FloatArray, FloatArray]:
    """Return how far each class's rate lies from its lower and its upper bound."""
    rows, each = rates.base * n, rates.each
    if rate == "f1":  # 2 J / (1 + J), J the share of hits among rows labelled or predicted so
        rows = rows - each * rows / 2
        each = each / (2 - each)
    bounds = wilson_bounds(np.rint(each * rows), np.maximum(np.rint(rows), 1), z=z)
    low, high = (2 * j / (1 + j) for j in bounds) if rate == "f1" else bounds
    return rates.each - low, np.where(rates.base > 0, high, 1.0) - rates.each


def _correlations(together: FloatArray) -> FloatArray:
    """Turn covariances into correlations; what does not vary goes along with nothing."""
    deviation = np.sqrt(np.maximum(np.diag(together), 0.0))
    deviation[deviation < 1e-12] = 0.0  # noqa: PLR2004 -- the rounding of exact cancellation
    scale = np.outer(deviation, deviation)
    found = np.divide(together, scale, out=np.zeros_like(together), where=scale > 0)
    np.fill_diagonal(found, 1.0)
    return found


def class_rates(shares: FloatArray, *, rate: Rate, average: Average) -> ClassRates:
    """Return a rate of every class of a confusion in shares of its rows, shape (k, k)."""
    labelled, predicted = shares.sum(axis=1), shares.sum(axis=0)
    of_class = np.stack([np.diag(shares), labelled, predicted, np.ones(len(shares))])
    above, below = (np.array(weights, np.float64) for weights in _PARTS[rate])
    base = below @ of_class
    inverse = np.divide(1.0, base, out=np.zeros_like(base), where=base > 0)
    each = (above @ of_class) * inverse
    occurs = labelled > 0 if average == "labelled" else labelled + predicted > 0
    weights = labelled if average == "weighted" else occurs / np.count_nonzero(occurs)
    hit, row, column, every = inverse * (above[:, np.newaxis] - np.outer(below, each))
    return ClassRates(each, base, weights, hit, row, column, every)


def macro_of(shares: FloatArray, *, rate: Rate) -> tuple[float, FloatArray]:
    """Return a macro-averaged rate, and how much each cell of the confusion moves it.

    Parameters
    ----------
    shares
        Shape (k, k), the confusion in shares of its rows; at least one is above 0.

    Returns
    -------
    tuple of float and ndarray
        The rate, 0 to 1, and shape (k, k), its slope in each cell.
    """
    rates = class_rates(shares, rate=rate, average="macro")
    hit, row, column, every = (
        rates.weights * slope for slope in (rates.hit, rates.row, rates.column, rates.every)
    )
    slopes = np.diag(hit) + row[:, np.newaxis] + column + every.sum()
    return float(rates.weights @ rates.each), slopes


def cohen_kappa(confusion: CountArray, *, confidence: float) -> Estimate:
    """Return the agreement beyond chance, at most 1.

    Notes
    -----
    Source: Cohen (1960), doi:10.1177/001316446002000104; its large-sample variance is that of
    Fleiss, Cohen and Everitt (1969), doi:10.1037/h0028106, at two rows more (see this module).
    """
    n = int(confusion.sum())
    if n == 0:
        return nothing(NO_ROWS)
    if np.count_nonzero(confusion.sum(axis=0) + confusion.sum(axis=1)) == 1:
        return nothing("only one class occurs, so agreement beyond chance is undefined", n=n)
    return _beyond_chance(_kappa, confusion, confidence=confidence)


def matthews(confusion: CountArray, *, confidence: float) -> Estimate:
    """Return the Matthews correlation of labels and predictions, -1 to 1.

    Notes
    -----
    Source: Matthews (1975), doi:10.1016/0005-2795(75)90109-9; for k classes Gorodkin (2004),
    doi:10.1016/j.compbiolchem.2004.09.006. Its interval stands on two rows more (see this module).
    """
    n = int(confusion.sum())
    if n == 0:
        return nothing(NO_ROWS)
    for side, axis in (("label", 1), ("prediction", 0)):
        if np.count_nonzero(confusion.sum(axis=axis)) == 1:
            reason = f"only one class occurs as a {side}, so a correlation is undefined"
            return nothing(reason, n=n)
    return _beyond_chance(_correlation, confusion, confidence=confidence)


def _beyond_chance(
    law: Callable[[FloatArray], tuple[float, FloatArray]],
    confusion: CountArray,
    *,
    confidence: float,
) -> Estimate:
    """Estimate a measure of agreement; its interval is that of two rows more, and holds the value.

    Notes
    -----
    As Agresti and Coull (1998), doi:10.1080/00031305.1998.10480550, add rows to a proportion.
    """
    n, k = int(confusion.sum()), len(confusion)
    value, _ = law(confusion / n)
    agreeing = np.eye(k)
    doubt = agreeing / k + (1 - agreeing) / (k * (k - 1))
    shares = (confusion + doubt) / (n + DOUBT)
    centre, slopes = law(shares)
    half = normal_quantile(confidence) * _delta_error(slopes, shares, n + DOUBT)
    low, high = clipped(centre, half, low=-1.0, high=1.0)
    interval = min(low, value), max(high, value)
    return bounded(value, n=n, interval=interval, confidence=confidence)


def _kappa(shares: FloatArray) -> tuple[float, FloatArray]:
    """Return Cohen's kappa of a confusion in shares, and its slope in each cell."""
    labelled, predicted = shares.sum(axis=1), shares.sum(axis=0)
    hits, chance = float(np.trace(shares)), float(labelled @ predicted)
    by_cell = predicted[:, np.newaxis] + labelled  # slope of the chance agreement
    slopes = np.eye(len(shares)) / (1 - chance) - by_cell * (1 - hits) / (1 - chance) ** 2
    return (hits - chance) / (1 - chance), slopes


def _correlation(shares: FloatArray) -> tuple[float, FloatArray]:
    """Return the Matthews correlation of a confusion in shares, and its slope in each cell."""
    labelled, predicted = shares.sum(axis=1), shares.sum(axis=0)
    by_label, by_prediction = 1 - float(labelled @ labelled), 1 - float(predicted @ predicted)
    scale = sqrt(by_label * by_prediction)
    value = min(max((float(np.trace(shares)) - float(labelled @ predicted)) / scale, -1.0), 1.0)
    covariance = np.eye(len(shares)) - predicted[:, np.newaxis] - labelled
    variances = labelled[:, np.newaxis] / by_label + predicted / by_prediction
    return value, covariance / scale + value * variances


def _delta_error(slopes: FloatArray, shares: FloatArray, n: int) -> float:
    """Return the standard error of a smooth function of multinomial shares."""
    mean = float(np.sum(shares * slopes))
    variance = float(np.sum(shares * (slopes - mean) ** 2)) / n
    # What is left of exact cancellation is rounding, not spread.
    return sqrt(variance) if variance > 1e-24 else 0.0  # noqa: PLR2004 -- squared rounding
