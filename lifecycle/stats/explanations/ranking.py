"""Which columns matter more than others, and is the order sure: paired over the explained rows."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.stats.inference import CONFIDENCE, FloatArray, Interval, student_quantile

IntArray: TypeAlias = NDArray[np.intp]

EQUAL = 0.05
"""Columns whose influence differs by less, as a share of all influence, need no order; ours."""

FEWEST_ROWS = 2


class Order(StrEnum):
    """What is known of two neighbours in a ranking."""

    SURE = "sure"
    EQUAL = "equal"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two neighbours in a ranking, by their columns' positions.

    Parameters
    ----------
    difference, interval
        Of their mean absolute values, over the same rows; simultaneous over all pairs and looks.
    """

    above: int
    below: int
    difference: float
    interval: Interval
    order: Order


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Columns by mean absolute value, and how far their order can be believed.

    Parameters
    ----------
    order
        Shape (columns,), positions of the columns, the most important first.
    best, worst
        Shape (columns,), the ranks from 1 between which each column's true rank lies.
    pairs
        Neighbours in that order.
    """

    order: IntArray
    best: IntArray
    worst: IntArray
    pairs: tuple[Pair, ...]
    n: int
    confidence: float
    tolerance: float

    @property
    def stable(self) -> bool:
        """Whether every neighbour is surely ahead of the next, or as good as equal to it."""
        return all(pair.order is not Order.OPEN for pair in self.pairs)


def ranking(
    sizes: FloatArray,
    *,
    population: int | None = None,
    confidence: float = CONFIDENCE,
    looks: int = 1,
    tolerance: float = EQUAL,
) -> Ranking:
    """Rank columns by their mean and say which neighbours are surely in that order.

    Parameters
    ----------
    sizes
        Shape (rows, columns), absolute SHAP values, at least 0.
    population
        Rows that these were drawn from without replacement, and whose ranking is meant; ``None``
        for ever more rows like these.
    looks
        How often the ranking is looked at while rows come in; the level is shared among them.
    tolerance
        Share of all influence below which a difference does not matter.

    Returns
    -------
    Ranking
        Every order that is called sure, and every interval, holds at once with the probability
        given.

    Raises
    ------
    InvalidInput
        Not a table of rows by columns, no look at all, or more rows than the population.
    InsufficientData
        Fewer than two rows.

    Notes
    -----
    Differences are paired over rows and bounded by Student's t, at a level divided by the number
    of pairs and looks (Bonferroni), since which columns become neighbours is seen in the data, and
    narrowed by the share of the population that was drawn: all its rows leave nothing open.
    Sources: Dunn (1961), doi:10.1080/01621459.1961.10482090; Cochran (1977), Sampling Techniques.
    """
    if sizes.ndim != 2 or looks < 1:  # noqa: PLR2004 -- rows by columns
        raise InvalidInput("a ranking needs values by row and column, and at least one look")
    n, k = sizes.shape
    if n < FEWEST_ROWS:
        raise InsufficientData(f"a ranking needs {FEWEST_ROWS} rows, not {n}")
    if population is not None and population < n:
        raise InvalidInput(f"{n} rows cannot be drawn from {population}")
    left = 1.0 if population is None else 1 - n / population
    means = sizes.mean(axis=0)
    half = np.sqrt(left) * _half_widths(sizes, confidence=confidence, looks=looks)
    ahead = means[:, np.newaxis] - means > half
    order = np.argsort(-means, kind="stable")
    total = float(means.sum())
    return Ranking(
        order=order,
        best=1 + ahead.sum(axis=0),
        worst=k - ahead.sum(axis=1),
        pairs=tuple(
            _pair(above, below, means, float(half[above, below]), least=tolerance * total)
            for above, below in zip(order[:-1].tolist(), order[1:].tolist(), strict=True)
        ),
        n=n,
        confidence=confidence,
        tolerance=tolerance,
    )


def _half_widths(sizes: FloatArray, *, confidence: float, looks: int) -> FloatArray:
    """Return half the width of the interval of each difference of means, shape (k, k)."""
    n, k = sizes.shape
    spread = np.atleast_2d(np.cov(sizes, rowvar=False))
    own = np.diag(spread)
    variance = np.maximum(own[:, np.newaxis] + own - 2 * spread, 0.0)
    tests = max(k * (k - 1) // 2, 1) * looks
    level = 1 - (1 - confidence) / tests
    return student_quantile(level, freedom=n - 1) * np.sqrt(variance / n)


def _pair(above: int, below: int, means: FloatArray, half: float, *, least: float) -> Pair:
    difference = float(means[above] - means[below])
    order = Order.OPEN
    if difference > half:
        order = Order.SURE
    elif difference + half <= least or half == 0:
        order = Order.EQUAL
    return Pair(above, below, difference, (difference - half, difference + half), order)
