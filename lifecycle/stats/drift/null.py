"""How far does a column stray from its reference while nothing changes: limits learned from that.

The reference is compared with itself. Runs of neighbouring windows are drawn from its time steps
as they stand (a circular moving-block bootstrap, so autocorrelation and the days of a week
count), their deviations from the whole reference are widened by what a new window strays more
than one that helped to make the mean, and by a Student factor for how little is known of the
spread. The statistic of such a run is what a monitor would see without any change.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from lifecycle.errors import InsufficientData, InvalidInput
from lifecycle.stats.drift.signals import signal
from lifecycle.stats.drift.tables import Steps
from lifecycle.stats.summaries import (
    CategoryProfile,
    FloatArray,
    NumericProfile,
    Profile,
    merge,
)

FEWEST_WINDOWS = 6
"""A reference of fewer windows says too little of their spread; NannyML warns below it as well."""

FEWEST_INDEPENDENT = 3.0
"""Windows that hang together count less; below so many independent ones nothing is learned."""

RATE = 0.01
"""Share of windows in which a series may be in alarm without a change; a house default."""

DRAWS = 2000
"""Runs drawn: the share of a limit of 1 % is then known to a fifth of itself."""

DAYS_OF_A_MONTH = 30.44
"""365.25 days over twelve."""


@dataclass(frozen=True, slots=True, eq=False)
class Null:
    """A statistic over runs of consecutive windows in which nothing changed.

    Parameters
    ----------
    values
        Shape (draws, m + 1): a run holds the windows that a judgement looks back on, and the one
        before.
    windows, independent
        Windows the reference holds, and what they count for, given how they hang together.
    """

    values: FloatArray
    windows: float
    independent: float

    def limit(self, *, rate: float = RATE, k: int = 1) -> float:
        """Return the limit that k of the last m windows exceed only in that share of windows."""
        if not 0 < rate < 1:
            raise InvalidInput(f"a rate of false alarms must lie between 0 and 1, not {rate}")
        return float(np.quantile(self._kth(k)[:, 1], 1 - rate, method="higher"))

    def share(self, limit: float, *, k: int = 1) -> float:
        """Return the share of windows in alarm: k of the last m beyond the limit."""
        return float(np.mean(self._kth(k)[:, 1] > limit))

    def starts(self, limit: float, *, k: int = 1) -> float:
        """Return the share of windows in which an alarm begins; each is one false alarm."""
        alarm = self._kth(k) > limit
        return float(np.mean(alarm[:, 1] & ~alarm[:, 0]))

    def _kth(self, k: int) -> FloatArray:
        """Return the k-th largest value of the m windows before the last one, and up to it."""
        m = self.values.shape[1] - 1
        if not 1 <= k <= m:
            raise InvalidInput(f"{k} of {m} windows cannot be beyond a limit")
        sides = (self.values[:, :-1], self.values[:, 1:])
        return np.stack([np.sort(side, axis=1)[:, m - k] for side in sides], axis=1)


def reference_null(
    steps: Steps,
    *,
    statistic: str,
    width: int,
    m: int = 1,
    draws: int = DRAWS,
    rng: np.random.Generator,
) -> Null:
    """Learn what a statistic shows in windows in which nothing changed.

    Parameters
    ----------
    steps
        One profile per time step (day) of the reference in order of time, on the same bins;
        ``None`` for a step without rows.
    statistic
        One of `signals.LEARNABLE`.
    width
        Steps that make a window: 1, 7 or 30 for days.
    m
        Windows that a judgement looks back on.

    Raises
    ------
    InsufficientData
        The reference holds fewer than six windows, or they hang together so much that they count
        for fewer than three independent ones.
    InvalidInput
        There is no way to learn that statistic's limit.

    Notes
    -----
    Blocks of neighbouring windows: Künsch (1989), doi:10.1214/aos/1176347265; circular: Politis
    and Romano (1992). Independent windows are ``n (1 - r) / (1 + r)``, r the first
    autocorrelation with Kendall's correction of its bias (1954), ``r + (1 + 3 r) / n``, and its
    standard error, ``sqrt((1 - r^2) / n)``, on top of it, because it is an estimate as well.
    """
    held = [step for step in steps if step is not None and step.rows]
    windows = len(held) / width
    if windows < FEWEST_WINDOWS:
        raise InsufficientData(
            f"the reference holds {windows:.0f} windows; a limit is learned from at least "
            f"{FEWEST_WINDOWS}"
        )
    found = signal(steps, _total(held), statistic=statistic, width=width)
    strays = found.windows - found.centre
    alone = _independent(strays * found.weights, width=width, windows=windows)
    if alone < FEWEST_INDEPENDENT:
        raise InsufficientData(
            f"the {windows:.0f} windows of the reference hang together so much that they count "
            f"for {alone:.1f} independent ones; at least {FEWEST_INDEPENDENT:.0f} are needed"
        )
    drawn = _runs(strays, width=width, length=m + 1, draws=draws, rng=rng)
    widen = np.sqrt((alone + 1) / rng.chisquare(alone - 1, (draws, 1, 1)))
    return Null(found.formula(found.centre + widen * drawn), windows, alone)


def false_alarms_per_month(starts: Iterable[float], *, days: float) -> float:
    """Return how many false alarms a month to expect of several series.

    Parameters
    ----------
    starts
        Each series' share of windows in which an alarm begins, as `Null.starts` gives it.
    days
        Length of a window.
    """
    return sum(starts) * DAYS_OF_A_MONTH / days


def _total(held: Sequence[Profile]) -> Profile:
    numeric = [step for step in held if isinstance(step, NumericProfile)]
    if numeric:
        return merge(numeric)
    return merge([step for step in held if isinstance(step, CategoryProfile)])


def _independent(strays: FloatArray, *, width: int, windows: float) -> float:
    """Return how many independent windows the reference's windows count for.

    Directions in which the windows stray far weigh most: chance within windows, which knows no
    memory, must not hide a slow movement.
    """
    first, second = strays[:-width], strays[width:]
    both = np.isfinite(first[:, 0]) & np.isfinite(second[:, 0])
    if not both.any():
        return windows
    known = strays[np.isfinite(strays[:, 0])]
    spread = known.T @ known / len(known)
    together = first[both].T @ second[both] / int(both.sum())
    squares = float(np.sum(spread**2))
    if squares == 0:
        return windows
    r = float(np.sum(together * spread)) / squares
    r = min(r + (1 + 3 * r) / windows, 0.99)
    r = min(max(r + np.sqrt((1 - r * r) / windows), 0.0), 0.99)
    return windows * (1 - r) / (1 + r)


def _runs(
    strays: FloatArray, *, width: int, length: int, draws: int, rng: np.random.Generator
) -> FloatArray:
    """Draw runs of neighbouring windows: shape (draws, length, d)."""
    starts = np.arange(len(strays))[:, None] + width * np.arange(length)
    places = starts % len(strays)
    whole = places[np.isfinite(strays[:, 0])[places].all(axis=1)]
    if len(whole) == 0:
        raise InsufficientData(f"the reference has no {length} windows in a row that hold rows")
    return strays[whole[rng.integers(0, len(whole), draws)]]
