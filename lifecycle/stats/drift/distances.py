"""The formulas of the distances: shares of bins in, numbers out, over the last axis.

Many windows at once are rows of an array; one window is a vector. What goes in must be checked
and smoothed already; a bin that neither side holds adds nothing.
"""

import numpy as np
from scipy import special

from lifecycle.stats.summaries import FloatArray


def symmetric_divergence(p: FloatArray, q: FloatArray) -> FloatArray:
    """Return the population stability index in nats: ``sum (q - p) ln(q / p)``."""
    return np.sum((q - p) * np.log(ratio(q, p)), axis=-1)


def relative_entropy(p: FloatArray, q: FloatArray) -> FloatArray:
    """Return the Kullback-Leibler divergence of p from q in nats: ``sum p ln(p / q)``."""
    return np.maximum(np.sum(special.rel_entr(p, q), axis=-1), 0.0)


def jensen_shannon(p: FloatArray, q: FloatArray) -> FloatArray:
    """Return the Jensen-Shannon divergence in bits, 0 to 1."""
    middle = (p + q) / 2
    nats = np.sum(special.rel_entr(p, middle) + special.rel_entr(q, middle), axis=-1) / 2
    return np.clip(nats / np.log(2), 0.0, 1.0)


def hellinger(p: FloatArray, q: FloatArray) -> FloatArray:
    """Return the squared Hellinger distance, 0 to 1: ``sum (sqrt p - sqrt q)^2 / 2``."""
    return np.minimum(np.sum((np.sqrt(p) - np.sqrt(q)) ** 2, axis=-1) / 2, 1.0)


def total_variation(p: FloatArray, q: FloatArray) -> FloatArray:
    """Return half the sum of absolute differences, 0 to 1."""
    return np.minimum(np.sum(np.abs(p - q), axis=-1) / 2, 1.0)


def association(p: FloatArray, q: FloatArray, *, first: float | FloatArray) -> FloatArray:
    """Return Pearson's statistic per row of both sides: the square of Cramer's V, 0 to 1.

    Parameters
    ----------
    first
        The share of all rows that p's side holds: one number, or shape (windows, 1).
    """
    pooled = first * p + (1 - first) * q
    return np.sum(first * (1 - first) * ratio((p - q) ** 2, pooled, empty=0.0), axis=-1)


def ratio(above: FloatArray, below: FloatArray, *, empty: float = 1.0) -> FloatArray:
    """Divide where there is something to divide by."""
    out = np.full(np.broadcast(above, below).shape, empty)
    return np.divide(above, below, out=out, where=below > 0)
