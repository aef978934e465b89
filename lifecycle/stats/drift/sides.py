"""Can two sides be compared: counted on the same bins, and something on both."""

import numpy as np

from lifecycle.errors import InvalidInput
from lifecycle.stats.inference import Estimate, nothing
from lifecycle.stats.summaries import NumericProfile, Profile


def empty_side(reference: int, current: int) -> Estimate | None:
    """Return the estimate that says so when a side holds no usable rows."""
    if reference == 0:
        return nothing("the reference holds no usable values", n=current, n_reference=reference)
    if current == 0:
        return nothing("the window holds no usable values", n=current, n_reference=reference)
    return None


def on_same_bins(reference: Profile, current: Profile) -> None:
    """Refuse two profiles that were not counted on the same bins."""
    if isinstance(reference, NumericProfile):
        same = isinstance(current, NumericProfile) and np.array_equal(
            reference.edges, current.edges
        )
    else:
        same = not isinstance(current, NumericProfile) and (
            reference.categories == current.categories
        )
    if not same:
        raise InvalidInput("profiles counted on different bins cannot be compared")
