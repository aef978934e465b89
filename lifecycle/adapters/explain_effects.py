"""How answers move along each column, what acts together, what goes together, and for whom.

Computed once in the job, from the rows it explained and a few thousand further answers of the
model; pages draw what is written here.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from lifecycle.adapters.explain_methods import Attribution
from lifecycle.adapters.explain_outputs import Array, Output
from lifecycle.stats.explanations.associations import (
    ALIKE,
    alike,
    association,
    pairs,
    rank_correlations,
)
from lifecycle.stats.explanations.attributions import mean_absolute
from lifecycle.stats.explanations.effects import (
    accumulated_effects,
    interaction,
    partial_dependence,
)
from lifecycle.stats.inference import Estimate, FloatArray

Frame: TypeAlias = Any
"""A `pandas.DataFrame`, whose own types hold that a column may be a frame."""

EFFECTS_FILE = "effects.json"
COLUMNS = 10
"""The most important columns whose effects are drawn."""
DOTS = 250
"""Rows in a scatter of values against SHAP values."""
POINTS, LINES, CURVE_ROWS = 14, 25, 80
"""Points of a curve, single rows drawn behind it, and rows it averages."""
CELLS, CELL_ROWS = 16, 400
"""Cells of an accumulated effect, and the rows whose answers it asks for."""
PAIRED, PAIR_POINTS, PAIR_ROWS = 4, 25, 25
"""Columns whose interactions are measured two by two, at so many points over so many rows."""
LINKED = 1000
"""Rows on which it is seen which columns go together, or act together."""
CATEGORIES = 12
SMALLEST_COHORT, COHORT_GROUPS = 30, 8
WEAKEST, PIECE, MOST_PIECES = 0.3, 30, 10
"""A weaker link with another column is not worth a colour; rows of a piece that it is seen in."""
FEW = 10
"""A column of fewer different numbers is drawn value by value."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The rows that were explained, with their values and what the model answers.

    Parameters
    ----------
    order
        The columns, the most important first.
    """

    rows: Frame
    found: Attribution
    order: Sequence[str]
    seed: int

    @property
    def output(self) -> Output:
        """Where the values and all answers are."""
        return self.found.output

    def shares(self, column: str) -> Array:
        """Return a column's SHAP values, shape (rows, outputs)."""
        return self.found.shares[:, list(self.rows.columns).index(column)]


def write(folder: Path, seen: Seen, *, cohorts: Frame) -> None:
    """Write curves, interactions, associations, groups and cohorts as JSON.

    Parameters
    ----------
    cohorts
        Columns by whose values people are compared, in the order of the rows.
    """
    strengths = _strengths(seen)
    content = {
        "outputs": list(seen.output.names),
        "space": seen.output.space,
        "columns": {name: _column(seen, name) for name in seen.order[:COLUMNS]},
        "interactions": _interactions(seen),
        "associations": _associations(seen, strengths),
        "groups": _groups(seen, strengths),
        "cohorts": [one for name in cohorts for one in _cohorts(seen, name, cohorts[name])],
    }
    text = json.dumps(content, allow_nan=False, separators=(",", ":"))
    (folder / EFFECTS_FILE).write_text(text, encoding="utf-8")


def numbers(column: pd.Series) -> FloatArray:
    """Return a column as numbers, or as codes in the order of its values; NaN for none."""
    if is_number(column):
        return column.to_numpy(dtype=float, na_value=np.nan)
    codes, _ = pd.factorize(column, sort=True)
    return np.where(codes < 0, np.nan, codes)


def is_number(column: pd.Series) -> bool:
    """Tell whether a column holds numbers; yes and no are categories."""
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _column(seen: Seen, name: str) -> dict[str, object]:
    held = seen.rows[name]
    other = _strongest(seen, name)
    return {
        "kind": "number" if is_number(held) else "category",
        "dots": {
            "x": _plain(held.head(DOTS)),
            "shap": _listed(seen.shares(name)[:DOTS].T),
            "by": other,
            "colour": _plain(seen.rows[other].head(DOTS)) if other else None,
        },
        "partial": _partial(seen, name),
        "accumulated": _accumulated(seen, name),
    }


def _strongest(seen: Seen, name: str) -> str | None:
    """Name the number that best tells apart the SHAP values of one column's like rows.

    Rows are put in the order of the column and cut into pieces; within each, what is left of their
    SHAP values after their neighbours' mean is held against every other column.
    """
    at = np.argsort(numbers(seen.rows[name].head(LINKED)), kind="stable")
    values = seen.shares(name)[at].mean(axis=1)
    width = max(len(values) // 20, 5)
    left = values - np.convolve(values, np.ones(width) / width, mode="same")
    pieces = np.array_split(np.arange(len(at)), min(max(len(at) // PIECE, 1), MOST_PIECES))
    others = {
        other: held[at]
        for other in seen.order[:COLUMNS]
        if other != name
        and is_number(seen.rows[other])
        and np.isfinite(held := numbers(seen.rows[other].head(LINKED))).all()
    }
    if not others:
        return None
    table = np.stack([left, *others.values()])
    found = np.nan_to_num([rank_correlations(table[:, piece])[0, 1:] for piece in pieces])
    links = dict(zip(others, found.mean(axis=0).tolist(), strict=True))
    best = max(links, key=lambda other: links[other])
    return best if links[best] > WEAKEST else None


def _points(held: pd.Series) -> pd.Series:
    """Return the values at which a curve is drawn, all of them values that occur."""
    present = held.dropna()
    if not is_number(held):
        return pd.Series(present.value_counts().index[:CATEGORIES]).astype(held.dtype)
    if present.nunique() <= FEW:
        return pd.Series(present.unique()).sort_values(ignore_index=True).astype(held.dtype)
    edges = present.quantile(np.linspace(0.01, 0.99, POINTS), interpolation="nearest").unique()
    return pd.Series(edges).astype(held.dtype)


def _answers(seen: Seen, rows: Frame, column: str, points: pd.Series) -> Array:
    """Ask for answers with a column set to each point, shape (points, rows, outputs)."""
    repeated = pd.concat([rows] * len(points), ignore_index=True)
    spread = points.loc[points.index.repeat(len(rows))].reset_index(drop=True)
    found = seen.output.of(repeated.assign(**{column: spread.astype(rows[column].dtype)}))
    return found.reshape(len(points), len(rows), -1)


def _partial(seen: Seen, name: str) -> dict[str, object] | None:
    points = _points(seen.rows[name])
    if len(points) < 2:  # noqa: PLR2004 -- a curve needs two points
        return None
    answers = _answers(seen, seen.rows.head(CURVE_ROWS), name, points)
    curves = [partial_dependence(answers[:, :, k]) for k in range(answers.shape[2])]
    lines = LINES if answers.shape[2] == 1 else LINES // 5
    return {
        "x": _plain(points),
        "mean": _listed([curve.mean for curve in curves]),
        "low": _listed([curve.low for curve in curves]),
        "high": _listed([curve.high for curve in curves]),
        "lines": [_listed(answers[:, :lines, k].T) for k in range(answers.shape[2])],
        "rows": answers.shape[1],
    }


def _accumulated(seen: Seen, name: str) -> dict[str, object] | None:
    """Accumulate effects of a number between values that occur; categories have no order."""
    held = seen.rows[name].head(CELL_ROWS)
    kept = seen.rows.head(CELL_ROWS)[held.notna()]
    if not is_number(held) or held.nunique() < 3:  # noqa: PLR2004 -- two cells at least
        return None
    quantiles = np.linspace(0, 1, CELLS + 1)
    edges = kept[name].quantile(quantiles, interpolation="nearest").unique()
    cells = np.clip(np.searchsorted(edges, kept[name].to_numpy(), side="left") - 1, 0, None)
    used, cells = np.unique(cells, return_inverse=True)
    edges = edges[[*used, used[-1] + 1]] if len(used) < len(edges) - 1 else edges
    count = len(used)
    both = pd.concat([kept, kept], ignore_index=True)
    ends = pd.Series(np.concatenate([edges[cells + 1], edges[cells]])).astype(held.dtype)
    upper, lower = np.split(seen.output.of(both.assign(**{name: ends})), 2)
    curves = [
        accumulated_effects(upper[:, k] - lower[:, k], cells=cells, count=count)
        for k in range(upper.shape[1])
    ]
    return {
        "x": _plain(pd.Series(edges)),
        "mean": _listed([curve.mean for curve in curves]),
        "low": _listed([curve.low for curve in curves]),
        "high": _listed([curve.high for curve in curves]),
        "rows": len(kept),
    }


def _interactions(seen: Seen) -> list[dict[str, object]]:
    """Measure how far the most important columns act together, for the output that moves most."""
    names = list(seen.order[:PAIRED])
    behind = seen.rows.head(PAIR_ROWS)
    points = seen.rows.tail(PAIR_POINTS).reset_index(drop=True)
    k = int(np.abs(seen.found.shares).mean(axis=(0, 1)).argmax())
    rng = np.random.default_rng(seen.seed)
    wanted = [[name] for name in names] + [[names[i], names[j]] for i, j in pairs(names)]
    repeated = pd.concat([behind] * len(points), ignore_index=True)
    spread = points.loc[points.index.repeat(len(behind))].reset_index(drop=True)
    asked = [repeated.assign(**{name: spread[name] for name in some}) for some in wanted]
    found = seen.output.of(pd.concat(asked, ignore_index=True))[:, k]
    effects = found.reshape(len(wanted), len(points), len(behind)).mean(axis=2)
    rows: list[dict[str, object]] = []
    for number, (i, j) in enumerate(pairs(names), start=len(names)):
        one = interaction(effects[number], effects[i], effects[j], rng=rng)
        rows.append(
            {
                "first": names[i],
                "second": names[j],
                "share": one.share,
                "size": one.size,
                "interval": list(one.interval),
                "output": seen.output.names[k],
            }
        )
    return sorted(rows, key=lambda row: -float(str(row["size"])))


def _strengths(seen: Seen) -> FloatArray:
    """Return how strongly columns go together, shape (columns, columns) in the frame's order."""
    names = list(seen.rows.columns)
    held = [numbers(seen.rows[name].head(LINKED)) for name in names]
    numeric = [is_number(seen.rows[name]) for name in names]
    strengths = np.full((len(names), len(names)), np.nan)
    whole = [i for i, h in enumerate(held) if numeric[i] and np.isfinite(h).all()]
    if whole:
        strengths[np.ix_(whole, whole)] = rank_correlations(np.stack([held[i] for i in whole]))
    for i, j in pairs(names):
        if i in whole and j in whole:
            continue
        found = association(held[i], held[j], numeric=(numeric[i], numeric[j]))
        if found is not None:
            strengths[i, j] = strengths[j, i] = found
    np.fill_diagonal(strengths, np.nan)
    return strengths


def _associations(seen: Seen, strengths: FloatArray) -> list[dict[str, object]]:
    names = list(seen.rows.columns)
    return [
        {"first": names[i], "second": names[j], "value": float(strengths[i, j])}
        for i, j in pairs(names)
        if strengths[i, j] >= ALIKE
    ]


def _groups(seen: Seen, strengths: FloatArray) -> list[dict[str, object]]:
    """Sum the SHAP values of columns that go together: what no trade between them changes."""
    names = list(seen.rows.columns)
    rows: list[dict[str, object]] = []
    for group in alike(strengths):
        influence = mean_absolute(seen.found.shares[:, group].sum(axis=1))
        rows.append({"columns": [names[i] for i in group]} | _with_interval(influence))
    return rows


def _with_interval(found: Estimate) -> dict[str, object]:
    return {"value": found.value, "interval": list(found.interval or ())}


def _cohorts(seen: Seen, name: str, held: pd.Series) -> list[dict[str, object]]:
    """Compare what drives the answers for groups of rows; small groups stay without numbers."""
    texts = held.astype("object").where(held.notna(), "(missing)").astype(str).to_numpy()
    found, counts = np.unique(texts, return_counts=True)
    groups = found[np.argsort(-counts, kind="stable")][:COHORT_GROUPS]
    return [_cohort(seen, name, str(group), inside=texts == group) for group in groups]


def _cohort(
    seen: Seen, name: str, group: str, *, inside: np.ndarray[Any, np.dtype[np.bool_]]
) -> dict[str, object]:
    n = int(inside.sum())
    row: dict[str, object] = {"by": name, "group": group, "n": n}
    if n < SMALLEST_COHORT:
        why = f"fewer than {SMALLEST_COHORT} rows were explained"
        return row | {"state": "insufficient", "reason": why}
    columns: dict[str, object] = {}
    for column in seen.order:
        values = seen.shares(column)[inside]
        columns[column] = _with_interval(mean_absolute(values)) | {"mean": float(values.mean())}
    output = seen.found.answers[inside].mean(axis=0)
    return row | {"state": "ok", "columns": columns, "output": _listed(output)}


def _plain(values: pd.Series) -> list[Any]:
    """Return values as JSON holds them: numbers, text, or nothing."""
    if is_number(values):
        held = values.to_numpy(dtype=float, na_value=np.nan)
        return [float(v) if np.isfinite(v) else None for v in held]
    return [None if pd.isna(v) else str(v) for v in values]


def _listed(values: Any) -> Any:
    """Return numbers as lists, to six digits: enough to draw, half the size."""
    held = np.asarray(values, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        places = 5 - np.floor(np.log10(np.abs(held)))
    scale = 10.0 ** np.where(np.isfinite(places), np.clip(places, -200, 200), 0.0)
    return (np.round(held * scale) / scale).tolist()
