"""How far apart two ascending samples are, exactly: without going through all their points."""

from dataclasses import dataclass

import numpy as np

from lifecycle.stats.summaries import CountArray, FloatArray

STRETCH = 1.0
"""Current values between two knots, in fourth roots of their number: chance makes functions of m
values stray by the root of m of them, so that about as many knots as points inside are looked at.
"""


def largest_gap(reference: FloatArray, current: FloatArray) -> float:
    """Return the largest difference of two samples' distribution functions.

    What they are at the ends of a stretch bounds their difference inside it; few stretches can
    hold the largest one, and only in those the points are looked at.
    """
    n, m = len(reference), len(current)
    _, f, g = _at_knots(reference, current)
    before, now = f / n, g / m
    largest = float(np.max(np.abs(before - now)))
    most = np.maximum(before[1:] - now[:-1], now[1:] - before[:-1])
    at = np.flatnonzero(np.repeat(most > largest, np.diff(g))) + g[0]
    points = current[at]
    # Just below the first of equal values so many lie as come before it; at the last, one more.
    first = (at == 0) | (current[at - 1] != points)
    last = (at == m - 1) | (current[np.minimum(at + 1, m - 1)] != points)
    below = np.searchsorted(reference, points[first], "left") / n - at[first] / m
    upto = np.searchsorted(reference, points[last], "right") / n - (at[last] + 1) / m
    return float(max(largest, *(np.max(np.abs(gaps), initial=0.0) for gaps in (below, upto))))


@dataclass(frozen=True, slots=True, eq=False)
class Summed:
    """An ascending sample, and how far its values lie from their median, added up from there.

    Parameters
    ----------
    values
        Shape (n,), finite, at least one.
    sums
        Shape (n + 1,); the difference of two adds up the values between two positions. They grow
        away from the median, so that they are rounded least where most values lie.
    """

    values: FloatArray
    sums: FloatArray
    median: float

    @classmethod
    def of(cls, values: FloatArray) -> "Summed":
        """Add up an ascending sample."""
        middle, sums = len(values) // 2, np.empty(len(values) + 1)
        before, after = sums[:middle][::-1], sums[middle + 1 :]
        np.subtract(values[middle], values[:middle][::-1], out=before)
        np.subtract(values[middle:], values[middle], out=after)
        for side in (before, after):
            np.cumsum(side, out=side)
        sums[middle] = 0.0
        return cls(values, sums, float(values[middle]))

    def above(self, at: CountArray, points: FloatArray) -> FloatArray:
        """Return how far the values between points lie above the lower one, in all.

        Parameters
        ----------
        at
            Shape (k,), how many values lie at or below each point.
        points
            Shape (k,), ascending.
        """
        return np.diff(self.sums[at]) - np.diff(at) * (points[:-1] - self.median)


def area_between(reference: Summed, current: Summed) -> float:
    """Return the area between two samples' distribution functions.

    Between knots where one function stays above the other the area follows from sums of the
    values; only where they may cross the current points are gone through.
    """
    n, m = len(reference.values), len(current.values)
    knots, f, g = _at_knots(reference.values, current.values)
    width = np.diff(knots)
    below = f[1:] / n * width - reference.above(f, knots) / n
    below -= g[1:] / m * width - current.above(g, knots) / m
    crossing = (f[1:] * m > g[:-1] * n) & (g[1:] * n > f[:-1] * m) & (width > 0)
    within = current.values[g[0] : g[-1]][np.repeat(crossing, np.diff(g))]
    points = np.concatenate([knots[:-1][crossing], knots[1:][crossing], within])
    points.sort()
    inside = crossing[np.searchsorted(knots[:-1], points[:-1], "right") - 1]
    areas = _areas_beside_steps(reference, current, points)
    return float(np.sum(np.abs(below[~crossing])) + np.sum(areas[inside]))


def _areas_beside_steps(reference: Summed, current: Summed, points: FloatArray) -> FloatArray:
    """Return the area between two distribution functions from each point to the next.

    Between two points lies no current value, so that the function of the current ones is flat
    there. The other one only rises, and crosses it where it has as large a share of its values.
    """
    n, m = len(reference.values), len(current.values)
    at = np.searchsorted(reference.values, points, "right")
    flat = np.searchsorted(current.values, points[:-1], "right") * n
    share = -(-flat // m)
    place = np.clip(reference.values[np.maximum(share, 1) - 1], points[:-1], points[1:])
    crossed = np.clip(share, at[:-1], at[1:])
    below = (flat / m - at[:-1]) * (place - points[:-1])
    below -= _rises(reference, at[:-1], crossed, place)
    above = (crossed - flat / m) * (points[1:] - place)
    above += _rises(reference, crossed, at[1:], points[1:])
    return (np.maximum(below, 0.0) + np.maximum(above, 0.0)) / n


def _rises(side: Summed, low: CountArray, high: CountArray, ends: FloatArray) -> FloatArray:
    """Return how far the values between two positions lie below an end, in all."""
    return (high - low) * (ends - side.median) - (side.sums[high] - side.sums[low])


def _at_knots(
    reference: FloatArray, current: FloatArray
) -> tuple[FloatArray, CountArray, CountArray]:
    """Return evenly many current points with both extremes, and the values up to each."""
    ends = min(reference[0], current[0]), max(reference[-1], current[-1])
    every = max(1, int(STRETCH * len(current) ** 0.25))
    knots = np.unique(np.concatenate([ends, current[::every]]))
    f, g = (np.searchsorted(side, knots, "right") for side in (reference, current))
    return knots, f, g
