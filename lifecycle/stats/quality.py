"""Is a column of a window fit to be measured: values missing, outside, unseen or stuck."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from lifecycle.stats.inference import CONFIDENCE, Estimate, nothing, proportion, wilson
from lifecycle.stats.summaries import CategoryProfile, NumericProfile, Profile

NO_ROWS = "the window holds no rows"


def missing_share(
    reference: Profile, current: Profile, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate the share of rows without a usable value, 0 to 1, with Wilson's interval.

    Null, NaN and infinite values count as missing.
    """
    missing = current.rows - current.n
    return _share(missing, reference=reference, current=current, confidence=confidence)


def infinite_share(
    reference: NumericProfile, current: NumericProfile, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate the share of rows at plus or minus infinity, 0 to 1, with Wilson's interval."""
    return _share(current.infinite, reference=reference, current=current, confidence=confidence)


def out_of_range_share(
    reference: NumericProfile, current: NumericProfile, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate the share of rows below the reference's smallest or above its largest value.

    Returns
    -------
    Estimate
        0 to 1, with Wilson's interval. Rows are counted only where a whole bin lies outside; the
        rows of a bin that holds one of the two extremes may lie on either side of it, and their
        share is the resolution.
    """
    if reference.n == 0:
        reason = "the reference holds no usable values, so it has no range"
        return nothing(reason, n=current.rows, n_reference=reference.rows)
    lower = np.concatenate([[-np.inf], current.edges])
    upper = np.concatenate([current.edges, [np.inf]])
    above, below = lower >= reference.high, upper < reference.low
    sure = int(current.counts[above | below].sum())
    split = np.zeros(len(lower), dtype=bool)
    if current.high > reference.high:
        split |= (lower < reference.high) & (upper > reference.high)
    if current.low < reference.low:
        smallest = np.nextafter(lower, np.inf)  # a bin holds what lies above its lower edge
        split |= (smallest < reference.low) & (upper >= reference.low)
    unsure = int(current.counts[split].sum())
    found = _share(sure, reference=reference, current=current, confidence=confidence)
    if unsure == 0 or found.interval is None:
        return found
    _, high = wilson(sure + unsure, current.rows, confidence=confidence)
    return replace(found, interval=(found.interval[0], high), resolution=unsure / current.rows)


def unseen_category_share(
    reference: CategoryProfile, current: CategoryProfile, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate the share of rows with a value the reference never held, 0 to 1."""
    if reference.other:
        reason = "the reference holds more categories than are counted one by one"
        return Estimate(None, current.rows, n_reference=reference.rows, reason=reason)
    held = (c for c, n in zip(reference.categories, reference.counts, strict=True) if n)
    return outside_set_share(reference, current, allowed=frozenset(held), confidence=confidence)


def outside_set_share(
    reference: CategoryProfile,
    current: CategoryProfile,
    *,
    allowed: Collection[str],
    confidence: float = CONFIDENCE,
) -> Estimate:
    """Estimate the share of rows whose value is not allowed, 0 to 1.

    Values that the reference never held are not counted one by one. They lie outside when it held
    everything allowed; otherwise they may be among it, and their share is the resolution.
    """
    known = np.array([c in allowed for c in current.categories], dtype=bool)
    outside = int(current.counts[~known].sum())
    told = set(allowed) <= set(current.categories)
    found = _share(
        outside + (current.other if told else 0),
        reference=reference,
        current=current,
        confidence=confidence,
    )
    if told or current.other == 0 or found.value is None or found.interval is None:
        return found
    _, high = wilson(outside + current.other, current.rows, confidence=confidence)
    unsure = current.other / current.rows
    return replace(found, interval=(found.interval[0], high), resolution=unsure)


def stuck_value(
    reference: Profile, current: Profile, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Tell whether a column holds one single value: 1 if so, else 0.

    The p-value bounds the chance of that under no change: the reference's share of the bin the
    value lies in, to the power of the rows. Where the reference holds one single value itself,
    nothing speaks against chance, so the p-value is 1.
    """
    del confidence  # every statistic on two profiles is called alike
    if current.n == 0:
        reason = "the window holds no usable values"
        return nothing(reason, n=0, n_reference=reference.n)
    if reference.n == 0:
        reason = "the reference holds no usable values"
        return nothing(reason, n=current.n, n_reference=0)
    if not _constant(current):
        return Estimate(0.0, current.n, p_value=1.0, n_reference=reference.n)
    share = float(reference.counts[int(np.argmax(current.counts))]) / reference.n
    fixed = None if varies(reference) else "the reference holds one single value as well"
    return Estimate(1.0, current.n, p_value=share**current.n, n_reference=reference.n, reason=fixed)


def volume_change(usual: float, rows: int, *, confidence: float = CONFIDENCE) -> Estimate:
    """Measure how far the rows of a window lie from the usual number.

    Parameters
    ----------
    usual
        Rows that a window of this length usually holds, such as a median of windows.
    rows
        Rows of the window.

    Returns
    -------
    Estimate
        Share of the usual number, at least -1: -1 for a window without rows, 0 for the usual
        number, 1 for twice as many.
    """
    del confidence  # a count of all rows is no sample
    if usual <= 0:
        return nothing("no usual number of rows is known", n=rows)
    return Estimate(rows / usual - 1, rows, n_reference=round(usual))


def broken_share(broken: int, rows: int, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the share of rows that break a rule, 0 to 1."""
    return proportion(broken, rows, confidence=confidence, empty=NO_ROWS)


def age_in_hours(seconds: float, rows: int, *, confidence: float = CONFIDENCE) -> Estimate:
    """Return how old the newest of some rows is, in hours; below 0 when it lies in the future."""
    del confidence  # the newest of all rows is no sample
    return Estimate(seconds / 3_600, rows)


def columns_changed(changed: int, rows: int, *, confidence: float = CONFIDENCE) -> Estimate:
    """Count the columns that came, went or hold another type than before."""
    del confidence  # the columns of all files are no sample
    return Estimate(float(changed), rows)


def missing_periods(empty: int, periods: int, *, confidence: float = CONFIDENCE) -> Estimate:
    """Return the share of periods without a row, 0 to 1."""
    del confidence  # the periods of a window are no sample
    if periods == 0:
        return nothing("no period is over", n=0)
    return Estimate(empty / periods, periods)


def _share(rows: int, *, reference: Profile, current: Profile, confidence: float) -> Estimate:
    found = proportion(rows, current.rows, confidence=confidence, empty=NO_ROWS)
    return Estimate(
        found.value,
        found.n,
        found.interval,
        found.confidence,
        n_reference=reference.rows,
        reason=found.reason,
        insufficient=found.insufficient,
    )


def _constant(profile: Profile) -> bool:
    """Tell whether all usable values are surely the same; values outside the bins may differ."""
    if isinstance(profile, NumericProfile):
        return profile.low == profile.high
    return profile.other == 0 and int(np.count_nonzero(profile.counts)) == 1


def varies(reference: Profile) -> bool:
    """Tell whether a column holds at least two different usable values."""
    if isinstance(reference, CategoryProfile):
        held = int(np.count_nonzero(reference.counts)) + (reference.other > 0)
        return held > 1
    return reference.low < reference.high
