"""Can sides be compared: counted on the same bins, and something on both; one window or many."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from lifecycle.errors import InvalidInput
from lifecycle.stats.inference import CONFIDENCE, Estimate, nothing
from lifecycle.stats.summaries import NumericProfile, Profile

Side = TypeVar("Side")


@dataclass(frozen=True, slots=True)
class OverWindows(Generic[Side]):
    """A measure of how far windows are from one reference; called with one window, of that one.

    Many windows at once cost little more than one, because the reference is looked at once and
    NumPy is asked for all of them together.

    Parameters
    ----------
    compute
        ``compute(reference, windows, confidence)``, an estimate per window; all sides hold values.
    size
        How many values of a side can be used.
    """

    compute: Callable[[Side, Sequence[Side], float], list[Estimate]]
    size: Callable[[Side], int]

    def __call__(
        self, reference: Side, current: Side, *, confidence: float = CONFIDENCE
    ) -> Estimate:
        """Measure one window."""
        return self.windows(reference, [current], confidence=confidence)[0]

    def windows(
        self, reference: Side, currents: Sequence[Side], *, confidence: float = CONFIDENCE
    ) -> list[Estimate]:
        """Measure each window, in order; one without usable values says so."""
        n = self.size(reference)
        empty = [empty_side(n, self.size(current)) for current in currents]
        held = [one for one, none in zip(currents, empty, strict=True) if none is None]
        found = iter(self.compute(reference, held, confidence) if held else [])
        return [next(found) if none is None else none for none in empty]


def empty_side(reference: int, current: int) -> Estimate | None:
    """Return the estimate that says so when a side holds no usable rows."""
    if reference == 0:
        return nothing("the reference holds no usable values", n=current, n_reference=reference)
    if current == 0:
        return nothing("the window holds no usable values", n=current, n_reference=reference)
    return None


def on_same_bins(reference: Profile, currents: Sequence[Profile]) -> None:
    """Refuse profiles that were not counted on the bins of the reference."""
    if not all(_same_bins(reference, current) for current in currents):
        raise InvalidInput("profiles counted on different bins cannot be compared")


def _same_bins(reference: Profile, current: Profile) -> bool:
    if isinstance(reference, NumericProfile):
        return isinstance(current, NumericProfile) and (
            reference.edges is current.edges or np.array_equal(reference.edges, current.edges)
        )
    return not isinstance(current, NumericProfile) and reference.categories == current.categories
