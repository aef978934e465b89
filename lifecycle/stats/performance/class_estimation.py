"""How well does a classifier of several classes work while no outcome is known.

The score of each class is calibrated against the rest on a reference; a row's calibrated chances,
divided by their sum, say how likely it is of each class. Scores of all classes are left alone
where each stands for itself and, taken together, they promise as many rows of their likeliest
class as there are; they are all calibrated otherwise. So every cell of the confusion matrix has
an expectation, and every measure built on it an estimate. As with two classes, this sees a change
in the mix of rows and none in what a score means.

An interval covers what is realised in a window of that size. Outcomes fall by chance, each row by
itself over all classes at once; and the calibration was learned from a limited reference, each of
whose rows moves the chances of all classes together. Both follow from the delta method.

Source: confidence-based performance estimation, Bialek et al. (2024), arXiv:2407.08649; classes
calibrated apart and normalised as Zadrozny and Elkan (2002), doi:10.1145/775047.775151.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import sqrt

import numpy as np

from lifecycle.errors import InsufficientData
from lifecycle.stats.counting import binary_tally
from lifecycle.stats.inference import CONFIDENCE, Estimate, bounded, logit_interval, nothing
from lifecycle.stats.performance.agreement import Rate, macro_of
from lifecycle.stats.performance.calibration import NEEDED, Calibration, Fit, calibrate, goodness
from lifecycle.stats.performance.ranking import areas
from lifecycle.stats.summaries import UNKNOWN, BinaryTally, CountArray, FloatArray

NO_SCORES = "no row has a valid score of every class"
NO_DECISIONS = "no row has both a valid score of every class and a prediction"


@dataclass(frozen=True, slots=True, eq=False)
class ClassCalibration:
    """What the scores of k classes stand for, learned from a reference.

    Parameters
    ----------
    classes, each
        The k classes, and the calibration of each against the rest.
    likeliest
        How far the chance of each row's likeliest class is from how often it is that, on average.
    blocks, labels, rows
        Shape (m, k), (m,) and (m,): the reference's rows by the blocks their scores fall into and
        by class, and how many there are.
    """

    classes: tuple[str, ...]
    each: tuple[Calibration, ...]
    likeliest: Fit
    blocks: CountArray
    labels: CountArray
    rows: CountArray

    @property
    def failing(self) -> str | None:
        """The first class whose calibration fails, if any does."""
        pairs = zip(self.classes, self.each, strict=True)
        return next((name for name, one in pairs if one.fit.fails), None)

    def variance(self, pushed: Sequence[FloatArray]) -> float:
        """Return the variance of a measure that comes from the reference's size.

        Parameters
        ----------
        pushed
            Shape (blocks,) for each class: what the measure changes by per unit of that chance.
        """
        moved = np.zeros(len(self.rows))
        for c, push in enumerate(pushed):
            block, hit = self.blocks[:, c], self.labels == c
            n = np.bincount(block, weights=self.rows, minlength=len(push))
            hits = np.bincount(block, weights=self.rows * hit, minlength=len(push))
            share = (hits + 0.5) / (n + 1)  # half a row added to either side
            moved += (hit - share[block]) * (push / np.maximum(n, 1))[block]
        return float(self.rows @ moved**2)


@dataclass(frozen=True, slots=True, eq=False)
class ExpectedClasses:
    """The rows of a window with the chances of each class.

    Parameters
    ----------
    scores, chances
        Shape (n, k), as the model gave them; and calibrated, adding up to 1 in each row.
    sums
        Shape (n,), of the calibrated scores before they were divided by it.
    decisions
        Shape (n,), position of the class that was predicted; -1 where none is known.
    """

    scores: FloatArray
    chances: FloatArray
    sums: FloatArray
    decisions: CountArray
    calibration: ClassCalibration

    def error(self, slopes: FloatArray) -> float:
        """Return the standard error of a measure.

        Parameters
        ----------
        slopes
            Shape (n, k), what the measure changes by when a row is of the class.
        """
        mean = np.sum(self.chances * slopes, axis=1, keepdims=True)
        around = slopes - mean
        chance = float(np.sum(self.chances * around**2))
        pushes = around / self.sums[:, np.newaxis]
        pushed = [
            np.bincount(one.block(score), push, len(one.variances)).astype(np.float64)
            for one, score, push in zip(self.calibration.each, self.scores.T, pushes.T, strict=True)
        ]
        return sqrt(chance + self.calibration.variance(pushed))


def valid_scores(scores: FloatArray) -> np.ndarray:
    """Tell which rows have a score between 0 and 1 of every class, and not 0 of all."""
    held = (scores >= 0) & (scores <= 1)
    return held.all(axis=1) & (scores.sum(axis=1) > 0)


def calibrate_classes(
    labels: CountArray, scores: FloatArray, *, classes: Sequence[str]
) -> ClassCalibration:
    """Learn what the scores of each class stand for.

    Parameters
    ----------
    labels, scores
        Shape (n,), positions of the classes, and shape (n, k), valid scores.

    Raises
    ------
    InsufficientData
        A class, or the rest, has too few outcomes; the sentence names it.
    """
    tallies = [
        binary_tally(labels == c, np.full(len(labels), UNKNOWN), score)
        for c, score in enumerate(scores.T)
    ]
    each = _calibrated(tallies, classes)
    likeliest = _likeliest(_chances(each, scores)[0], labels)
    raw = all(one.method == "none" for one in each)
    if not raw or likeliest.p_value is None or likeliest.p_value < NEEDED:
        each = _calibrated(tallies, classes, always=True)
        likeliest = _likeliest(_chances(each, scores)[0], labels)
    blocks = [one.block(score) for one, score in zip(each, scores.T, strict=True)]
    by_class = np.column_stack([*blocks, labels]).astype(np.int64)
    shape = [len(one.variances) for one in each]
    keys = by_class[:, 0]
    for place, size in enumerate([*shape[1:], len(classes)], start=1):
        # Keys are numbered anew at each step, so that they stay small however many classes.
        keys = np.unique(keys * size + by_class[:, place], return_inverse=True)[1]
    _, first, rows = np.unique(keys, return_index=True, return_counts=True)
    held = by_class[first]
    return ClassCalibration(
        tuple(classes), each, likeliest, held[:, :-1], held[:, -1], rows.astype(np.int64)
    )


def _calibrated(
    tallies: Sequence[BinaryTally], classes: Sequence[str], *, always: bool = False
) -> tuple[Calibration, ...]:
    found: list[Calibration] = []
    for tally, name in zip(tallies, classes, strict=True):
        try:
            found.append(calibrate(tally, always=always))
        except InsufficientData as error:
            raise InsufficientData(f"class {name!r} against the rest: {error}") from error
    return tuple(found)


def _chances(each: Sequence[Calibration], scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the chances of each row and class, adding up to 1, and what they added up to."""
    chances = np.column_stack(
        [one.chance(score) for one, score in zip(each, scores.T, strict=True)]
    )
    sums = chances.sum(axis=1)
    return chances / np.where(sums > 0, sums, 1.0)[:, np.newaxis], sums


def _likeliest(chances: FloatArray, labels: CountArray) -> Fit:
    """Compare how often rows are of their likeliest class with how often they should be."""
    n, likeliest = len(labels), chances.argmax(axis=1)
    hits = int(np.count_nonzero(likeliest == labels))
    promised = float(chances[np.arange(n), likeliest].mean())
    return goodness(np.array([n]), np.array([hits]), chances=np.array([promised]))


def expect_classes(
    scores: FloatArray, decisions: CountArray, *, calibration: ClassCalibration
) -> ExpectedClasses:
    """Give every row of a window the chances its scores stand for.

    Parameters
    ----------
    scores, decisions
        Shape (n, k), valid scores, and shape (n,), the class predicted or -1.
    """
    chances, sums = _chances(calibration.each, scores)
    held = sums > 0  # a row whose chances are all 0 is of no use
    return ExpectedClasses(
        scores=scores[held],
        chances=chances[held],
        sums=sums[held],
        decisions=decisions[held],
        calibration=calibration,
    )


def accuracy(expected: ExpectedClasses, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the share of predictions that turn out right."""
    shares, n = _confusion(expected)
    if n == 0:
        return nothing(NO_DECISIONS)
    slopes = np.eye(len(shares))
    return _of_cells(expected, float(np.trace(shares)), slopes, n=n, confidence=confidence)


def averaged(expected: ExpectedClasses, *, rate: Rate, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate a rate of each class, averaged equally over the classes."""
    shares, n = _confusion(expected)
    if n == 0:
        return nothing(NO_DECISIONS)
    value, slopes = macro_of(shares, rate=rate)
    return _of_cells(expected, value, slopes, n=n, confidence=confidence)


def roc_auc_ovr(expected: ExpectedClasses, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the area under the curve of each class against the rest, averaged over them."""
    if len(expected.scores) == 0:
        return nothing(NO_SCORES)
    sums = expected.chances.sum(axis=0)
    if not np.all((sums > 0) & (sums < len(expected.scores))):
        return nothing("the scores do not promise every class", n=len(expected.scores))
    value, gains, losses = areas(expected.scores, expected.chances)
    return _bounded(expected, value, gains - losses, n=len(gains), confidence=confidence)


MEASURES: Mapping[str, Callable[..., Estimate]] = {
    "roc_auc_ovr": roc_auc_ovr,
    "accuracy": accuracy,
    "precision": partial(averaged, rate="precision"),
    "recall": partial(averaged, rate="recall"),
    "specificity": partial(averaged, rate="specificity"),
    "f1": partial(averaged, rate="f1"),
}
"""What can be estimated, under the name of what it is an estimate of."""


def _confusion(expected: ExpectedClasses) -> tuple[FloatArray, int]:
    """Return the expected confusion in shares, labels first, and the rows with a prediction."""
    decided = expected.decisions >= 0
    k, n = expected.chances.shape[1], int(np.count_nonzero(decided))
    given = np.eye(k)[expected.decisions[decided]]
    return expected.chances[decided].T @ given / max(n, 1), n


def _of_cells(
    expected: ExpectedClasses, value: float, slopes: FloatArray, *, n: int, confidence: float
) -> Estimate:
    """Bound a measure of the confusion, to which only rows with a prediction count."""
    decided = expected.decisions >= 0
    by_row = np.where(decided[:, np.newaxis], slopes.T[expected.decisions], 0.0) / n
    return _bounded(expected, value, by_row, n=n, confidence=confidence)


def _bounded(
    expected: ExpectedClasses, value: float, slopes: FloatArray, *, n: int, confidence: float
) -> Estimate:
    interval = logit_interval(value, expected.error(slopes), confidence=confidence)
    return bounded(value, n=n, interval=interval, confidence=confidence)
