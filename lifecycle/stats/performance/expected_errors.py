"""How large are a regression's errors while no outcome is known: from expected sizes of errors.

A model of the error's size, learned on the reference, expects a size of each row; a window's
estimate is their mean. It only says more than the reference's own mean when the model has skill on
rows it never saw, which is tested; without skill there is no estimate. As with classifiers, it
sees a change in the mix of rows and not in what the columns mean.

Source: direct loss estimation, the idea of NannyML's estimator of that name.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from lifecycle.stats.inference import (
    CONFIDENCE,
    Estimate,
    FloatArray,
    Interval,
    bounded,
    normal_quantile,
    nothing,
)

PARTS = 5
"""Parts of the reference in row order, each expected by a model that never saw it."""

FEWEST_ROWS = 500
"""Rows from which the size of an error can be learned; a house default."""

CERTAIN = 0.01
"""A model has skill when chance would give it that much less often than this."""


@dataclass(frozen=True, slots=True)
class Skill:
    """What a model of the error's size is worth on rows it never saw.

    Parameters
    ----------
    explained
        Share of the variance of the size explained; 0 for the mean of all rows.
    z
        How many standard errors the gain over that mean lies above 0.
    noise
        Sum of ``(size - expected)^2`` over the sum of ``expected^2``: how far single errors stray.
    drift
        Variance of a part's mean error of expectation, relative to its expected mean, beyond what
        single errors explain: what the model gets wrong about a whole stretch of rows.
    n
        Rows behind it.
    """

    explained: float
    z: float
    noise: float
    drift: float
    n: int

    @property
    def enough(self) -> bool:
        """Whether the model tells rows of large errors from rows of small ones."""
        return self.explained > 0 and self.z > normal_quantile(1 - 2 * CERTAIN)


def skill(sizes: FloatArray, expected: FloatArray) -> Skill:
    """Measure the skill of expected sizes of errors on rows whose errors are known.

    Parameters
    ----------
    sizes, expected
        Shape (n,), in row order: the size each row's error has and the one expected of it.
    """
    mean = float(sizes.mean())
    gain = (sizes - mean) ** 2 - (sizes - expected) ** 2
    total = float(np.sum((sizes - mean) ** 2))
    spread = float(gain.std(ddof=1)) / sqrt(len(gain))
    squares = float(np.sum(expected**2))
    noise = float(np.sum((sizes - expected) ** 2)) / squares if squares > 0 else 0.0
    part = np.arange(len(sizes)) * PARTS // len(sizes)
    rows = np.bincount(part, minlength=PARTS)
    means, off = (
        np.bincount(part, weights=values, minlength=PARTS) / rows
        for values in (expected, expected - sizes)
    )
    own = noise * np.bincount(part, weights=expected**2, minlength=PARTS) / rows**2
    scale = np.maximum(means, 1e-12)
    drift = float(np.mean((off**2 - own) / scale**2))
    return Skill(
        explained=float(np.sum(gain)) / total if total > 0 else 0.0,
        z=float(gain.mean()) / spread if spread > 0 else 0.0,
        noise=noise,
        drift=max(drift, 0.0),
        n=len(sizes),
    )


def mean_size(expected: FloatArray, *, known: Skill, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate a window's mean size of errors.

    The interval covers what is realised in a window of that size: single errors stray from what
    is expected of them, the model would differ had a part of the reference been another (the
    jackknife over its parts), and it is off for a whole stretch of rows.

    Parameters
    ----------
    expected
        Shape (parts, n), what each part's model expects of each row.
    """
    parts, n = expected.shape
    if n == 0:
        return nothing("no row has a prediction")
    each = expected.mean(axis=0)
    means = expected.mean(axis=1)
    value = float(each.mean())
    single = known.noise * float(np.sum(each**2)) / n**2
    learned = (parts - 1) / parts * float(np.sum((means - value) ** 2))
    error = sqrt(single + learned + known.drift * value**2)
    half = normal_quantile(confidence) * error
    interval: Interval | None = (max(value - half, 0.0), value + half) if half > 0 else None
    return bounded(value, n=n, interval=interval, confidence=confidence)


def root_mean_square(
    expected: FloatArray, *, known: Skill, confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate a window's root mean squared error from expected squared errors."""
    found = mean_size(expected, known=known, confidence=confidence)
    if found.value is None:
        return found
    interval = None
    if found.interval is not None:
        interval = sqrt(found.interval[0]), sqrt(found.interval[1])
    return bounded(sqrt(found.value), n=found.n, interval=interval, confidence=confidence)
