"""What would have to be different for another answer: a search among cases that occurred.

Cases that got such an answer are the starting points; what they share with the row is put back
column by column, and numbers are moved towards the row's own, as long as the answer stays one that
is wanted. So every suggestion is as small as it can be made from a real case.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lifecycle.adapters.explain_outputs import Array

Frame: TypeAlias = Any
"""A `pandas.DataFrame`, whose own types hold that a column may be a frame."""

Bools: TypeAlias = NDArray[np.bool_]
Wanted: TypeAlias = Callable[[Frame], Bools]
"""From rows to whether each gets the answer that is looked for."""

DONORS = 60
"""Cases to start from, the nearest first."""
HALVINGS = 8
POOL = 2000
"""Cases that a suggestion's plausibility is judged by."""
IMPLAUSIBLE = 0.99
"""A suggestion lonelier than this share of all cases is not made; ours."""
ALIKE = 0.5
"""Suggestions share at most this part of the columns they change; ours."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be changed about a column: a direction, and bounds."""

    change: str = "free"
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Suggestion:
    """A row that gets an answer that is looked for.

    Parameters
    ----------
    changed
        The columns that differ.
    distance
        From the row: the mean over all columns of the difference in the cases' spread.
    lonelier
        Share of cases that have a nearer neighbour than this row has.
    """

    row: Frame
    changed: tuple[str, ...]
    distance: float
    lonelier: float


def nearest(row: Frame, pool: Frame, *, count: int) -> NDArray[np.intp]:
    """Return the positions of the cases nearest to a row, the nearest first."""
    return np.argsort(_distances(row, pool)[0], kind="stable")[:count]


def search(
    row: Frame,
    pool: Frame,
    *,
    wanted: Wanted,
    limits: Mapping[str, Limits],
    most: int = 3,
) -> tuple[list[Suggestion], str | None]:
    """Look for the smallest changes that bring an answer that is wanted.

    Parameters
    ----------
    row
        The one row, as a frame.
    pool
        Cases that occurred, the columns of the row.
    limits
        By column; a column without is free.

    Returns
    -------
    tuple
        Up to ``most`` suggestions, the smallest change first, and why there is none.
    """
    pool = pool.head(POOL)
    fitting = pool[wanted(pool)]
    if fitting.empty:
        return [], "no case on record got such an answer"
    donors = fitting.iloc[nearest(row, fitting, count=DONORS)]
    starts = _allowed(row, donors, limits=limits)
    starts = starts[wanted(starts)].reset_index(drop=True)
    if starts.empty:
        return [], "no change that is allowed leads to such an answer"
    small = _reverted(row, starts, pool, wanted=wanted)
    small = _nudged(row, small, pool, wanted=wanted, limits=limits)
    small = small[_kept(row, small, limits=limits)].drop_duplicates(ignore_index=True)
    found = _plausible(row, small, pool)
    if not found:
        return [], "every change found leads to a case unlike any on record"
    return _diverse(found, most=most), None


def _allowed(row: Frame, donors: Frame, *, limits: Mapping[str, Limits]) -> Frame:
    """Return the row with everything taken from each donor that may change."""
    made = donors.reset_index(drop=True).copy()
    for name in made.columns:
        limit, own = limits.get(str(name), Limits()), row[name].iloc[0]
        keep = _barred(made[name], own, limit)
        made[name] = made[name].where(~keep, own).astype(donors[name].dtype)
    return made


def _barred(values: pd.Series, own: Any, limit: Limits) -> Bools:
    """Tell which values of a column may not take the place of the row's own."""
    barred = np.full(len(values), limit.change == "fixed")
    if not pd.api.types.is_numeric_dtype(values):
        return barred | (limit.change != "free")  # a category has no up and no down
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    start = float(own) if pd.notna(own) else np.nan
    if limit.change == "up":
        barred |= ~(numbers >= start)
    if limit.change == "down":
        barred |= ~(numbers <= start)
    if limit.least is not None:
        barred |= ~(numbers >= limit.least)
    if limit.most is not None:
        barred |= ~(numbers <= limit.most)
    return barred


def _kept(row: Frame, cases: Frame, *, limits: Mapping[str, Limits]) -> Bools:
    """Tell which cases change nothing that may not change, and nothing beyond its bounds."""
    kept = np.ones(len(cases), bool)
    for name in cases.columns:
        own = row[name].iloc[0]
        same = cases[name].isna() if pd.isna(own) else cases[name] == own
        barred = _barred(cases[name], own, limits.get(str(name), Limits()))
        kept &= ~barred | same.to_numpy(dtype=bool, na_value=False)
    return kept


def _reverted(row: Frame, starts: Frame, pool: Frame, *, wanted: Wanted) -> Frame:
    """Put columns back to the row's own values, the largest difference first, while it holds."""
    current = starts.copy()
    for _ in range(current.shape[1]):
        trials, origin, gains = _reversions(row, current, pool)
        if trials is None:
            break
        holds = wanted(trials)
        if not holds.any():
            break
        gains = np.where(holds, gains, -np.inf)
        for case in np.unique(origin[holds]):
            mine = np.flatnonzero(origin == case)
            best = mine[gains[mine].argmax()]
            current.iloc[case] = trials.iloc[best]
    return current


def _reversions(
    row: Frame, current: Frame, pool: Frame
) -> tuple[Frame | None, NDArray[np.intp], Array]:
    """Return every case with one changed column put back, whose case it is, and what it gains."""
    parts: list[Frame] = []
    origin: list[NDArray[np.intp]] = []
    gains: list[Array] = []
    each = _by_column(row, current, pool)
    for place, name in enumerate(current.columns):
        changed = np.flatnonzero(each[0, :, place] > 0)
        if len(changed):
            back = current.iloc[changed]
            own = row[name].iloc[0]
            parts.append(
                back.assign(**{str(name): pd.Series(own, index=back.index, dtype=back[name].dtype)})
            )
            origin.append(changed)
            gains.append(each[0, changed, place])
    if not parts:
        return None, np.array([], dtype=np.intp), np.array([])
    return pd.concat(parts, ignore_index=True), np.concatenate(origin), np.concatenate(gains)


def _nudged(
    row: Frame, cases: Frame, pool: Frame, *, wanted: Wanted, limits: Mapping[str, Limits]
) -> Frame:
    """Move each changed number as far back towards the row's own as bounds and answer allow."""
    current = cases.copy()
    for name in current.columns:
        held, own = current[name], row[name].iloc[0]
        if (
            not pd.api.types.is_numeric_dtype(held)
            or pd.api.types.is_bool_dtype(held)
            or pd.isna(own)
        ):
            continue
        far, whole = held.to_numpy(dtype=float, na_value=np.nan), _whole(pool[name])
        moved = far != float(own)
        near = _nearest_allowed(float(own), far, limits.get(str(name), Limits()), whole=whole)
        tried = near
        for _ in range(HALVINGS):
            trial = current.assign(**{str(name): _as(np.where(moved, tried, far), like=held)})
            holds = wanted(trial)
            far, near = np.where(holds & moved, tried, far), np.where(holds, near, tried)
            middle = (far + near) / 2
            tried = np.where(far > near, np.ceil(middle), np.floor(middle)) if whole else middle
        current[name] = _as(far, like=held)
    return current


def _nearest_allowed(own: float, far: Array, limit: Limits, *, whole: bool) -> Array:
    """Return the allowed values nearest to the row's own, on the way from there to each case."""
    least, most = (
        -np.inf if limit.least is None else limit.least,
        np.inf if limit.most is None else limit.most,
    )
    near = np.full(len(far), min(max(own, least), most))
    return np.where(far > near, np.ceil(near), np.floor(near)) if whole else near


def _whole(cases: pd.Series) -> bool:
    """Tell whether a column only ever holds whole numbers, whatever its type."""
    held = cases.to_numpy(dtype=float, na_value=np.nan)
    held = held[np.isfinite(held)]
    return bool((held == np.round(held)).all())


def _as(values: Array, *, like: pd.Series) -> pd.Series:
    return pd.Series(values, index=like.index).astype(like.dtype)


def _plausible(row: Frame, cases: Frame, pool: Frame) -> list[Suggestion]:
    own = _distances(pool, pool)
    np.fill_diagonal(own, np.inf)
    usual = np.sort(own.min(axis=1))
    lonely = np.searchsorted(usual, _distances(cases, pool).min(axis=1), side="left") / len(usual)
    each = _by_column(row, cases, pool)[0]
    found = [
        Suggestion(
            row=cases.iloc[[i]].reset_index(drop=True),
            changed=tuple(str(n) for n, d in zip(cases.columns, each[i], strict=True) if d > 0),
            distance=float(each[i].mean()),
            lonelier=float(lonely[i]),
        )
        for i in range(len(cases))
        if lonely[i] <= IMPLAUSIBLE
    ]
    return sorted(found, key=lambda one: (len(one.changed), one.distance))


def _diverse(found: Sequence[Suggestion], *, most: int) -> list[Suggestion]:
    """Keep the smallest changes that have not too many columns in common."""
    kept: list[Suggestion] = []
    for one in sorted(found, key=lambda s: s.distance):
        mine = set(one.changed)
        if all(len(mine & set(k.changed)) <= ALIKE * len(mine | set(k.changed)) for k in kept):
            kept.append(one)
        if len(kept) == most:
            break
    return kept


def _distances(rows: Frame, pool: Frame) -> Array:
    """Return Gower's distance of every row from every case, shape (rows, cases)."""
    total = np.zeros((len(rows), len(pool)))
    for name in pool.columns:
        total += _apart(rows[name], pool[name], among=pool[name])
    return total / max(pool.shape[1], 1)


def _by_column(row: Frame, cases: Frame, pool: Frame) -> Array:
    """Return how far each case is from the row in each column, shape (1, cases, columns)."""
    parts = [_apart(row[name], cases[name], among=pool[name]) for name in cases.columns]
    return np.stack(parts, axis=2)


def _apart(rows: pd.Series, pool: pd.Series, *, among: pd.Series) -> Array:
    """Return a column's differences, in its spread, at most 1; categories differ by 1 or 0."""
    if pd.api.types.is_numeric_dtype(pool) and not pd.api.types.is_bool_dtype(pool):
        a, b = (side.to_numpy(dtype=float, na_value=np.nan) for side in (rows, pool))
        held = among.to_numpy(dtype=float, na_value=np.nan)
        held = held[np.isfinite(held)]
        spread = float(np.ptp(np.quantile(held, [0.05, 0.95]))) if len(held) else 0.0
        gap: Any = np.abs(a[:, np.newaxis] - b) / (spread or 1.0)
        missing = np.isnan(a)[:, np.newaxis] != np.isnan(b)
        return np.minimum(np.where(np.isnan(gap), missing.astype(float), gap), 1.0)
    a, b = (side.astype("object").where(side.notna(), None).to_numpy() for side in (rows, pool))
    return (a[:, np.newaxis] != b).astype(float)
