"""How the answer moves along a column, and with which other column it moves together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.stats.inference import (
    CONFIDENCE,
    FloatArray,
    Interval,
    normal_quantile,
    student_quantile,
)

DRAWS = 500
"""Draws of points that the interval of an interaction rests on."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Means along a column with their bounds, shape (points,) each."""

    mean: FloatArray
    low: FloatArray
    high: FloatArray


def partial_dependence(answers: FloatArray, *, confidence: float = CONFIDENCE) -> Curve:
    """Average the answers of rows that all hold the same value in one column.

    Parameters
    ----------
    answers
        Shape (points, rows): the model's answers with the column set to each point in turn.

    Returns
    -------
    Curve
        In the answer's unit, with Student's interval over the rows.

    Raises
    ------
    InsufficientData
        Fewer than two rows.

    Notes
    -----
    Rows that do not occur in life take part: where columns go together, read accumulated effects.
    Source: Friedman (2001), doi:10.1214/aos/1013203451.
    """
    n = answers.shape[1]
    if n < 2:  # noqa: PLR2004 -- a spread needs two
        raise InsufficientData(f"partial dependence needs 2 rows, not {n}")
    values = answers.mean(axis=1)
    half = student_quantile(confidence, freedom=n - 1) * answers.std(axis=1, ddof=1) / np.sqrt(n)
    return Curve(values, values - half, values + half)


def accumulated_effects(
    steps: FloatArray, *, cells: ArrayLike, count: int, confidence: float = CONFIDENCE
) -> Curve:
    """Add up how the answer changes from edge to edge of a column, among the rows found there.

    Parameters
    ----------
    steps
        Shape (rows,): each row's answer at the upper edge of its cell minus at the lower edge.
    cells
        Shape (rows,): the cell of each row, whole numbers from 0.
    count
        Number of cells; there are ``count + 1`` edges.

    Returns
    -------
    Curve
        At the edges, in the answer's unit, with mean 0 over the rows; bounds by the normal
        distribution of the cells' means.

    Raises
    ------
    InvalidInput
        A cell without rows, or a row in no cell.

    Notes
    -----
    Source: Apley and Zhu (2020), doi:10.1111/rssb.12377.
    """
    at = np.asarray(cells, dtype=np.intp)
    if len(at) == 0 or at.min() < 0 or at.max() >= count:
        raise InvalidInput(f"each row must lie in one of {count} cells")
    n = np.bincount(at, minlength=count).astype(np.float64)
    if (n == 0).any():
        raise InvalidInput("each cell needs at least one row")
    means = np.bincount(at, weights=steps, minlength=count) / n
    squares = np.bincount(at, weights=(steps - means[at]) ** 2, minlength=count)
    variance = np.divide(squares, (n - 1) * n, out=np.zeros(count), where=n > 1)
    # Each value is a sum of cell means: those below it, less what centring takes off.
    reached = np.tril(np.ones((count + 1, count)), -1)
    middle = (reached[:-1] + reached[1:]) / 2
    weights = reached - (n / n.sum()) @ middle
    values = weights @ means
    half = normal_quantile(confidence) * np.sqrt(weights**2 @ variance)
    return Curve(values, values - half, values + half)


@dataclass(frozen=True, slots=True)
class Interaction:
    """How far two columns act together.

    Parameters
    ----------
    share
        Of the variance of their joint effect, what the sum of their single effects leaves: 0 to 1.
    size
        The same as a standard deviation in the answer's unit.
    interval
        Of the size.
    """

    share: float
    size: float
    interval: Interval


def interaction(
    joint: FloatArray,
    first: FloatArray,
    second: FloatArray,
    *,
    rng: np.random.Generator,
    confidence: float = CONFIDENCE,
) -> Interaction:
    """Measure how far a joint effect departs from the sum of two single ones.

    Parameters
    ----------
    joint, first, second
        Shape (points,): partial dependence at the same points of both columns and of each.

    Raises
    ------
    InvalidInput
        Unequal shapes.

    Notes
    -----
    Source: Friedman and Popescu (2008), doi:10.1214/07-AOAS148; the interval is the quantiles of
    draws of the points with replacement.
    """
    if not joint.shape == first.shape == second.shape:
        raise InvalidInput("an interaction needs three effects at the same points")
    together, one, other = (effect - effect.mean() for effect in (joint, first, second))
    beyond, whole = (together - one - other) ** 2, together**2
    share = float(beyond.sum() / whole.sum()) if whole.sum() > 0 else 0.0
    drawn = rng.integers(0, len(joint), (DRAWS, len(joint)))
    sizes = np.sqrt(beyond[drawn].mean(axis=1))
    tail = (1 - confidence) / 2
    low, high = np.quantile(sizes, [tail, 1 - tail])
    return Interaction(min(share, 1.0), float(np.sqrt(beyond.mean())), (float(low), float(high)))
