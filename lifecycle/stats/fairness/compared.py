"""What is known of one rate or mean in several groups, on the scale on which it is normal.

Source: Anscombe (1948), doi:10.1093/biomet/35.3-4.246, for the angular scale.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from lifecycle.stats.inference import FloatArray, Interval, normal_quantile, student_quantile
from lifecycle.stats.summaries import CountArray

BoolArray: TypeAlias = NDArray[np.bool_]

DRAWN = 0.25
"""Successes and failures added to every group, so that none has a rate of 0 or 1."""

FEW = 10
"""Successes or failures below which a group's rate is taken as a count instead of as normal."""

CERTAIN = 1e-6
"""Least share of the largest variance that a mean has; the integral needs a step to be a slope."""


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """One rate in several groups, ready to be moved.

    Parameters
    ----------
    rate
        Shape (groups,), the rates, drawn a little to the middle so that none is 0 or 1.
    root
        Shape (groups,), one over the standard error on the angular scale.
    reference
        Position of the group that the others are compared with; all pairs when ``None``.
    ratio
        Whether a gap is a ratio; it is then measured as minus its logarithm.
    below_only
        Whether gaps are only those of groups below the reference group: how far the lowest one
        lies under it, negative when all lie above.
    observations
        Shape (groups,), of which the rates are proportions, normal on the angular scale; ``None``
        for means, which are normal as they are, and ``rate`` is the mean.
    """

    rate: FloatArray
    root: FloatArray
    reference: int | None
    ratio: bool
    below_only: bool = False
    observations: FloatArray | None = None

    @property
    def angular(self) -> bool:
        """Whether rates are proportions."""
        return self.observations is not None

    @property
    def few(self) -> BoolArray:
        """Which groups have so few successes or failures that their rate is a count."""
        if self.observations is None:
            return np.zeros(len(self.rate), np.bool_)
        rarer = np.minimum(self.rate, 1 - self.rate) * (self.observations + 2 * DRAWN) - DRAWN
        return rarer < FEW - 0.5

    def weight(self, rate: FloatArray) -> FloatArray:
        """Return one over each group's variance if these were the true rates."""
        if not self.angular:
            return np.broadcast_to(self.root**2, np.shape(rate))
        return self.root**2 / (4 * rate * (1 - rate))

    @property
    def ends(self) -> Interval:
        """The lowest and the highest rate there can be."""
        return (0.0, 1.0) if self.angular else (-np.inf, np.inf)

    def scaled(self, rate: FloatArray) -> FloatArray:
        """Return rates on the scale on which they are normal."""
        return np.arcsin(np.sqrt(rate)) if self.angular else rate

    def unscaled(self, at: FloatArray) -> FloatArray:
        """Return the rates at points of that scale."""
        return np.sin(at) ** 2 if self.angular else at

    @property
    def pair(self) -> tuple[int, int]:
        """The groups that are farthest apart, the lower one first; of equals the least certain."""
        if self.reference is None:
            low, high = np.lexsort((self.root, self.rate)), np.lexsort((-self.root, self.rate))
            return int(low[0]), int(high[-1])
        if self.below_only:
            others = np.delete(np.arange(len(self.rate)), self.reference)
            order = np.lexsort((self.root[others], self.rate[others]))
            return int(others[order[0]]), self.reference
        scale = np.log(self.rate) if self.ratio else self.rate
        far = int(np.lexsort((-self.root, np.abs(scale - scale[self.reference])))[-1])
        below = self.rate[far] < self.rate[self.reference]
        return (far, self.reference) if below else (self.reference, far)

    @property
    def gap(self) -> float:
        """The widest gap."""
        low, high = (float(self.rate[at]) for at in self.pair)
        return float(np.log(high / low)) if self.ratio else high - low

    @property
    def error(self) -> float:
        """The standard error of the gap between the two groups that are farthest apart."""
        at = list(self.pair)
        spread = 1 / self.weight(self.rate)[at]
        return float(np.sqrt(np.sum(spread / self.rate[at] ** 2 if self.ratio else spread)))

    def above(self, rate: FloatArray, gap: FloatArray | float) -> FloatArray:
        """Return the rates that lie so far above."""
        return rate * np.exp(gap) if self.ratio else rate + gap

    def below(self, rate: FloatArray, gap: FloatArray | float) -> FloatArray:
        """Return the rates that lie so far below."""
        return rate * np.exp(-gap) if self.ratio else rate - gap


def groups(
    counts: CountArray, *, ratio: bool, reference: int | None = None, below_only: bool = False
) -> Groups:
    """Take successes and observations of each group, shape (groups, 2)."""
    successes, n = counts[:, 0].astype(np.float64), counts[:, 1].astype(np.float64)
    rate, root = (successes + DRAWN) / (n + 2 * DRAWN), 2 * np.sqrt(n + 0.5)
    return Groups(rate, root, reference, ratio, below_only=below_only, observations=n)


def means(
    mean: FloatArray,
    variance: FloatArray,
    n: CountArray,
    *,
    confidence: float,
    reference: int | None = None,
) -> Groups:
    """Take the means of the groups, their variances and observations; some variance is above 0.

    Notes
    -----
    The degrees of freedom are those of the sum of the means, by Welch (1947),
    doi:10.1093/biomet/34.1-2.28; between two groups that is Welch's interval. A group whose values
    do not vary is taken as nearly certain.
    """
    known = variance.sum() ** 2 / np.sum(variance**2 / (n - 1))
    wider = student_quantile(confidence, freedom=known) / normal_quantile(confidence)
    error = wider * np.sqrt(np.maximum(variance, variance.max() * CERTAIN))
    return Groups(mean, 1 / error, reference, ratio=False)
