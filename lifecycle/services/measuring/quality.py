"""Is each column fit to be measured in this window, and does it hold as many rows as usual."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf

from lifecycle.domain.expectation import Check, Expectation
from lifecycle.domain.measurement import Measurement, State
from lifecycle.services.analysis import house
from lifecycle.services.analysis.result import Draft, finish
from lifecycle.services.measuring.watch import (
    ALL_ROWS,
    Counts,
    Layout,
    Volume,
    Watch,
    enough,
    softened,
)
from lifecycle.stats import catalogue, counting, quality
from lifecycle.stats.inference import Estimate
from lifecycle.stats.summaries import CategoryProfile, NumericProfile, Profile

REPORTED: Mapping[Check, str] = {
    Check.MISSING: "missing_share",
    Check.FINITE: "infinite_share",
    Check.RANGE: "out_of_range_share",
    Check.SET: "unseen_category_share",
    Check.STUCK: "stuck_value",
    Check.SKEW: "training_serving_skew",
    Check.SCHEMA: "columns_changed",
    Check.VOLUME: "volume_change",
}
"""In which statistic of a window an expectation that summaries can answer is judged."""

EMPTY = "nothing"
"""The kind of a column without any value: it may be of every type."""

_Expected = Mapping[tuple[str | None, str], Expectation]


def measure(watch: Watch, counts: Counts) -> Sequence[Measurement]:
    """Tell whether each column and the number of rows are fit for use.

    The house asks the same of every column; an expectation sets another limit or severity.
    """
    asked = (e for e in watch.monitor.expectations if e.check in REPORTED)
    expected = {(e.column, REPORTED[e.check]): e for e in asked}
    drafts = [
        _drafted(watch, draft, expected=expected)
        for column, reference, current, note in _columns(watch, counts)
        for draft in _asked(column, reference, current, counts=counts, note=note, expected=expected)
    ]
    drafts += [*_skew(watch, counts), *_schema(watch, counts)]
    measured, _ = finish(drafts, alpha=house.CHANCE)
    found = [_severe(softened(m), expected=expected) for m in measured]
    return [*_volume(watch, counts, expected=expected), *found]


def _columns(watch: Watch, counts: Counts) -> Iterator[tuple[str, Profile, Profile, str | None]]:
    """Pair each column with its reference; rows logged without the column are missing values."""
    held = counts.profiles.get(ALL_ROWS, {})
    rows = max((profile.rows for profile in held.values()), default=0)
    for column, reference in watch.references.get(ALL_ROWS, {}).items():
        current = held.get(column)
        if column in watch.monitor.service_columns:
            continue
        absent = rows - (0 if current is None else current.rows)
        if current is None and not rows:
            continue
        note = f"{absent} of {rows} rows were logged without the column" if absent else None
        known = _empty(reference) if current is None else current
        if absent:
            known = replace(known, missing=known.missing + absent)
        yield column, reference, known, note


def _empty(reference: Profile) -> Profile:
    """Return the summary of no rows on a reference's bins."""
    if isinstance(reference, CategoryProfile):
        return counting.category_profile([], categories=reference.categories)
    return counting.numeric_profile([], edges=reference.edges)


def _asked(
    column: str,
    reference: Profile,
    current: Profile,
    *,
    counts: Counts,
    note: str | None,
    expected: _Expected,
) -> Iterator[Draft]:
    """Ask what the house asks, within the bounds that are expected."""
    for draft in house.window_drafts(reference, current, column=column, window=counts.window):
        bounds = expected.get((column, draft.statistic.name))
        estimate = _within(draft, reference, current, bounds=bounds)
        if note and draft.statistic.name == "missing_share":
            estimate = replace(estimate, reason=note)
        yield draft if estimate is draft.estimate else replace(draft, estimate=estimate)


def _within(
    draft: Draft, reference: Profile, current: Profile, *, bounds: Expectation | None
) -> Estimate:
    """Measure range and set within the bounds that are expected, if there are any."""
    name = draft.statistic.name
    if isinstance(reference, NumericProfile) and isinstance(current, NumericProfile):
        outside = name == "out_of_range_share"
        return _range(reference, current, bounds=bounds) if outside else draft.estimate
    if bounds is None or name != "unseen_category_share":
        return draft.estimate
    if isinstance(reference, CategoryProfile) and isinstance(current, CategoryProfile):
        return quality.outside_set_share(reference, current, allowed=bounds.values)
    return draft.estimate


def _range(
    reference: NumericProfile, current: NumericProfile, *, bounds: Expectation | None
) -> Estimate:
    """Measure the share outside the reference's range, or outside the one that is expected."""
    if bounds is not None:
        low = -inf if bounds.low is None else bounds.low
        high = inf if bounds.high is None else bounds.high
        reference = replace(reference, low=low, high=high)
    found = quality.out_of_range_share(reference, current)
    if current.n == 0 or (current.low >= reference.low and current.high <= reference.high):
        return found
    said = (
        f"values from {current.low:g} to {current.high:g}, expected {reference.low:g} to "
        f"{reference.high:g}"
    )
    return replace(found, reason=said)


def _skew(watch: Watch, counts: Counts) -> Iterator[Draft]:
    """Measure how far columns lie from what the model was made with, where that is asked."""
    statistic, held = catalogue.get("training_serving_skew"), counts.profiles.get(ALL_ROWS, {})
    for wish in watch.monitor.expectations:
        if wish.check is not Check.SKEW or wish.column is None or not held:
            continue
        reference, current = watch.trained.get(wish.column), held.get(wish.column)
        if reference is None or current is None:
            side = "the reference" if reference is None else "this window"
            estimate = Estimate(None, 0, reason=f"nothing was counted of the column in {side}")
        else:
            estimate = statistic.measure(reference, current)
        yield Draft(
            statistic,
            enough(estimate, rows=estimate.n, minimum=watch.monitor.minimum),
            column=wish.column,
            window=counts.window,
            limit=watch.monitor.limit(statistic.name, column=wish.column, otherwise=wish.limit),
        )


def _schema(watch: Watch, counts: Counts) -> Iterator[Draft]:
    """Count the columns that came, went or changed their type, where that is asked."""
    statistic, layout = catalogue.get("columns_changed"), counts.layout
    wish = next((e for e in watch.monitor.expectations if e.check is Check.SCHEMA), None)
    if wish is None or layout is None or counts.volume is None or counts.volume.rows == 0:
        return
    said = _changes(layout, expected=wish.values)
    estimate = statistic.measure(sum(map(len, said.values())), counts.volume.rows)
    told = "; ".join(f"{what}: {', '.join(names)}" for what, names in said.items() if names)
    yield Draft(
        statistic,
        replace(estimate, reason=told or None),
        window=counts.window,
        limit=watch.monitor.limit(statistic.name, column=None, otherwise=wish.limit),
        minimum=0,
    )


def _changes(layout: Layout, *, expected: Sequence[str]) -> dict[str, list[str]]:
    """Name the columns that some file of a window lacks, brought, or holds otherwise."""
    seen = dict.fromkeys(name for held in layout.held for name in held)
    kinds = {name: {held[name] for held in layout.held if name in held} for name in seen}
    retyped = {
        name: sorted(kinds[name] - {layout.first[name], EMPTY})
        for name in seen
        if layout.first.get(name, EMPTY) != EMPTY
    }
    return {
        "gone": [name for name in expected if any(name not in held for held in layout.held)],
        "new": [name for name in seen if name not in {*expected, *layout.first}],
        "other type": [
            f"{name} from {layout.first[name]} to {' and '.join(now)}"
            for name, now in retyped.items()
            if now
        ],
    }


def _drafted(watch: Watch, draft: Draft, *, expected: _Expected) -> Draft:
    """Set the limit and keep a window of too few rows from being judged."""
    monitor, name = watch.monitor, draft.statistic.name
    wish = expected.get((draft.column, name))
    limit = draft.limit if wish is None or wish.check is Check.STUCK else wish.limit
    return replace(
        draft,
        estimate=enough(draft.estimate, rows=draft.estimate.n, minimum=monitor.minimum),
        limit=monitor.limit(name, column=draft.column, otherwise=limit),
    )


def _severe(measured: Measurement, *, expected: _Expected) -> Measurement:
    wish = expected.get((measured.column, measured.statistic))
    if wish is None or measured.state is not State.BREACH:
        return measured
    return replace(measured, state=wish.severity.state)


def _volume(watch: Watch, counts: Counts, *, expected: _Expected) -> list[Measurement]:
    """Compare the number of rows with what is usual, or with what is expected."""
    volume, statistic = counts.volume, catalogue.get("volume_change")
    if volume is None:
        return []
    estimate = statistic.measure(volume.usual or 0.0, volume.rows)
    if not volume.over:
        reason = "the log ends before the window does: rows may still come"
        estimate = replace(estimate, reason=reason, insufficient=True)
    limit = watch.monitor.limit(statistic.name, column=None, otherwise=statistic.limit)
    draft = Draft(statistic, estimate, window=counts.window, limit=limit, minimum=0)
    measured, _ = finish([draft])
    wish = expected.get((None, statistic.name))
    return [m if wish is None else _bounded(m, volume, wish=wish) for m in measured]


def _bounded(measured: Measurement, volume: Volume, *, wish: Expectation) -> Measurement:
    """Judge the number of rows by the bounds that are expected instead of by what is usual."""
    few = wish.low is not None and volume.rows < wish.low and volume.over
    many = wish.high is not None and volume.rows > wish.high
    if not (few or many):
        kept = {State.BREACH: State.OK}.get(measured.state, measured.state)
        return replace(measured, state=kept)
    side = f"fewer than {wish.low:g}" if few else f"more than {wish.high:g}"
    reason = f"{volume.rows} rows, {side} expected"
    return replace(measured, state=wish.severity.state, reason=reason)
