"""Trials that change the rows: noise, missing values, other categories, small steps."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from lifecycle.domain.model import Task
from lifecycle.errors import InvalidInput
from lifecycle.services.validation.bench import Bench, is_number, losses
from lifecycle.services.validation.comparing import NO_FILE, gain
from lifecycle.services.validation.settings import Direction
from lifecycle.services.validation.tried import Trial, Tried, failure, inapplicable
from lifecycle.stats.inference import FloatArray
from lifecycle.stats.validation import weak_spots
from lifecycle.stats.validation.weak_spots import Cut

UNSEEN = "never seen before"
TRIES, TRIED_ROWS = 20, 500
"""Random changes of each row, and most rows that are changed."""

STEPS = 10
LEAST_STEP = 1e-9
WORST = 5
"""How many slices are told, the worst first."""

BANDS = 4
MOST_NAMES = 30
"""Columns of more names are not searched for slices."""


def noise_loss(bench: Bench) -> Trial:
    """Add noise to every number."""
    if bench.model is None:
        yield inapplicable(NO_FILE)
    elif not bench.numeric:
        yield inapplicable("the model takes no numbers")
    else:
        rng, noisy = bench.rng, bench.rows.frame.copy()
        for name in bench.numeric:
            values = _floats(noisy[name])
            spread = float(np.nanstd(values)) if np.isfinite(values).any() else 0.0
            noisy[name] = values + rng.normal(0, bench.settings.noise * spread, len(values))
        yield _changed(bench, noisy)


def missing_loss(bench: Bench) -> Trial:
    """Empty one column after the other."""
    if bench.model is None:
        yield inapplicable(NO_FILE)
        return
    for name in bench.features:
        column = bench.rows.frame[name]
        empty = np.full(len(column), np.nan) if is_number(column) else [None] * len(column)
        kept = pd.Series(empty, dtype=float if is_number(column) else object)
        found = _changed(bench, bench.rows.frame.assign(**{name: kept}), column=name)
        if found.failed is not None:
            why = f"it takes no missing values, and none of these rows lacks any: {found.failed}"
            found = inapplicable(why, column=name)
        yield found


def category_loss(bench: Bench) -> Trial:
    """Deal categories out anew, and put one in their place that was never seen."""
    if bench.model is None:
        yield inapplicable(NO_FILE)
        return
    if not bench.categorical:
        yield inapplicable("the model takes no categories")
    for name in bench.categorical:
        column = bench.rows.frame[name]
        dealt = column.to_numpy()[bench.rng.permutation(len(column))]
        shuffled = pd.Series(dealt, index=column.index).astype(column.dtype)
        yield _changed(
            bench, bench.rows.frame.assign(**{name: shuffled}), column=name, values="dealt out anew"
        )
        if not pd.api.types.is_bool_dtype(column):
            unseen = pd.Series([UNSEEN] * len(column), index=column.index, dtype=object)
            given = bench.rows.frame.assign(**{name: unseen})
            yield _changed(bench, given, column=name, values=UNSEEN)


def worst_slice_gap(bench: Bench) -> Trial:
    """Search slices of one or two columns for the largest loss."""
    cuts, _ = _cuts(bench)
    found = weak_spots.worst_slice(
        losses(bench),
        cuts,
        minimum=bench.settings.smallest_slice,
        confidence=bench.confidence,
    )
    if not found:
        least = bench.settings.smallest_slice
        why = f"no slice has {least} rows and leaves {least} out"
        yield inapplicable(why)
    for one in found[:WORST]:
        yield Tried(one.estimate, slice=one.where)


def unsearched(bench: Bench) -> list[str]:
    """Say where slices were not searched for."""
    cuts, left = _cuts(bench)
    said = [f"not searched for weak slices: {', '.join(left)}"] if left else []
    if len(cuts) > weak_spots.PAIRED:
        said.append(
            f"not searched for weak slices: pairs beyond those of the {weak_spots.PAIRED} columns "
            f"that are weakest alone, of {len(cuts)} columns"
        )
    return said


def _cuts(bench: Bench) -> tuple[list[Cut], list[str]]:
    """Cut every column that slices are searched in, and name those that cannot be cut."""
    names = bench.settings.slices or tuple(dict.fromkeys((*bench.sensitive, *bench.features)))
    cuts: list[Cut] = []
    left: list[str] = []
    for name in names:
        found = _cut(bench.rows.frame[name]) if name in bench.rows.frame else "it is not there"
        if isinstance(found, Cut):
            cuts.append(found)
        else:
            left.append(f"{name} ({found})")
    return cuts, left


def flip_share(bench: Bench) -> Trial:
    """Look for a small change of the numbers that turns a decision."""
    if bench.model is None:
        yield inapplicable(NO_FILE)
        return
    if bench.task is Task.REGRESSION or not bench.numeric:
        yield inapplicable("there is no decision, or no number to change")
        return
    rng = bench.rng
    picked = np.sort(rng.permutation(len(bench.rows))[:TRIED_ROWS])
    frame = bench.rows.frame.iloc[picked].reset_index(drop=True)
    before = bench.decisions(bench.model.answers(frame))
    turned = np.zeros(len(frame), bool)
    reach = {name: _reach(bench, name) for name in bench.numeric}
    for _ in range(TRIES):
        moved = frame.copy()
        for name, (step, low, high) in reach.items():
            values = _floats(frame[name])
            moved[name] = np.clip(values + rng.uniform(-step, step, len(values)), low, high)
        turned |= bench.decisions(bench.model.answers(moved)) != before
    yield Tried(weak_spots.share(turned, confidence=bench.confidence))


def monotonicity_breaks(bench: Bench) -> Trial:
    """Move one column through its range and look for steps against the expected direction."""
    if bench.model is None:
        yield inapplicable(NO_FILE)
        return
    if bench.task is Task.CLASSES or (bench.task is Task.BINARY and not bench.scored):
        yield inapplicable("classes have no direction")
        return
    if not bench.settings.monotone:
        yield inapplicable("the plan expects no direction: name columns in validation.monotone")
    for name, direction in bench.settings.monotone.items():
        if name not in bench.numeric:
            yield inapplicable(f"{name} is no number that the model takes", column=name)
            continue
        hits = np.logical_or.reduce(list(_against(bench, name, direction)))
        yield Tried(weak_spots.share(hits, confidence=bench.confidence), column=name)


def _against(bench: Bench, name: str, direction: Direction) -> Iterator[np.ndarray]:
    """Tell for every step of a column which rows' answers move the wrong way."""
    assert bench.model is not None  # noqa: S101 -- asked before
    frame = bench.rows.frame.head(TRIED_ROWS)
    grid = np.nanquantile(_floats(bench.rows.frame[name]), np.linspace(0.05, 0.95, STEPS))
    sign = 1.0 if direction is Direction.INCREASING else -1.0
    before = None
    for value in grid:
        given = frame.assign(**{name: np.full(len(frame), value)})
        now = np.asarray(bench.model.answers(given), np.float64)
        if before is not None:
            yield sign * (now - before) < -LEAST_STEP
        before = now


def _changed(
    bench: Bench, frame: pd.DataFrame, *, column: str | None = None, **where: str
) -> Tried:
    """Measure what is lost on changed rows; a model that raises there is an error."""
    assert bench.model is not None  # noqa: S101 -- asked before
    try:
        answers = bench.model.answers(frame)
    except InvalidInput as error:
        return failure(str(error), column=column, **where)
    return Tried(gain(bench, bench.answers, answers).estimate, column=column, slice=where)


def _reach(bench: Bench, name: str) -> tuple[float, float, float]:
    """Return a column's largest step and the range it stays in."""
    source = bench.rows if bench.training is None else bench.training
    values = _floats(source.frame[name])
    low, lower, upper, high = np.nanquantile(values, (0.0, 0.25, 0.75, 1.0))
    spread = upper - lower if upper > lower else float(np.nanstd(values))
    return bench.settings.step * float(spread), float(low), float(high)


def _cut(column: Any) -> Cut | str:
    """Cut a column into its values, numbers into quarters; or say why it cannot be cut."""
    if is_number(column) and column.nunique() > BANDS:
        bands: Any = pd.qcut(column, BANDS, duplicates="drop")
        codes, names = bands.cat.codes.to_numpy(), [_band(b) for b in bands.cat.categories]
    else:
        shown = column.astype(object).where(column.notna(), None)
        codes, uniques = pd.factorize(shown.map(lambda v: None if v is None else str(v)), sort=True)
        names = [str(name) for name in uniques]
    if len(names) > MOST_NAMES:
        return f"{len(names)} different names"
    if len(names) + bool((codes < 0).any()) < 2:  # noqa: PLR2004 -- one value cuts nothing
        return "one value"
    coded = np.where(codes < 0, len(names), codes).astype(np.int64)
    return Cut(str(column.name), coded, (*names, "missing"))


def _band(interval: Any) -> str:
    return f"above {interval.left:.4g} to {interval.right:.4g}"


def _floats(column: Any) -> FloatArray:
    return column.to_numpy(dtype=float, na_value=np.nan)
