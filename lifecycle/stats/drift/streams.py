"""When did a stream of errors change its level: the cumulative sum control chart."""

from math import sqrt

import numpy as np

from lifecycle.errors import InvalidInput
from lifecycle.stats.inference import FloatArray

WARM_UP = 500
"""Observations that a level is learned from, at the start and after each change."""

SLACK = 0.25
"""Half the shift to be found, in standard deviations: half a deviation; Page's usual choice."""

DECISION = 20.0
"""Standard deviations to add up before a change is called. Errors hang together more than the
textbook's independent ones, whose usual 8 would call a change every few thousand rows."""


def cusum(
    values: FloatArray,
    *,
    warm_up: int = WARM_UP,
    slack: float = SLACK,
    decision: float = DECISION,
) -> list[int]:
    """Find the observations at which a stream has risen or fallen from its level.

    Parameters
    ----------
    values
        Shape (n,), in order of time, such as 0 for a right answer and 1 for a wrong one.
    slack, decision
        In standard deviations of the level's own observations.

    Returns
    -------
    list of int
        Positions at which a change was called; the level is then learned anew from what follows.

    Raises
    ------
    InvalidInput
        Fewer than two observations to learn a level from.

    Notes
    -----
    Two-sided: ``S+ = max(0, S+ + z - slack)``, ``S- = max(0, S- - z - slack)``; a change is called
    when either exceeds ``decision``. Source: Page (1954), doi:10.1093/biomet/41.1-2.100.
    """
    if warm_up < 2:  # noqa: PLR2004 -- a deviation needs two observations
        raise InvalidInput(f"a level is learned from at least 2 observations, not {warm_up}")
    changes: list[int] = []
    start = 0
    while start + warm_up < len(values):
        level = values[start : start + warm_up]
        # A level without errors still knows little: as if one observation had been the other way.
        spread = float(level.std(ddof=1)) or 1 / sqrt(warm_up)
        away = (values[start + warm_up :] - float(level.mean())) / spread
        hit = _first_beyond(away, slack=slack, decision=decision)
        if hit is None:
            break
        start += warm_up + hit
        changes.append(start)
    return changes


def _first_beyond(away: FloatArray, *, slack: float, decision: float) -> int | None:
    """Return the first place where a one-sided sum exceeds the decision.

    A sum kept from falling below 0 is how far the plain sum stands above its lowest point so far.
    """
    hits: list[int] = []
    for steps in (away - slack, -away - slack):
        total = np.cumsum(steps)
        risen = total - np.minimum(np.minimum.accumulate(total), 0.0)
        beyond = np.flatnonzero(risen > decision)
        hits += beyond[:1].tolist()
    return min(hits, default=None)
