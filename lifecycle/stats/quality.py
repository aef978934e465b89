"""Is a column of a window fit to be measured: values missing, or one value stuck."""

import numpy as np

from lifecycle.stats.inference import CONFIDENCE, Estimate, nothing, proportion
from lifecycle.stats.summaries import CategoryProfile, NumericProfile, Profile


def missing_share(
    reference: Profile, current: Profile, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate the share of rows without a usable value, 0 to 1, with Wilson's interval.

    Null, NaN and infinite values count as missing.
    """
    found = proportion(
        current.rows - current.n,
        current.rows,
        confidence=confidence,
        empty="the window holds no rows",
    )
    return Estimate(
        found.value,
        found.n,
        found.interval,
        found.confidence,
        n_reference=reference.rows,
        reason=found.reason,
        insufficient=found.insufficient,
    )


def stuck_value(
    reference: Profile, current: Profile, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Tell whether a column that varies in the reference holds one single value: 1 if so, else 0.

    The p-value bounds the chance of that under no change: the reference's share of the bin the
    value lies in, to the power of the rows.
    """
    del confidence  # every statistic on two profiles is called alike
    if not _varies(reference):
        reason = "the reference does not vary either"
        return Estimate(None, current.n, n_reference=reference.n, reason=reason)
    if current.n == 0:
        reason = "the window holds no usable values"
        return nothing(reason, n=0, n_reference=reference.n)
    if not _constant(current):
        return Estimate(0.0, current.n, p_value=1.0, n_reference=reference.n)
    share = float(reference.counts[int(np.argmax(current.counts))]) / reference.n
    return Estimate(1.0, current.n, p_value=share**current.n, n_reference=reference.n)


def _constant(profile: Profile) -> bool:
    """Tell whether all usable values are surely the same; values outside the bins may differ."""
    if isinstance(profile, NumericProfile):
        return profile.low == profile.high
    return profile.other == 0 and int(np.count_nonzero(profile.counts)) == 1


def _varies(reference: Profile) -> bool:
    if isinstance(reference, CategoryProfile):
        held = int(np.count_nonzero(reference.counts)) + (reference.other > 0)
        return held > 1
    return reference.low < reference.high
