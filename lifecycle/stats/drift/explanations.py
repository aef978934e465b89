"""Does the model still lean on the same columns: two rankings of mean absolute SHAP values."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lifecycle.errors import InvalidInput
from lifecycle.stats.inference import CONFIDENCE, Estimate, FloatArray, nothing

FEWEST_COLUMNS = 3
"""Two columns have two orders, which says nothing."""

DRAWS = 1000
"""Draws of both rankings that the interval rests on."""

SEED = 20_170_522
"""Of those draws, so that the same explanations give the same interval."""


@dataclass(frozen=True, slots=True, eq=False)
class Importance:
    """How much each column moves a model's output.

    Parameters
    ----------
    values
        Shape (columns,), mean absolute SHAP values, at least 0.
    errors
        Shape (columns,), their standard errors.
    n
        Rows explained.
    """

    values: FloatArray
    errors: FloatArray
    n: int


def explanation_ndcg(
    reference: Importance, current: Importance, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate how well the current order of columns collects the reference's importance, to 1.

    Notes
    -----
    Normalised discounted cumulative gain: the reference's importance is the gain, the current
    ranking the order. Source: Jarvelin and Kekalainen (2002), doi:10.1145/582415.582418; Amazon
    SageMaker flags values below 0.9.
    """
    return _compared(_ndcg, reference, current, confidence=confidence)


def explanation_rank_correlation(
    reference: Importance, current: Importance, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate Spearman's correlation of the two rankings of columns, -1 to 1.

    Notes
    -----
    Source: Spearman (1904), doi:10.2307/1412159; ties share their mean rank.
    """
    return _compared(_correlation, reference, current, confidence=confidence)


def _compared(
    formula: Callable[[FloatArray, FloatArray], FloatArray],
    reference: Importance,
    current: Importance,
    *,
    confidence: float,
) -> Estimate:
    """Compute a statistic of two rankings, and how far it goes with other rows explained."""
    before, now = reference.values, current.values
    if before.shape != now.shape:
        raise InvalidInput("two explanations of the same columns are needed")
    n, m = reference.n, current.n
    if len(before) < FEWEST_COLUMNS:
        reason = f"fewer than {FEWEST_COLUMNS} columns have no ranking to compare"
        return nothing(reason, n=m, n_reference=n)
    if np.ptp(before) == 0 or np.ptp(now) == 0:
        reason = "all columns are equally important on a side"
        return Estimate(None, m, n_reference=n, reason=reason)
    rng = np.random.default_rng(SEED)
    drawn = formula(*(_drawn(side, rng=rng) for side in (reference, current)))
    value = float(formula(before, now))
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail])
    interval = (min(float(low), value), max(float(high), value))
    return Estimate(value, m, interval, confidence, n_reference=n)


def _drawn(side: Importance, *, rng: np.random.Generator) -> FloatArray:
    return np.abs(side.values + side.errors * rng.normal(size=(DRAWS, len(side.values))))


def _ndcg(before: FloatArray, now: FloatArray) -> FloatArray:
    discount = 1 / np.log2(np.arange(2, before.shape[-1] + 2))
    best = -np.sort(-before, axis=-1)
    # Columns that the current side ranks alike stand in the order the reference likes least.
    order = np.lexsort((before, -now), axis=-1)
    return (np.take_along_axis(before, order, axis=-1) @ discount) / (best @ discount)


def _correlation(before: FloatArray, now: FloatArray) -> FloatArray:
    first, second = (_ranks(side) for side in (before, now))
    first -= first.mean(axis=-1, keepdims=True)
    second -= second.mean(axis=-1, keepdims=True)
    size = np.sqrt((first**2).sum(axis=-1) * (second**2).sum(axis=-1))
    return np.clip((first * second).sum(axis=-1) / size, -1.0, 1.0)


def _ranks(values: FloatArray) -> FloatArray:
    """Return mean ranks along the last axis."""
    return (values[..., None] > values[..., None, :]).sum(axis=-1) + (
        (values[..., None] == values[..., None, :]).sum(axis=-1) + 1
    ) / 2
