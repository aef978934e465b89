"""Which rows make a column drift: the share of its movement that each slice brings.

The change of a bin's share is the sum over the slices of an attribute of what each of them changed:
because its own rows moved, or because there are more or fewer of them. Counted in the direction in
which the column moved, the parts of all slices add up to the whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lifecycle.stats.drift.counts import chi_squared_statistic
from lifecycle.stats.drift.distances import total_variation
from lifecycle.stats.drift.tables import bin_matrix
from lifecycle.stats.inference import FloatArray, benjamini_hochberg, chi_squared_p_value
from lifecycle.stats.summaries import Profile

MINIMUM = 100
"""Rows of each side below which a slice's part is not judged; a house default."""

Slice = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one slice adds to a column's movement.

    Parameters
    ----------
    share
        Of the column's total variation; the slices of an attribute add up to 1, and a slice that
        moves against the rest has a negative share.
    within, size
        The two parts of it: its own rows moved, and there are more or fewer of them.
    distance
        Total variation between the slice's own rows, 0 to 1.
    n_reference, n
        Rows of the slice.
    of_rows
        The window's share of rows that the slice holds: what it would bring if all moved alike.
    p_adjusted
        Of Pearson's test that the slice's own rows did not move, corrected by Benjamini and
        Hochberg over all slices given; ``None`` where there are too few rows to ask.
    """

    slice: Slice
    share: float
    within: float
    size: float
    distance: float | None
    n_reference: int
    n: int
    of_rows: float
    p_adjusted: float | None

    @property
    def insufficient(self) -> bool:
        """Whether the slice holds too few rows to be judged."""
        return self.p_adjusted is None


def contributions(
    whole: tuple[Profile, Profile],
    parts: Sequence[tuple[Slice, Profile, Profile]],
    *,
    minimum: int = MINIMUM,
) -> list[Contribution]:
    """Rank slices by their share in a column's movement, the largest first.

    Parameters
    ----------
    whole
        The column's profiles in the reference and in the window, of all rows.
    parts
        The same of each slice, on the same bins. Slices of several attributes may stand side by
        side; each attribute is a partition of its own.
    """
    before, now = whole
    sides = [before, now, *(b for _, b, _ in parts), *(n for _, _, n in parts)]
    counted = bin_matrix(sides, before)
    first, second = counted[2 : 2 + len(parts)], counted[2 + len(parts) :]
    totals = counted[:2].sum(axis=1)
    if totals.min() == 0:
        return []
    p, q = counted[0] / totals[0], counted[1] / totals[1]
    moved, direction = float(np.abs(q - p).sum()), np.sign(q - p)
    chances = _chances(first, second, minimum=minimum)
    found = [
        _contribution(part[0], b, n, totals=totals, direction=direction, moved=moved, chance=chance)
        for part, b, n, chance in zip(parts, first, second, chances, strict=True)
    ]
    return sorted(found, key=lambda c: (c.insufficient, -c.share))


def _contribution(
    name: Slice,
    before: FloatArray,
    now: FloatArray,
    *,
    totals: FloatArray,
    direction: FloatArray,
    moved: float,
    chance: float | None,
) -> Contribution:
    n, m = float(before.sum()), float(now.sum())
    share = float(direction @ (now / totals[1] - before / totals[0])) / moved if moved else 0.0
    within, distance = 0.0, None
    if n and m:
        p, q = before / n, now / m
        within = float(direction @ (q - p)) * m / totals[1] / moved if moved else 0.0
        distance = float(total_variation(p, q))
    size, held = share - within, m / float(totals[1])
    return Contribution(name, share, within, size, distance, int(n), int(m), held, chance)


def _chances(first: FloatArray, second: FloatArray, *, minimum: int) -> list[float | None]:
    """Test every slice that is large enough on both sides, and correct for how many there are."""
    asked = np.minimum(first.sum(axis=1), second.sum(axis=1)) >= minimum
    corrected = benjamini_hochberg(
        [_chance(b, n) for b, n in zip(first[asked], second[asked], strict=True)]
    )
    places = np.cumsum(asked) - 1
    return [corrected[place] if known else None for known, place in zip(asked, places, strict=True)]


def _chance(before: FloatArray, now: FloatArray) -> float:
    held = (before + now) > 0
    statistic = chi_squared_statistic(before[held], now[held])
    return chi_squared_p_value(statistic, freedom=int(held.sum()) - 1)
