"""How do scores rank rows: the area under the ROC curve, and what each row moves of it."""

import numpy as np

from lifecycle.stats.summaries import FloatArray


def area(positives: FloatArray, negatives: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Return the chance that a positive scores above a negative, ties counting half.

    Parameters
    ----------
    positives, negatives
        Shape (b,), rows of either kind by score bin, lowest scores first; known or expected, and
        some of each.

    Returns
    -------
    tuple of float and ndarray
        The area, 0 to 1, and twice shape (b,): what one more positive adds to it in each bin, and
        what one more negative does.
    """
    m, n = float(positives.sum()), float(negatives.sum())
    below = np.cumsum(negatives) - negatives / 2
    above = m - np.cumsum(positives) + positives / 2
    value = float(positives @ below) / (m * n)
    return value, below / (m * n) - value / m, above / (m * n) - value / n


def areas(scores: FloatArray, positives: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Return the area of each class against the rest, averaged over the classes.

    Parameters
    ----------
    scores
        Shape (n, k), score of each class.
    positives
        Shape (n, k), 1 where a row is of the class and 0 where not, or the chance of it; some of
        either in every class.

    Returns
    -------
    tuple of float and ndarray
        The mean area, 0 to 1, and twice shape (n, k): what it adds if one more row of that score
        is of the class, and if it is not.
    """
    k = scores.shape[1]
    value, gains, losses = 0.0, np.empty(scores.shape), np.empty(scores.shape)
    for c in range(k):
        _, at, counts = np.unique(scores[:, c], return_inverse=True, return_counts=True)
        held = np.bincount(at, positives[:, c], len(counts)).astype(np.float64)
        found, gain, loss = area(held, np.maximum(counts - held, 0.0))
        value += found / k
        gains[:, c], losses[:, c] = gain[at] / k, loss[at] / k
    return value, gains, losses
